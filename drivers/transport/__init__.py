"""The lines: Modbus over TCP, TLS and serial ports, and in memory; the only door to pymodbus."""

from drivers.transport.mem import MemLine, RegisterMemory
from drivers.transport.rtu import RtuLine, open_rtu
from drivers.transport.rtu_over_tcp import RtuOverTcpLine, open_rtu_over_tcp
from drivers.transport.serve import Server, serve_tcp
from drivers.transport.tcp import TcpLine, open_tcp
from drivers.transport.tls import TlsLine, open_tls

__all__ = [
    "MemLine",
    "RegisterMemory",
    "RtuLine",
    "RtuOverTcpLine",
    "Server",
    "TcpLine",
    "TlsLine",
    "open_rtu",
    "open_rtu_over_tcp",
    "open_tcp",
    "open_tls",
    "serve_tcp",
]
