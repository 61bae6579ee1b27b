"""Reads a simulated SunSpec device by its registers; runs inside the machine's network.

    python registers.py PORT        ->  {"123": [words], ...} as JSON

Modbus TCP by hand: what the gateway says about a device is judged by other code than its own.
"""

import json
import socket
import struct
import sys

UNIT, HOLDING, BASE, END = 1, 3, 40000, 0xFFFF


def main():
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as device:
        print(json.dumps(dict(models(device))))


def models(device):
    at = BASE + 2  # after the marker "SunS"
    while (header := read(device, at, 2))[0] != END:
        number, length = header
        yield number, read(device, at + 2, length)
        at += 2 + length


def read(device, address, count):
    device.sendall(struct.pack(">HHHBBHH", 1, 0, 6, UNIT, HOLDING, address, count))
    _, _, length, _, function = struct.unpack(">HHHBB", receive(device, 8))
    body = receive(device, length - 2)
    assert function == HOLDING, f"exception {body[0]} at {address}"
    return struct.unpack(f">{count}H", body[1:])


def receive(device, count):
    got = b""
    while len(got) < count:
        got += device.recv(count - len(got)) or sys.exit("the device hung up")
    return got


if __name__ == "__main__":
    main()
