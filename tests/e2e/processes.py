"""The programs as a user starts them, around a house whose registers the test can see.

The house lives in the test's own process and speaks Modbus TCP; the daemon, the commands and
brokers are processes of their own.  All of them are ended by their pid.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.broker_accounts import Accounts
from gateway.adapters.broker_files import Listener, write_files
from gateway.adapters.clock import Scale, ScaledClock, real_now
from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import house_factories
from gateway.model.clearing import Clearing
from gateway.model.time import parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.rows import Advanced, Happened, read_body

PROGRAM = (sys.executable, "-m", "gateway.cli")
BASE = "rmf/1/home"
QUIET = {"load_w": 300, "temperature_c": 21.2, "solar_w": 4000, "battery_soc_pct": 50}
NO_HEAT = {"heatpump": None}
NO_EXPORT = {"export_limit_w": 0}


async def until(condition, what, within_s=15.0):
    """Wait for a condition; returns it, and how long it took in seconds."""
    began = time.monotonic()
    while not (found := condition()):
        if time.monotonic() - began > within_s:
            pytest.fail(f"not within {within_s} s: {what}")
        await asyncio.sleep(0.02)
    return found, time.monotonic() - began


async def lasts(condition, what, within_s=15.0, for_s=1.0):
    """Wait until a condition has held for a while: something that swings only passes through it."""
    held_since = None

    def long_enough():
        nonlocal held_since
        if not condition():
            held_since = None
        elif held_since is None:
            held_since = time.monotonic()
        return held_since is not None and time.monotonic() - held_since >= for_s

    return await until(long_enough, what, within_s)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Running:
    """A process and what it says."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def text(self):
        return self.log.read_text(errors="replace")

    async def says(self, what, within_s=20.0):
        def heard():
            if self.process.returncode is not None and what not in self.text:
                pytest.fail(f"ended with {self.process.returncode} before {what!r}:\n{self.text}")
            return what in self.text

        try:
            await until(heard, what, within_s)
        except BaseException:
            print(self.text)
            raise

    def send(self, number):
        os.kill(self.process.pid, number)

    async def end(self, number=signal.SIGTERM, within_s=20.0):
        """Its exit code, and the seconds it took."""
        began = time.monotonic()
        if self.process.returncode is None:
            self.send(number)
        async with asyncio.timeout(within_s):
            code = await self.process.wait()
        return code, time.monotonic() - began

    async def kill(self):
        await self.end(signal.SIGKILL)


@dataclass
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class Place:
    """A folder, a house in it, and the programs started on both."""

    folder: Path
    house: object = None
    connections: dict = field(default_factory=dict)
    running: list = field(default_factory=list)

    @property
    def state(self):
        return self.folder / "state"

    @property
    def journal(self):
        return self.state / "journal.sqlite"

    async def build(self, scale=None, **settings):
        """A house of the demo's kind, serving Modbus TCP in real time."""
        now = real_now()
        clock = ScaledClock(scale or Scale(epoch_real=now, epoch_sim=now, speed=1.0))
        self.house = house_factories()["demo"](clock, {**QUIET, **settings})
        self.connections = await self.house.serve()
        return self.house

    def truth(self, name):
        return self.house.truth()[name]

    def write(self, **changes):
        return write_site(self.folder, self.house, self.connections, **changes)

    async def start(self, *arguments, env=None, name="run"):
        log = self.folder / f"{name}-{len(self.running)}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *PROGRAM, *arguments, stdout=out, stderr=out, env={**os.environ, **(env or {})}
            )
        self.running.append(Running(process=process, log=log))
        return self.running[-1]

    async def run(self, config, env=None, heard="mqtt.connected", options=()):
        """The daemon, when it has started and said what is waited for."""
        daemon = await self.start("run", "--config", str(config), *options, env=env)
        await daemon.says("gateway.started")
        await daemon.says(heard)
        return daemon

    async def command(self, *arguments, within_s=30.0):
        """A command, when it has ended."""
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(within_s):
                out, err = await process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return Said(code=process.returncode, out=out.decode(), err=err.decode())

    async def release(self, *options):
        return await self.command("release", "--state-dir", str(self.state), *options)

    async def close(self):
        for running in self.running:
            if running.process.returncode is None:
                with contextlib.suppress(TimeoutError):
                    await running.end(within_s=20.0)
            if running.process.returncode is None:
                await running.kill()
        if self.house is not None:
            await self.house.close()

    # -- judged at the registers ----------------------------------------------------------

    def point(self, device, name):
        self.house.truth()
        return getattr(self.house._world, device).bank.get(name)

    def controls(self):
        """Every register that a command can change, by name; measurements left out."""
        self.house.truth()
        world = self.house._world
        found = {}
        for device in ("roof", "battery"):
            bank = getattr(world, device).bank
            for name, slot in bank._slots.items():
                if slot.writable and slot.type != "string":
                    found[f"{device}.{name}"] = bank.get(name)
        command, timeout = world.heatpump.read(110, 2)
        return {**found, "heatpump.command": command, "heatpump.timeout": timeout}

    def clearings(self):
        return [e for events in self._happened() for e in events if isinstance(e, Clearing)]

    def transactions(self):
        return [e for events in self._happened() for e in events if isinstance(e, Transaction)]

    def gates(self):
        """When each scheduled gate was held."""
        rows = [r for r in read_journal(self.journal) if r.kind == "advance"]
        return [r.now for r in rows if not read_body(Advanced, r).unscheduled]

    def _happened(self):
        rows = [r for r in read_journal(self.journal) if r.kind == "event"]
        return [read_body(Happened, r).events for r in rows]


