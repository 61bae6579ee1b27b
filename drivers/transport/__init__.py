"""The lines: Modbus over TCP and in memory; the only door to pymodbus."""

from drivers.transport.mem import MemLine, RegisterMemory, Registers
from drivers.transport.serve import Server, serve_tcp

__all__ = ["MemLine", "RegisterMemory", "Registers", "Server", "serve_tcp"]
