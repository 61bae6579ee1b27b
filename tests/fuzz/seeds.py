"""Good input per target, for the fuzzers to spoil."""

import asyncio
import json
import struct
import tempfile
from pathlib import Path

from gateway.adapters.journal import open_journal
from gateway.model.canonical import to_json
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.site import JournalSettings
from gateway.model.time import SECOND, Duration, Instant
from gateway.testing import VirtualClock
from tests.fuzz.targets import TOPICS

ROOT = Path(__file__).parents[2]
MAPS = ROOT / "tests" / "fixtures" / "register_maps"
MARKER = 2  # words of "SunS"


def seeds(target: str) -> list[bytes]:
    """At least one per target."""
    return _SEEDS[target]()


def _mqtt() -> list[bytes]:
    frame = {
        "requestId": "r-1",
        "partyId": "app",
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
        "requestor": "app",
    }
    interval = {"dtStart": "2026-06-21T12:00:10Z", "duration": "PT10S"}
    tender = {"tenderId": "t-1", "side": "BUY", "price": 3000, "quantity": 500}
    bodies = [
        {**frame, "tender": {**tender, "interval": interval}},
        {**frame, "tenders": [tender], "interval": interval, "netting": True, "revision": 3},
        {**frame, "tenderIds": ["t-1"]},
        {**frame, "positionParty": "app", "boundingInterval": interval},
        {"v": 1, "mode": "hands-off", "for": "2h"},
        {"status": "offline"},
        0.3,
    ]
    texts = [json.dumps(body).encode() for body in bodies]
    return [bytes([topic]) + body for topic in range(len(TOPICS)) for body in texts]


def _config() -> list[bytes]:
    return [(ROOT / "config" / "gridtender.yaml").read_bytes()]


def _tariff() -> list[bytes]:
    return [
        b"time,import_price,price\n2026-06-21T12:00:00+02:00,0.30,1\n2026-06-22T00:00:00Z,1e-3,2\n"
    ]


def _register_map() -> list[bytes]:
    return [path.read_bytes() for path in (ROOT / "config" / "maps").glob("*.yaml")]


def _frames() -> list[bytes]:
    body = bytes([3, 4, 0x53, 0x75, 0x6E, 0x53])
    refusal = bytes([0x83, 2])
    good, late, stranger, no = (
        struct.pack(">HHHB", tid, 0, len(said) + 1, unit) + said
        for tid, unit, said in ((1, 7, body), (65535, 7, body), (1, 8, body), (1, 7, refusal))
    )
    return [bytes([piece]) + stream for piece in (0, 5, 63)
            for stream in (good, late + good, stranger + good, no, good[:9])]  # fmt: skip


def _registers() -> list[bytes]:
    return [bytes([role]) + _words(path) for path in MAPS.glob("*.json") for role in range(3)]


def _words(path: Path) -> bytes:
    """The registers of a recorded device after the marker, as far as they follow each other."""
    content = json.loads(path.read_text("utf-8"))
    registers = {int(at): word for at, word in content["registers"].items()}
    at = min(registers) + MARKER
    words = []
    while registers.get(at) is not None:
        words.append(registers[at])
        at += 1
    return struct.pack(f">{len(words)}H", *words)


def _record() -> list[bytes]:
    words = (RegisterWrite(address=40232, words=(100, 0, 60)),)
    arming = Arming(
        device="roof",
        connection="tcp://127.0.0.1:502?unit=1",
        unit=1,
        at=Instant(0),
        identity=words,
        found=words,
        level=(),
        timeout=Duration(SECOND),
    )
    return [json.dumps(to_json(arming)).encode()]


def _journal() -> list[bytes]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.sqlite"
        asyncio.run(_lived(path))
        return [path.read_bytes(), b""]


async def _lived(path: Path) -> None:
    noon = Instant(1_782_043_200 * SECOND)
    async with open_journal(
        path,
        clock=VirtualClock(noon),
        settings=JournalSettings(),
        products=("power",),
        threaded=False,
    ) as opened:
        for gate in range(20):
            now = Instant(noon - (100 - gate) * SECOND)
            opened.append(now, "checkpoint", {"product": "power", "dump": gate})
            await opened.durable(opened.append(now, "advance", {"gate": gate}))


_SEEDS = {
    "journal": _journal,
    "mqtt": _mqtt,
    "config": _config,
    "tariff": _tariff,
    "register_map": _register_map,
    "frames": _frames,
    "registers": _registers,
    "record": _record,
}
