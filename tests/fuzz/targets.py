"""What is fuzzed: one function of bytes per door through which strangers' bytes come.

A target returns when the bytes were taken, or refused as they should be; it raises when a promise
about bad input is broken.  No target keeps anything between two calls.
"""

import asyncio
import contextlib
import json
import math
import socket
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

from drivers.modbus.load import load as load_map
from drivers.modbus.map import RegisterMap
from drivers.transport import MemLine, RegisterMemory
from drivers.transport.session import Session
from gateway.adapters.journal import open_journal
from gateway.adapters.plugins import driver_packages
from gateway.config import exit_code, explain, load
from gateway.config.prices import read_table
from gateway.model.canonical import from_json, text, to_json
from gateway.model.device import Device, Role
from gateway.model.errors import GridtenderError, SettingsError
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.setpoint import Arming, Outcome, Setpoint
from gateway.model.site import JournalSettings
from gateway.model.time import SECOND, Duration, Instant, parse_rfc3339
from gateway.testing import VirtualClock, VirtualLoop
from gateway.wire.border import Border
from gateway.wire.requests import Acknowledged, Answer, Ignored, parse

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
BORDER = Border(
    area="home",
    products={"power": PRODUCT},
    local=frozenset({"roof"}),
    prices=frozenset({"tariff"}),
)
TOPICS = (
    "rmf/1/home/u/app/req/power/create-tender",
    "rmf/1/home/u/app/req/power/cancel-tender",
    "rmf/1/home/u/app/req/power/request-position",
    "rmf/1/home/u/app/req/heat/create-tender",
    "rmf/1/home/u/roof/req/power/create-tender",
    "rmf/1/home/u/app/ack/created-tender",
    "rmf/1/home/u/app/status",
    "rmf/1/home/owner/control",
    "tariff",
)
REFUSED = 400
BASE = 40_000
# Thousands of syncs: in memory where there is such a folder.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
EXCEPTION = 0x80


def mqtt(data: bytes) -> None:
    """The first byte chooses the topic, the rest is the payload."""
    topic = TOPICS[data[0] % len(TOPICS)] if data else TOPICS[0]
    parsed = parse(topic, data[1:], BORDER, NOON)
    if isinstance(parsed, Answer):
        answer = json.loads(parsed.message.payload)
        assert parsed.message.topic.startswith("rmf/1/home/u/")
        assert parsed.message.topic.split("/")[4] == topic.split("/")[4]
        assert answer["response"]["responseCode"] >= REFUSED
    elif not isinstance(parsed, Ignored | Acknowledged):
        text(parsed)  # what is let in can be journalled


def config(data: bytes) -> None:
    """A configuration file: a site, or problems that stand in the file."""
    path = _file("site.yaml", data)
    loaded = load(path, _packages(), ("tcp", "mem"), environ={"HOME": "/nowhere"})
    assert (loaded.site is None or bool(loaded.refused)) == bool(loaded.problems)
    assert exit_code(loaded) == (2 if loaded.problems else 0)
    for problem in loaded.problems:
        assert problem.found
        assert problem.allowed
        assert problem.line <= data.count(b"\n") + data.count(b"\r") + 2 or b"\xe2" in data
    explain(loaded, {})


def tariff(data: bytes) -> None:
    """A price table in CSV."""
    result = read_table(_file("tariff.csv", data), "import_price", "grid.import_price")
    assert (result.table is None) == bool(result.problems)
    if result.table is not None:
        times = [at for at, _ in result.table.steps]
        assert times == sorted(set(times))
        assert all(math.isfinite(price) for _, price in result.table.steps)


def register_map(data: bytes) -> None:
    """A register map in YAML."""
    loaded = load_map(str(_file("map.yaml", data)))
    if not isinstance(loaded, RegisterMap):
        assert loaded
        assert all(isinstance(one, SettingsError) and one.allowed for one in loaded)


