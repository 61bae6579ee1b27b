"""What a recording must not tell of its owner: serial numbers, accounts, the place.

A serial number becomes ``SERIAL1``, ``SERIAL2``, ... in the order of the chain, filled up with
``-`` to its length, wherever it stands; accounts and the place become empty.  Other texts stay.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from drivers.sunspec.codec import Point, known, layout
from drivers.sunspec.discovery import Header

_SERIALS: Final = frozenset(
    {"SN", "SerialNumber", "S1Serial", "S2Serial", "S3Serial", "S4Serial"},
)
# 14 proxy, 18 cellular, 19 PPP, 305 location.
_EMPTIED: Final = frozenset(
    {(14, "User"), (14, "Pw"), (18, "IMEI"), (18, "APN"), (18, "Num"), (18, "Pin")}
    | {(19, "UsrNam"), (19, "Pw")}
    | {(305, "Lat"), (305, "Long"), (305, "Alt"), (305, "Loc")}
)
_REPLACED: Final = re.compile(rb"SERIAL\d+-*|#+")
_TELLING = 6  # letters from which a serial number is looked for in other places too
_LARGEST = 0xFFFF_FFFF


def redact(
    words: Mapping[int, int], headers: Sequence[Header]
) -> tuple[dict[int, int], tuple[str, ...]]:
    """The words without what tells of the owner, and the names of what was replaced."""
    clean, names = dict(words), []
    serials: dict[bytes, bytes] = {}
    for name, start, point in _points(words, headers):
        text = _bytes(clean, start, point.size)
        if point.name.rpartition(".")[2] in _SERIALS:
            serial = text.split(b"\0", 1)[0].rstrip()
            if serial:
                other = serials.setdefault(serial, _pseudonym(serial, len(serials) + 1))
                _put(clean, start, other.ljust(len(text), b"\0"))
                names.append(name)
        elif any(text):
            _put(clean, start, bytes(len(text)))
            names.append(name)
    return _everywhere(clean, serials), tuple(names)


def _pseudonym(serial: bytes, number: int) -> bytes:
    if _REPLACED.fullmatch(serial):
        return serial
    other = f"SERIAL{number}".encode()
    return other.ljust(len(serial), b"-") if len(other) <= len(serial) else b"#" * len(serial)


def _points(
    words: Mapping[int, int], headers: Sequence[Header]
) -> Iterator[tuple[str, int, Point]]:
    """Name, address and definition of every point that tells of the owner, if it was read."""
    for header in headers:
        if not known(header.model):
            continue
        for point in layout(header.model, header.length).points:
            last = point.name.rpartition(".")[2]
            start = header.address + point.offset
            telling = last in _SERIALS or (header.model, last) in _EMPTIED
            if telling and all(at in words for at in range(start, start + point.size)):
                yield f"{header.model}.{point.name}", start, point


def _everywhere(words: dict[int, int], serials: Mapping[bytes, bytes]) -> dict[int, int]:
    """Serial numbers also where vendors repeat them, as text or as a number."""
    patterns = dict(_patterns(serials))
    for start, run in _runs(words):
        text = b"".join(word.to_bytes(2) for word in run)
        for pattern, other in patterns.items():
            text = text.replace(pattern, other)
        _put(words, start, text)
    return words


def _patterns(serials: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Long ones first: one may stand in another."""
    for serial in sorted(serials, key=len, reverse=True):
        other = serials[serial]
        if len(serial) < _TELLING or serial == other:
            continue
        yield serial, other
        if serial.isdigit() and int(serial) <= _LARGEST:
            yield struct.pack(">I", int(serial)), bytes(4)


def _runs(words: Mapping[int, int]) -> Iterator[tuple[int, list[int]]]:
    """Words that stand side by side."""
    run: list[int] = []
    start = 0
    for address in sorted(words):
        if run and address != start + len(run):
            yield start, run
            run = []
        if not run:
            start = address
        run.append(words[address])
    if run:
        yield start, run


def _bytes(words: Mapping[int, int], start: int, size: int) -> bytes:
    return b"".join(words[at].to_bytes(2) for at in range(start, start + size))


def _put(words: dict[int, int], start: int, text: bytes) -> None:
    for index in range(len(text) // 2):
        words[start + index] = int.from_bytes(text[2 * index : 2 * index + 2])
