"""Blocks: how journal rows lie in the file, many rows of one moment packed as one.

What the agents of a house say at one gate differs from the gate before in a few figures only: a
fixed dictionary of the rows' own words packs it to a tenth, and a sync then changes one page of
the disk.  Only the hash of a block's newest row is kept; the others follow from the rows.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.chain import digest
from gateway.model.time import Instant
from gateway.ports.journal import Row

_MOST_ROWS: Final = 500
_MOST_CHARS: Final = 16_384
# Part of the format: a block can be read with the very words it was written with only.
_WORDS: Final = (
    '{"code":"RULES_VIOLATION","description":"","detail":"","term":""},{"_":"Refused","_":"Accepted"'
    ',"order":"home-o-1-1","request_id":"r-1","request":"r-1","outcomes":[{"_":"Cancelled","reason":'
    '"SUPERVISORY","remaining":0,"all_or_none":true,"expiration":"class":"local","outside":true,'
    '"start":{"area":"home","epoch":1,"parties":[{"id":"utility"}],"products":[{"id":"power",'
    '"interval":10000000000,"resource":"POWER"}],"rules":{"power":"uniform-price/1"}}}\n'
    '1782032449500000000 checkpoint {"dump":{"books":[{"cleared":[1782032440000000000,'
    '1782032450000000000],"increments":[],"interval":[],"requirements":[{"party":"","revision":0,'
    '"sequence":1,"tenders":[]}],"revisions":{}}],"following":null,"last_price":null,"numbers":{},'
    '"positions":null,"terms":[],"unsaid":[]},"product":"power","start":{}}\n'
    '1782032449500000000 reply {"at":1782032449500000000,"outcomes":[],"party":"guest"}\n'
    '1782032449500000000 cancel {"party":"guest","product":"power","reason":"REQUESTED"}\n'
    '1782032449500000000 snapshot {"product":"power","snapshot":{"at":1782032449500000000,'
    '"devices":{"battery":{"capabilities":{"capacity_wh":10000000,"charge_w":5000000,"control":'
    '"target","discharge_w":5000000,"rating_w":5000000,"resolution_w":500,"timer":{"max_s":65534}}'
    ',"id":"battery","quality":"good","reading":{"at":1782032449000000000,"device":"battery",'
    '"flows":{"POWER":4354000},"quality":"good","soc_pct":50540},"since":1782032400000000000,'
    '"state":"online"},"heatpump":{"capabilities":{"control":"target","floor_w":1500000,"rating_w"'
    ':3000000,"resolution_w":1000,"stages_w":[1500000,3000000],"timer":{"max_s":65535}},"id":'
    '"heatpump","quality":"good","reading":{"at":1782032449000000000,"device":"heatpump","flows":'
    '{"POWER":0},"quality":"good"},"since":1782032400000000000,"state":"online","stopped_since":'
    '1782032400000000000},"roof":{"capabilities":{"control":"limit","floor_w":80000,"rating_w":'
    '8000000,"resolution_w":800,"timer":{"max_s":65534}},"id":"roof","limit_w":7670400,"quality":'
    '"good","reading":{"at":1782032449000000000,"device":"roof","flows":{"POWER":-4559000},'
    '"quality":"good"},"since":1782032400000000000,"state":"online"}},"export_price":80,'
    '"import_price":300,"residual_w":213000}}\n'
    '1782032449500000000 submit {"tenders":{"interval":{"end":1782032460000000000,"start":'
    '1782032450000000000},"netting":true,"party":"battery","product":"power","revision":'
    '1782032449500,"tenders":[{"id":"power-20260621T090050Z-0","price":1844,"quantity":5000,"side"'
    ':"BUY"},{"id":"power-20260621T090050Z-1","price":2050,"quantity":5000,"side":"SELL"}]}}\n'
    '1782032449500000000 advance {"product":"power","unscheduled":false}\n'
    '1782032449500000000 event {"events":[{"_":"Clearing","at":1782032449500000000,"blocks_exact"'
    ':true,"book_revision":39,"high":1844,"instrument":{"end":1782032460000000000,"start":'
    '1782032450000000000},"interval":{"end":1782032460000000000,"start":1782032450000000000},"low"'
    ':1844,"marginal":[{"filled":4346,"party":"battery","price":1844,"quantity":5000,"side":"BUY",'
    '"tender":"power-20260621T090050Z-0"}],"next_cheaper":{"filled":0,"party":"utility","price":'
    '800,"quantity":3000,"side":"BUY","tender":"power-20260621T090050Z-1"},"next_dearer":{"filled"'
    ':0,"party":"battery","price":2050,"quantity":5000,"side":"SELL","tender":'
    '"power-20260621T090050Z-1"},"price":1844,"product":"power","quantity":4559,"reference_price":'
    '1844,"scheduled":true,"sequence":8,"type":"MARGINAL_BUYER"},{"_":"Transaction","clearing":8,'
    '"counter_party":"home","id":"home-tx-1-18","interval":{"end":1782032460000000000,"start":'
    '1782032450000000000},"party":"must-run","price":1844,"product":"power","quantity":213,"side":'
    '"BUY","tender":"power-20260621T090050Z-0"}],"product":"power"}'
).encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows ``first`` to ``seq``.

    Attributes:
        now: of the newest row.
        replies: how many of the rows are replies.
        hash: of the newest row, as bytes.
    """

    seq: int
    first: int
    now: int
    replies: int
    data: bytes
    hash: bytes