def frames(data: bytes) -> None:
    """What a device sends after a request, cut into pieces of the length the first byte says.

    An answer is taken only where a whole frame of this transaction and unit says it.
    """
    piece, unit = (data[0] % 64 + 1, 7) if data else (1, 7)
    stream = data[1:]
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        answer = runner.run(_asked(stream, piece, unit))
    if answer is not None:
        # Some devices count an exception's frame one byte short; that much is let pass.
        lengths = {len(answer) + 1, 2} if answer[0] & EXCEPTION else {len(answer) + 1}
        headers = [struct.pack(">HHHB", 1, 0, length, unit) for length in lengths]
        assert any(header + answer in stream for header in headers)


async def _asked(stream: bytes, piece: int, unit: int) -> bytes | None:
    session = Session()
    session.connection_made(_Wire({"socket": _socket()}))
    loop = asyncio.get_running_loop()
    for start in range(0, len(stream), piece):
        loop.call_soon(session.data_received, stream[start : start + piece])
    with contextlib.suppress(TimeoutError, ConnectionError):
        return await session.ask(unit, b"\x03\x9c\x40\x00\x02", 1.0)
    return None


class _Wire(asyncio.Transport):
    """Takes everything, says nothing."""

    def write(self, data: object) -> None:
        """Take a request."""

    def close(self) -> None:
        """Hang up."""

    def abort(self) -> None:
        """Hang up at once."""


def registers(data: bytes) -> None:
    """A device whose registers hold anything after the SunSpec marker; its role too.

    It is refused with a sentence, or gives readings that hold numbers; and a setpoint ends in one
    of the outcomes, or in a sentence.
    """
    roles = (Role.SOLAR, Role.STORAGE, Role.GRID)
    role = roles[data[0] % len(roles)] if data else Role.SOLAR
    words = struct.unpack(f">{len(data[1:]) // 2}H", data[1 : 1 + len(data[1:]) // 2 * 2])
    bank = dict(enumerate((0x5375, 0x6E53, *words), BASE))
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(_driven(RegisterMemory({1: bank}), role))


async def _driven(memory: RegisterMemory, role: Role) -> None:
    clock = VirtualClock(NOON)
    line = "mem://device"
    device = Device(id="device", role=role, driver="sunspec", connection=line, line=line)
    package = _packages()["sunspec"]
    sign = {"sign": "import"} if role is Role.GRID else {}
    settings = package.parse(device, sign)
    assert not isinstance(settings, tuple)
    driver = package.open(device, settings, MemLine(memory, clock))
    with contextlib.suppress(GridtenderError):
        await driver.connect()
        reading = await driver.read()
        for value in (*reading.flows.values(), reading.soc_pct, reading.available_w):
            assert value is None or abs(value) < float("inf")
        text(reading)
        await driver.arm()
        written = await driver.write(
            Setpoint(
                device="device",
                quantity=-1000.0,
                valid_until=Instant(NOON + 60 * SECOND),
                timer_s=60,
                because="it is tried",
            )
        )
        assert written.outcome in Outcome


def record(data: bytes) -> None:
    """An arming record, as it is read back from disk: the same again, or refused."""
    with contextlib.suppress(ValueError):
        arming = from_json(Arming, json.loads(data))
        assert from_json(Arming, to_json(arming)) == arming


def journal(data: bytes) -> None:
    """A journal file: a start on it succeeds, its chain verifies, and it takes a row."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        path = Path(name) / "journal.sqlite"
        path.write_bytes(data)
        asyncio.run(_started(path))
        kept = [file.read_bytes() for file in Path(name).glob("*.corrupt-*")]
        assert not kept or data in kept, "what was set aside is not what was found"


async def _started(path: Path) -> None:
    settings = JournalSettings()
    async with open_journal(
        path, clock=VirtualClock(NOON), settings=settings, products=("power",), threaded=False
    ) as opened:
        held = list(opened.rows_for_recovery(("power",), NOON))
        assert all(first.seq < second.seq for first, second in pairwise(held))
        await opened.durable(opened.append(NOON, "advance", {"gate": 1}))
        assert opened.failed is None


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (mqtt, config, tariff, register_map, frames, registers, record, journal)
}


@cache
def _socket() -> socket.socket:
    return socket.socket()


@cache
def _packages() -> dict[str, object]:
    return dict(driver_packages())


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="gridtender-fuzz-"))


def _file(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path
