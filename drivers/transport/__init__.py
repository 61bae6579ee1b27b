"""The lines: Modbus over TCP and in memory; the only door to pymodbus."""

from drivers.transport.mem import MemLine, RegisterMemory, Registers
from drivers.transport.serve import Server, serve_tcp
from drivers.transport.tcp import TcpLine, open_tcp

__all__ = [
    "MemLine",
    "RegisterMemory",
    "Registers",
    "Server",
    "TcpLine",
    "open_tcp",
    "serve_tcp",
]