def pack(rows: Sequence[Row]) -> Iterator[Block]:
    """The rows, which follow one another, as blocks of a few pages at most."""
    part: list[Row] = []
    chars = 0
    for row in rows:
        if part and (len(part) == _MOST_ROWS or chars + len(row.body) > _MOST_CHARS):
            yield _packed(part)
            part, chars = [], 0
        part.append(row)
        chars += len(row.body)
    if part:
        yield _packed(part)


def _packed(rows: Sequence[Row]) -> Block:
    text = "\n".join(f"{row.now} {row.kind} {row.body}" for row in rows)
    packer = zlib.compressobj(level=9, zdict=_WORDS)
    return Block(
        seq=rows[-1].seq,
        first=rows[0].seq,
        now=rows[-1].now,
        replies=reply_count(rows),
        data=packer.compress(text.encode("ascii")) + packer.flush(),
        hash=bytes.fromhex(rows[-1].hash),
    )


def reply_count(rows: Sequence[Row]) -> int:
    """How many of the rows are replies."""
    return sum(row.kind == "reply" for row in rows)


def unpack(block: Block, before: str) -> list[Row]:
    """The rows of a block that follows a row of hash ``before``.

    The newest row carries the hash that was kept, the others what follows from the rows: only
    where nothing was changed do they make a chain.

    Raises:
        ValueError: it is no block.
    """
    return [*_chained(block, before, _lines(block))]


def _lines(block: Block) -> list[str]:
    """A line per row."""
    try:
        unpacker = zlib.decompressobj(zdict=_WORDS)
        text = (unpacker.decompress(block.data) + unpacker.flush()).decode("ascii")
    except zlib.error as error:
        message = f"journal rows {block.first} to {block.seq} cannot be unpacked: {error}"
        raise ValueError(message) from error
    lines = text.split("\n")
    if not unpacker.eof or block.seq - block.first + 1 != len(lines):
        message = f"journal rows {block.first} to {block.seq} are not whole"
        raise ValueError(message)
    return lines


def last_hash(block: Block, before: str) -> str:
    """What the hash of its newest row follows to, after a row of hash ``before``; as ``unpack``."""
    for seq, line in enumerate(_lines(block), block.first):
        now, kind, body = line.split(" ", 2)
        before = digest(before, seq=seq, now=Instant(int(now)), kind=kind, body=body)
    return before


def _chained(block: Block, before: str, lines: Sequence[str]) -> Iterator[Row]:
    for seq, line in enumerate(lines, block.first):
        now, kind, body = line.split(" ", 2)
        before = digest(before, seq=seq, now=Instant(int(now)), kind=kind, body=body)
        kept = block.hash.hex() if seq == block.seq else before
        yield Row(seq=seq, now=Instant(int(now)), kind=kind, body=body, hash=kept)


def checkpoints(rows: Sequence[Row]) -> Iterator[tuple[int, str, int]]:
    """(seq, product, now) of the checkpoints among the rows."""
    for row in rows:
        if row.kind == "checkpoint":
            yield row.seq, str(json.loads(row.body).get("product")), row.now
