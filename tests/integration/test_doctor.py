"""Every sentence of the doctor is said because its fault was made, and no other is left over."""

import asyncio
import json
import os
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiomqtt
import pytest
from pymodbus.framer import FramerRTU

from drivers.transport import RegisterMemory, serve_tcp
from gateway.adapters.armory import FileArmory
from gateway.adapters.broker import find_mosquitto
from gateway.adapters.plugins import driver_packages, line_factories
from gateway.adapters.refusals import RefusalFile
from gateway.adapters.state import StateDir
from gateway.app.doctor import catalogue, device
from gateway.app.doctor.catalogue import CATALOGUE, Level
from gateway.app.doctor.page import exit_code, page
from gateway.app.doctor.walk import Visit, visit
from gateway.cli import main
from gateway.config import load
from gateway.model.errors import DeviceUnavailable
from gateway.model.refusal import Refusal
from gateway.model.setpoint import Arming
from gateway.model.time import MILLISECOND, Duration, parse_rfc3339
from tests.drivers.conftest import Map, inverter
from tests.e2e.processes import free_port
from tests.integration.served import map_named
from tests.integration.test_broker import accepts
from tests.integration.test_scan_command import talker

pytestmark = pytest.mark.integration

SOON = Duration(200 * MILLISECOND)
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
ONLINE = json.dumps({"v": 1, "status": "online", "since": "2026-06-21T10:00:00.000Z"})
OFFLINE = json.dumps({"v": 1, "status": "offline"})
DEAD_PID = 2**22 + 1  # above the kernel's largest


@dataclass
class House:
    """A configuration in a folder, and what is asked of the doctor."""

    folder: Path
    devices: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)
    wanted: tuple = ()
    named: bool = True

    @property
    def state(self):
        return self.folder / "state"

    def device(self, connection, name="roof", **keys):
        keys = {"driver": "sunspec", "role": "solar", "timeout": "300ms", **keys}
        self.devices[name] = {**keys, "connection": connection}

    def at(self, port, name="roof", unit=1, **keys):
        self.device(f"tcp://127.0.0.1:{port}?unit={unit}", name, **keys)

    def loaded(self):
        site = {
            "area": "home",
            "control": "observe",
            "state_dir": str(self.state),
            "devices": self.devices,
            "products": {"power": {"resource": "POWER", "unit": "W", "interval": "10s"}},
            **self.more,
        }
        path = self.folder / "site.yaml"
        path.write_text(json.dumps(site))
        return load(path, driver_packages(), tuple(line_factories()), environ={})

    async def findings(self):
        loaded = self.loaded() if self.named else None
        return await visit(
            Visit(state=self.state, loaded=loaded, wanted=self.wanted, patience=SOON)
        )


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


@asynccontextmanager
async def serving(units):
    server = await serve_tcp(RegisterMemory(units))
    try:
        yield server.port
    finally:
        await server.close()


@asynccontextmanager
async def talking(reply):
    server = await talker(reply)()
    try:
        yield server.port
    finally:
        await server.close()


