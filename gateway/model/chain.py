"""The hash chain that ties journal rows together: a changed row breaks every later hash."""

from hashlib import sha256
from typing import Final

from gateway.model.time import Instant

GENESIS: Final = "0" * 64


def row_text(*, seq: int, now: Instant, kind: str, body: str) -> str:
    """The canonical text of a row; ``body`` is canonical JSON already."""
    return f'{{"body":{body},"kind":"{kind}","now":{now},"seq":{seq}}}'


def digest(previous: str, *, seq: int, now: Instant, kind: str, body: str) -> str:
    """SHA-256 (hex) over the previous row's hash and the row's canonical text."""
    line = row_text(seq=seq, now=now, kind=kind, body=body)
    return sha256(f"{previous}\n{line}".encode("ascii")).hexdigest()