def write_site(folder, house, connections, **changes):
    """A site file; ``changes`` replace or add keys, a device of None is left out."""
    devices = {}
    for name, config in house.devices.items():
        devices[name] = {**config, "connection": connections[name]}
    for name, more in changes.pop("devices", {}).items():
        if more is None:
            devices.pop(name)
        else:
            devices[name] = {**devices.get(name, {}), **more}
    grid = {"import_limit_w": 17000, "import_price": 0.30, "export_price": 0.08}
    grid.update(changes.pop("grid", {}))
    site = {
        "area": "home",
        "timezone": "UTC",
        "currency": "EUR",
        "control": "act",
        "state_dir": str(folder / "state"),
        "devices": devices,
        "products": {"power": {"resource": "POWER", "unit": "W", "interval": "3s"}},
        "grid": {key: value for key, value in grid.items() if value is not None},
        **changes,
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(site))
    return path


# -- brokers and clients ----------------------------------------------------------------------


@dataclass
class Mosquitto:
    """A broker of its own, that can be killed and started again on the same port."""

    folder: Path
    passwords: dict
    devices: tuple = ()
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    async def start(self):
        known = Accounts(area="home", passwords=self.passwords, devices=self.devices)
        conf = write_files(self.folder, Listener(host="127.0.0.1", port=self.port), known)
        self.process = await asyncio.create_subprocess_exec(
            str(find_mosquitto()),
            *("-c", str(conf)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await until(self._listens, "mosquitto listens", 10.0)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    async def kill(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def settings(self):
        """The site's ``broker`` section."""
        file = self.folder / "gateway-password"
        file.write_text(self.passwords["gateway"])
        url = f"mqtt://127.0.0.1:{self.port}"
        return {"url": url, "username": "gateway", "password_file": str(file)}


@dataclass
class Ear:
    """An MQTT client and all it heard; ``newest`` by topic below the area."""

    client: aiomqtt.Client
    user: str | None
    heard: list = field(default_factory=list)
    newest: dict = field(default_factory=dict)

    def take(self, message):
        topic = message.topic.value.removeprefix(f"{BASE}/")
        payload = json.loads(message.payload) if message.payload else None
        self.heard.append((topic, payload))
        self.newest[topic] = payload

    def answers(self, operation):
        topic = f"u/{self.user}/in/{operation}"
        return [payload for heard, payload in self.heard if heard == topic]

    def answer(self, request_id):
        return next(
            (
                p
                for t, p in self.heard
                if p and t.startswith("u/") and p.get("inResponseTo") == request_id
            ),
            None,
        )

    @property
    def clearing(self):
        return self.newest.get("p/power/clearing")

    async def say(self, topic, payload, *, qos=1):
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        await self.client.publish(f"{BASE}/{topic}", text, qos=qos)

    async def tender(self, request_id, *, party=None, topic_party=None, **changes):
        """Publish a tender for the interval that is traded next; returns it."""
        await until(self._gate_is_far, "a session with time left")
        payload = create_tender(
            party or self.user, self.newest["p/power/session"], request_id, changes
        )
        topic = f"u/{topic_party or self.user}/req/power/create-tender"
        await self.say(topic, payload)
        return payload

    async def ask_position(self, request_id, interval):
        """Ask for one's own position in an interval."""
        payload = {
            "requestId": request_id,
            "requestor": self.user,
            "positionParty": self.user,
            "boundingInterval": interval,
            "marketId": "home",
            "resourceDesignator": "POWER",
        }
        await self.say(f"u/{self.user}/req/power/request-position", payload)

    def _gate_is_far(self):
        """A second before the gate is time enough."""
        gate = parse_rfc3339(self.newest["p/power/session"]["sessionClose"])
        return gate - real_now() > 1_000_000_000

    async def answered(self, request_id, within_s=5.0):
        found, _ = await until(
            lambda: self.answer(request_id), f"an answer to {request_id}", within_s
        )
        return found["response"]


def create_tender(party, session, request_id, changes):
    """The payload; ``changes`` replace price, quantity, or keys of the tender."""
    detail = {
        "interval": session["tradeableInstrumentRange"],
        "price": changes.pop("price", 4500),
        "quantity": changes.pop("quantity", 7000),
    }
    tender = {"tenderId": f"t-{request_id}", "side": "BUY", "tenderDetail": detail, **changes}
    return {
        "requestId": request_id,
        "partyId": party,
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
        "tender": tender,
    }


@contextlib.asynccontextmanager
async def listening(port, user=None, password=None, more=()):
    """A client that hears the market, the devices and its own inbox."""
    filters = [f"{BASE}/{f}" for f in ("status", "m/#", "p/#", "d/+/set", "d/+/state", *more)]
    if user is not None:
        filters += [f"{BASE}/u/{user}/in/#", f"{BASE}/u/{user}/pos/#"]
    client = aiomqtt.Client(
        "127.0.0.1",
        port,
        username=user,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=5,
    )
    async with client, asyncio.TaskGroup() as tasks:
        ear = Ear(client=client, user=user)
        for one in filters:
            await client.subscribe(one, qos=1)

        async def hear():
            async for message in client.messages:
                ear.take(message)

        hearing = tasks.create_task(hear())
        try:
            yield ear
        finally:
            hearing.cancel()


@contextlib.asynccontextmanager
async def a_place(folder):
    place = Place(folder=folder)
    try:
        yield place
    finally:
        await place.close()


@contextlib.asynccontextmanager
async def a_mosquitto(folder, **passwords):
    broker = Mosquitto(folder=folder, passwords={"gateway": "secret", **passwords})
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()


def marked(marker):
    """Processes that were started with the marker in their environment, by pid."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if marker.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


def children(pid):
    """Processes that the process started, by pid."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