@asynccontextmanager
async def mosquitto(folder, *rules):
    """Somebody else's broker; ``rules`` are further lines of its configuration."""
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    port = free_port()
    folder.mkdir(exist_ok=True)
    conf = folder / "mosquitto.conf"
    anyone = [] if any("allow_anonymous" in rule for rule in rules) else ["allow_anonymous true"]
    user = ["user root"] if os.geteuid() == 0 else []
    conf.write_text("\n".join([*user, f"listener {port} 127.0.0.1", *anyone, *rules]) + "\n")
    process = await asyncio.create_subprocess_exec(
        str(program), "-c", str(conf), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await accepts("127.0.0.1", port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def say(port, topic, payload):
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, payload, qos=1, retain=True)


@contextmanager
def held(house):
    """A gateway's lock, as while it runs."""
    with StateDir(house.state).lock():
        yield


def armed(name):
    return Arming(
        device=name, connection="tcp://127.0.0.1:1?unit=1", unit=1, at=NOON,
        identity=(), found=(), level=(), timeout=Duration(MILLISECOND),
    )  # fmt: skip


# -- the faults, by the code that must be found -------------------------------------------------

FAULTS = {}


def fault(code):
    def note(make):
        assert code not in FAULTS
        FAULTS[code] = make
        return make

    return note


async def seen(house, code):
    findings = await house.findings()
    assert code in {one.code for one in findings}, [f"{o.code}: {o.what}" for o in findings]
    return findings


# The device, from the network to its controls.


@fault("HOST_UNKNOWN")
async def a_name_nobody_knows(house):
    house.device("tcp://nobody.invalid:502?unit=1")
    await seen(house, "HOST_UNKNOWN")


@fault("NOTHING_THERE")
async def an_address_without_anyone(house):
    house.device("tcp://255.255.255.255:502?unit=1")
    await seen(house, "NOTHING_THERE")


@fault("PORT_REFUSED")
async def a_closed_port(house):
    house.at(free_port())
    await seen(house, "PORT_REFUSED")


@fault("DEVICE_SILENT")
async def a_device_that_accepts_and_says_nothing(house):
    async with talking(lambda data: b"") as port:
        house.at(port)
        house.devices["roof"]["timeout"] = "100ms"
        await seen(house, "DEVICE_SILENT")


@fault("HANGS_UP")
async def a_device_that_hangs_up(house):
    async with talking(lambda data: None) as port:
        house.at(port)
        await seen(house, "HANGS_UP")


@fault("LOGIN_WANTED")
async def a_logger_that_wants_a_password(house):
    async with talking(lambda data: b"SMA Datalogger\r\nlogin: ") as port:
        house.at(port)
        await seen(house, "LOGIN_WANTED")


@fault("NOT_MODBUS")
async def a_web_server(house):
    async with talking(lambda data: b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        house.at(port)
        await seen(house, "NOT_MODBUS")


@fault("RTU_FRAMES")
async def a_transparent_serial_server(house):
    def reply(data):
        if data[2:4] == b"\0\0":
            return b""
        body = bytes([data[0], 3, 4]) + b"SunS"
        return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")

    async with talking(reply) as port:
        house.at(port)
        (one,) = [one for one in await seen(house, "RTU_FRAMES") if one.code == "RTU_FRAMES"]
        assert f"rtu+tcp://127.0.0.1:{port}" in one.do


@fault("UNIT_ABSENT")
async def a_bridge_with_nobody_behind_it(house):
    async with serving({99: {}}) as port:
        house.at(port, unit=5)
        await seen(house, "UNIT_ABSENT")


@fault("UNIT_ELSEWHERE")
async def an_sma_at_its_own_unit(house):
    native = dict.fromkeys(range(40000, 40100), 7)
    async with serving({3: native, 126: map_named("SMASunny")}) as port:
        house.at(port, unit=3)
        findings = await seen(house, "UNIT_ELSEWHERE")
    (one,) = [one for one in findings if one.code == "UNIT_ELSEWHERE"]
    assert "at unit 3; SunSpec is at unit 126" in one.what
    assert "?unit=126" in one.do


@fault("NOT_SUNSPEC")
async def a_device_with_another_map(house):
    async with serving({1: dict.fromkeys(range(40000, 40100), 7)}) as port:
        house.at(port)
        await seen(house, "NOT_SUNSPEC")


@fault("NOT_ITS_MAP")
async def a_register_map_of_another_device(house):
    async with serving({1: dict.fromkeys(range(200), 0xFFFF)}) as port:
        shipped = Path(__file__).parents[2] / "config" / "maps" / "heat-pump-demo.yaml"
        house.at(port, driver="modbus", role="heat", map=str(shipped))
        await seen(house, "NOT_ITS_MAP")


@fault("ANSWERS_BADLY")
async def a_device_that_breaks_off_within_its_chain(house):
    made = Map(1, 103)

    class Frail(RegisterMemory):
        def read(self, unit, address, count):
            if address > 40001:
                message = "broken"
                raise DeviceUnavailable(message)
            return super().read(unit, address, count)

    server = await serve_tcp(Frail({1: made.words}))
    house.at(server.port, timeout="100ms")
    try:
        await seen(house, "ANSWERS_BADLY")
    finally:
        await server.close()


@fault("UNANSWERED")
async def a_device_without_tls_at_a_tls_connection(house):
    async with serving({1: inverter().memory.units[1]}) as port:
        house.device(f"tls://127.0.0.1:{port}?unit=1")
        await seen(house, "UNANSWERED")


@fault("SERIAL_MISSING")
async def a_serial_port_that_is_unplugged(house):
    house.device("rtu:///dev/ttyNOWHERE?unit=1")
    await seen(house, "SERIAL_MISSING")


@fault("SERIAL_DENIED")
async def a_serial_port_of_another_group(house, monkeypatch):
    class Denied(type(house.folder)):  # root is denied nothing: the kernel's answer is put here
        def open(self, *_, **__):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(device, "Path", Denied)
    house.device("rtu:///dev/null?unit=1")
    await seen(house, "SERIAL_DENIED")


@fault("SERIAL_SILENT")
async def a_serial_port_without_anybody_on_it(house):
    here, there = os.openpty()
    try:
        house.device(f"rtu://{os.ttyname(there)}?unit=1", timeout="100ms")
        await seen(house, "SERIAL_SILENT")
    finally:
        os.close(here)
        os.close(there)


@fault("UNLOOKED")
async def a_line_that_is_not_installed(house):
    house.at(free_port())
    (item,) = house.loaded().site.devices
    odd = replace(item, device=replace(item.device, line="carrier://pigeon"))
    findings = await device.examine(device.Patient(item=odd, patience=SOON))
    assert [one.code for one in findings] == ["UNLOOKED"]
    assert exit_code(findings) == 2


@fault("CHAIN_BROKEN")
async def a_chain_that_runs_off_the_map(house):
    made = inverter()
    at = made.places[120]
    made.memory.units[1][at + 1] = 5000  # L of 120
    await _looked(house, made, "CHAIN_BROKEN")


@fault("CHAIN_ODD")
async def a_model_that_is_shorter_than_its_definition(house):
    made = Map(1, 103, (120, 20))
    made.put(Mn_1="Maker", SN_1="S", W_103=1, W_SF_103=0)
    await _looked(house, made, "CHAIN_ODD")


@fault("ROLE_UNFIT")
async def a_meter_configured_as_a_roof(house):
    await _looked(house, Map(1, 203), "ROLE_UNFIT")


@fault("NOT_STEERED")
async def an_inverter_without_controls(house):
    made = Map(1, 103)
    made.put(Mn_1="Maker", SN_1="S", W_103=1, W_SF_103=0)
    await _looked(house, made, "NOT_STEERED")


@fault("CONTROL_REFUSED")
async def an_inverter_that_hides_its_controls(house):
    made = inverter()
    for at in range(made.places[123] + 2, made.places[123] + 26):
        del made.memory.units[1][at]
    await _looked(house, made, "CONTROL_REFUSED")


@fault("CONTROL_LOCAL")
async def a_device_that_takes_orders_at_its_panel_only(house):
    made = Map(1, 701, 702, 704, 715)
    made.put(Mn_1="Maker", SN_1="S", W_701=1, W_SF_701=0, LocRemCtl_715=1)
    await _looked(house, made, "CONTROL_LOCAL")


@fault("DEVICE_CLOCK")
async def a_device_whose_clock_stands_in_2001(house):
    await _looked(house, inverter(Tms_122=400 * 24 * 3600), "DEVICE_CLOCK")


@fault("MAKER_FACT")
async def a_fronius_of_which_something_is_known(house):
    await _looked(house, inverter(Mn_1="Fronius"), "MAKER_FACT")


@fault("MAKER_ASKS")
async def an_enphase_without_the_700_models(house):
    made = Map(1, 103)
    made.put(Mn_1="Enphase Energy", SN_1="S", W_103=1, W_SF_103=0)
    findings = await _looked(house, made, "MAKER_ASKS")
    assert any("support" in one.do for one in findings if one.code == "MAKER_ASKS")


@fault("DEVICE_FINE")
async def a_device_with_nothing_wrong(house):
    findings = await _looked(house, inverter(Tms_122=1), "DEVICE_FINE")
    own = {one.code for one in findings if one.subject == "roof"}
    assert own - {"DEVICE_FINE", "DEVICE_CLOCK", "CHAIN_ODD"} == set()


async def _looked(house, made, code):
    async with serving(made.memory.units) as port:
        house.at(port)
        return await seen(house, code)


@fault("WRITE_REFUSED")
async def a_device_that_refused_its_last_write(house):
    house.at(free_port())
    house.state.mkdir()
    kept = Refusal(device="roof", at=NOON, why="exception 4 at 40232")
    RefusalFile(house.state).store({"roof": kept})
    await seen(house, "WRITE_REFUSED")


@fault("DEVICE_UNKNOWN")
async def a_name_that_is_not_configured(house):
    house.at(free_port())
    house.wanted = ("rof",)
    assert exit_code(await seen(house, "DEVICE_UNKNOWN")) in {1, 2}


# The gateway, its folder and its clock.


@fault("CONFIG_PROBLEM")
async def a_device_with_a_mistake_in_the_file(house):
    house.at(free_port(), role="rof")
    await seen(house, "CONFIG_PROBLEM")


@fault("CONFIG_UNNAMED")
async def no_configuration(house):
    house.named = False
    await seen(house, "CONFIG_UNNAMED")


@fault("GATEWAY_RESTS")
async def no_gateway(house):
    await seen(house, "GATEWAY_RESTS")


@fault("GATEWAY_RUNS")
async def a_gateway_that_runs(house):
    with held(house):
        await seen(house, "GATEWAY_RUNS")


@fault("GATEWAY_UNHEARD")
async def a_gateway_whose_broker_is_gone(house):
    house.more = {"broker": {"url": f"mqtt://127.0.0.1:{free_port()}"}}
    house.at(free_port())
    with held(house):
        findings = await seen(house, "GATEWAY_UNHEARD")
    assert not any(one.subject == "roof" for one in findings)


@fault("STATE_UNREADABLE")
async def a_folder_of_somebody_else(house):
    house.state.mkdir()
    (house.state / "lock").mkdir()
    await seen(house, "STATE_UNREADABLE")


@fault("DEVICE_UNASKED")
async def a_device_that_a_gateway_unseen_may_hold(house):
    house.state.mkdir()
    (house.state / "lock").mkdir()
    async with serving({1: inverter().memory.units[1]}) as port:
        house.at(port)
        findings = await seen(house, "DEVICE_UNASKED")
    assert {one.code for one in findings if one.subject == "roof"} == {"DEVICE_UNASKED"}


@fault("ARMING_LEFT")
async def a_device_that_was_not_let_go(house):
    house.at(free_port())
    await FileArmory(StateDir(house.state).armings).store(armed("roof"))
    await seen(house, "ARMING_LEFT")


@fault("ARMING_FOREIGN")
async def an_arming_of_a_device_that_was_removed(house):
    house.at(free_port())
    await FileArmory(StateDir(house.state).armings).store(armed("old-roof"))
    await seen(house, "ARMING_FOREIGN")


@fault("ARMING_BROKEN")
async def an_arming_that_cannot_be_read(house):
    folder = StateDir(house.state).armings
    folder.mkdir()
    (folder / "roof.json").write_text("{")
    await seen(house, "ARMING_BROKEN")


@fault("OWNER_BROKEN")
async def a_wish_that_cannot_be_read(house):
    StateDir(house.state)
    (house.state / "owner.json").write_text("{")
    await seen(house, "OWNER_BROKEN")


@fault("SET_ASIDE")
async def a_journal_that_was_set_aside(house):
    StateDir(house.state)
    for end in ("", "-wal"):
        (house.state / f"journal.sqlite.corrupt-20260621T120000Z{end}").touch()
    findings = await seen(house, "SET_ASIDE")
    assert sum(one.code == "SET_ASIDE" for one in findings) == 1


@fault("LOCK_STALE")
async def a_lock_of_a_process_that_is_gone(house):
    StateDir(house.state)
    (house.state / "lock").write_text(f"{DEAD_PID}\n")
    await seen(house, "LOCK_STALE")


@fault("LOCK_FOREIGN")
async def a_lock_that_root_left(house):
    StateDir(house.state)
    lock = house.state / "lock"
    lock.touch()
    if os.geteuid() != 0:
        pytest.skip("only root makes files of others")
    os.chown(lock, 65534, 65534)
    await seen(house, "LOCK_FOREIGN")


@fault("CLOCK_UNSYNCHRONISED")
async def a_clock_that_no_server_confirms(house, monkeypatch):
    monkeypatch.setattr("gateway.app.status.WallClock.synchronised", False)
    await seen(house, "CLOCK_UNSYNCHRONISED")


# The broker and Home Assistant.


def external(house, port, **more):
    house.more = {"broker": {"url": f"mqtt://127.0.0.1:{port}", **more}}


@fault("BROKER_FINE")
async def a_broker_that_answers(house):
    async with mosquitto(house.folder / "m") as port:
        external(house, port)
        await seen(house, "BROKER_FINE")


@fault("BROKER_RESTS")
async def an_own_broker_while_nothing_runs(house):
    await seen(house, "BROKER_RESTS")


@fault("BROKER_PASSWORD")
async def a_password_file_that_is_not_there(house):
    async with mosquitto(house.folder / "m") as port:
        secret = house.folder / "secret"
        secret.write_text("x")
        external(house, port, password_file=str(secret))
        loaded = house.loaded()
        secret.unlink()
        findings = await visit(Visit(state=house.state, loaded=loaded))
        assert "BROKER_PASSWORD" in {one.code for one in findings}


@fault("BROKER_REFUSES")
async def a_broker_that_does_not_know_us(house):
    async with mosquitto(house.folder / "m", "allow_anonymous false") as port:
        external(house, port)
        await seen(house, "BROKER_REFUSES")


@fault("BROKER_UNREACHABLE")
async def a_broker_that_is_off(house):
    external(house, free_port())
    await seen(house, "BROKER_UNREACHABLE")


@fault("ACL_WITHHOLDS")
async def rules_that_hide_the_area(house):
    acl = house.folder / "acl"
    acl.write_text("topic read nothing/#\n")
    async with mosquitto(house.folder / "m", f"acl_file {acl}") as port:
        external(house, port)
        with held(house):
            await seen(house, "ACL_WITHHOLDS")


@fault("ACL_REFUSES")
async def a_broker_that_forbids_to_listen(house):
    async with talking(_refusing_broker) as port:
        external(house, port)
        await seen(house, "ACL_REFUSES")


def _refusing_broker(data):
    """MQTT 3.1.1: connects everybody, and refuses each of the filters."""
    if data[0] >> 4 == 1:
        return b"\x20\x02\0\0"
    if data[0] >> 4 != 8:
        return b""
    filters, at = 0, 4
    while at < len(data):
        at += 3 + int.from_bytes(data[at : at + 2])
        filters += 1
    return bytes([0x90, 2 + filters]) + data[2:4] + b"\x80" * filters


@fault("AREA_ELSEWHERE")
async def another_machine_with_the_same_area(house):
    async with mosquitto(house.folder / "m") as port:
        external(house, port)
        house.state.mkdir()
        await say(port, "rmf/1/home/status", ONLINE)
        house.at(free_port())
        findings = await seen(house, "AREA_ELSEWHERE")
        assert "NOTHING_THERE" not in {one.code for one in findings}
        assert "PORT_REFUSED" not in {one.code for one in findings}


@fault("GHOST_DEVICE")
async def topics_of_a_device_that_was_removed(house):
    async with mosquitto(house.folder / "m") as port:
        external(house, port)
        await say(port, "rmf/1/home/d/old-roof/state", "{}")
        await seen(house, "GHOST_DEVICE")


@fault("GHOST_AREA")
async def topics_of_an_area_that_was_renamed(house):
    async with mosquitto(house.folder / "m") as port:
        external(house, port)
        await say(port, "rmf/1/house/status", OFFLINE)
        await seen(house, "GHOST_AREA")


@fault("HA_OFFLINE")
async def a_home_assistant_that_says_goodbye(house):
    await _assistant(house, "HA_OFFLINE", {"homeassistant/status": "offline"})


@fault("HA_ONLINE")
async def a_home_assistant_that_is_there(house):
    await _assistant(house, "HA_ONLINE", {"homeassistant/status": "online"})


@fault("HA_UNHEARD")
async def a_home_assistant_that_says_nothing(house):
    await _assistant(house, "HA_UNHEARD", {})


@fault("HA_LEFT")
async def an_announcement_of_a_device_that_was_removed(house):
    await _assistant(house, "HA_LEFT", {_config("D-old-roof"): "{}"})


@fault("HA_MISSING")
async def a_device_that_is_not_announced(house):
    house.at(free_port())
    topics = {"rmf/1/home/status": ONLINE, _config("G"): "{}"}
    findings = await _assistant(house, "HA_MISSING", topics, running=True)
    assert [one.what.split()[0] for one in findings if one.code == "HA_MISSING"] == ["roof"]


@fault("HA_HIDDEN")
async def a_broker_that_shows_announcements_to_its_users_only(house):
    house.at(free_port())
    acl = house.folder / "acl"
    acl.write_text("topic readwrite rmf/#\n")
    async with mosquitto(house.folder / "m", f"acl_file {acl}") as port:
        external(house, port)
        await say(port, "rmf/1/home/status", ONLINE)
        with held(house):
            findings = await seen(house, "HA_HIDDEN")
    assert "HA_MISSING" not in {one.code for one in findings}


@fault("HA_UNAVAILABLE")
async def an_entity_whose_device_is_offline(house):
    house.at(free_port())
    there = json.dumps({"availability": [{"topic": "rmf/1/home/d/roof/state"}]})
    topics = {
        "rmf/1/home/status": ONLINE,
        _config("G"): "{}",
        _config("D-roof"): there,
        "rmf/1/home/d/roof/state": json.dumps({"deviceId": "roof", "state": "offline"}),
    }
    await _assistant(house, "HA_UNAVAILABLE", topics, running=True)


def _config(what):
    return f"homeassistant/device/gridtender-home-{what}/config"


async def _assistant(house, code, topics, *, running=False):
    async with mosquitto(house.folder / "m") as port:
        external(house, port)
        for topic, payload in topics.items():
            await say(port, topic, payload)
        if not running:
            return await seen(house, code)
        with held(house):
            return await seen(house, code)


@fault("DEVICE_SPARED")
async def a_device_whose_gateway_runs_is_not_asked_itself(house):
    asked = []

    def reply(data):
        asked.append(data)
        return b""

    async with talking(reply) as port:
        house.at(port)
        topics = {"rmf/1/home/status": ONLINE, "rmf/1/home/d/roof/state": _state("online")}
        await _assistant(house, "DEVICE_SPARED", topics, running=True)
    assert asked == []


@fault("DEVICE_TROUBLED")
async def a_device_of_which_the_gateway_says_that_it_is_offline(house):
    house.at(free_port())
    topics = {"rmf/1/home/status": ONLINE, "rmf/1/home/d/roof/state": _state("offline")}
    findings = await _assistant(house, "DEVICE_TROUBLED", topics, running=True)
    (one,) = [one for one in findings if one.code == "DEVICE_TROUBLED"]
    assert "Check its power" in one.do


@fault("GATEWAY_TROUBLED")
async def a_gateway_whose_disk_is_full(house):
    fault = {"deviceId": "gateway", "code": "JOURNAL_FAILED", "text": "no space left"}
    topics = {
        "rmf/1/home/status": ONLINE,
        "rmf/1/home/d/gateway/fault/JOURNAL_FAILED": json.dumps(fault),
    }
    findings = await _assistant(house, "GATEWAY_TROUBLED", topics, running=True)
    (one,) = [one for one in findings if one.code == "GATEWAY_TROUBLED"]
    assert "Free some space" in one.do


@fault("DEVICE_ODD")
async def a_device_with_a_note(house):
    house.at(free_port())
    topics = {
        "rmf/1/home/status": ONLINE,
        "rmf/1/home/d/roof/state": _state("online"),
        "rmf/1/home/d/roof/desc": json.dumps({"deviceId": "roof", "notes": ["an odd thing"]}),
    }
    findings = await _assistant(house, "DEVICE_ODD", topics, running=True)
    assert "an odd thing" in {one.what for one in findings}


@fault("DEVICE_UNTOLD")
async def a_device_the_running_gateway_does_not_know(house):
    house.at(free_port())
    await _assistant(house, "DEVICE_UNTOLD", {"rmf/1/home/status": ONLINE}, running=True)


def _state(word):
    return json.dumps({"deviceId": "roof", "state": word, "reason": ""})


# -- the tests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(FAULTS))
async def test_the_fault_is_said(code, house, monkeypatch):
    make = FAULTS[code]
    more = {"monkeypatch": monkeypatch} if "monkeypatch" in make.__code__.co_varnames else {}
    await make(house, **more)


def test_every_sentence_has_its_fault():
    assert sorted(FAULTS) == sorted(CATALOGUE)


def test_whatever_is_amiss_says_what_to_change():
    silent = [code for code, one in CATALOGUE.items() if one.level is Level.AMISS and not one.do]
    assert silent == []


def test_the_command_says_it_to_a_person_and_to_a_program(house, capsys):
    house.at(free_port())
    house.loaded()
    said = {}
    for form in ((), ("--json",)):
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--config", str(house.folder / "site.yaml"), "roof", *form])
        said[form] = capsys.readouterr().out
        assert ended.value.code == 1
    assert "Switch Modbus TCP on in its menu" in " ".join(said[()].split())
    assert "to do." in said[()].splitlines()[-1]
    assert max(map(len, said[()].splitlines())) <= 80
    document = json.loads(said["--json",])
    assert document["exit"] == 1
    assert "PORT_REFUSED" in {one["code"] for one in document["findings"]}


@pytest.mark.parametrize(
    ("codes", "code", "verdict"),
    [
        (["BROKER_RESTS", "GATEWAY_RESTS"], 0, "All well."),
        (["CONFIG_UNNAMED", "BROKER_RESTS"], 2, "1 could not be looked at."),
        (["CONFIG_UNNAMED", "CLOCK_UNSYNCHRONISED"], 1, "1 thing to do, 1 could not be looked at."),
    ],
)
def test_the_exit_code_tells_well_from_to_do_and_from_unseen(codes, code, verdict):
    findings = [catalogue.found(one, "x", path="p") for one in codes]
    assert exit_code(findings) == code
    assert list(page(findings))[-1] == verdict


def test_what_a_device_calls_itself_does_not_steer_the_terminal():
    (odd,) = [catalogue.found("DEVICE_ODD", "x", what="\x1b[31mred\nnew line")]
    assert all(line.isprintable() for line in page([odd]))


@pytest.mark.parametrize(
    ("name", "role"),
    [("SMASunny", "solar"), ("FimerPVS", "solar"), ("SolarEdge", "solar"), ("E51C2", "meter")],
)
async def test_of_a_real_device_in_its_role_nothing_is_amiss_but_the_clock_of_the_recording(
    house, name, role
):
    async with serving({1: map_named(name)}) as port:
        house.at(port, role=role)
        findings = [one for one in await house.findings() if one.subject == "roof"]
    assert {one.code for one in findings if one.level is Level.AMISS} <= {"DEVICE_CLOCK"}
    assert findings[0].code == "DEVICE_FINE"
