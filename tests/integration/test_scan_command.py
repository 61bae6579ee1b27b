"""``gridtender scan`` as it is typed: what is found, and why nothing is, over real sockets."""

import asyncio
import json
import struct
from types import SimpleNamespace

import pytest
from pymodbus.framer import FramerRTU

from drivers.transport import RegisterMemory, serve_tcp
from gateway.app.scan_page import fragment, page
from gateway.app.scan_targets import own_networks, own_serial_ports, targets_of
from gateway.app.scanning import UNITS, Scanner
from gateway.cli import main
from gateway.model.errors import WrongInput
from gateway.model.time import MILLISECOND, Duration
from gateway.ports.probe import Heard
from tests.drivers.test_rtu import Bus, plugged_in
from tests.integration.served import map_named, served, threaded

SOON = Duration(200 * MILLISECOND)


@pytest.fixture
def command(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def talker(reply, seen=None):
    """A server that answers bytes with ``reply(bytes)``; None hangs up."""

    async def make():
        async def serve(reader, writer):
            entered = False
            try:
                while data := await reader.read(300):
                    # Counted at its first bytes: by then the end of one before has been seen.
                    if seen is not None and not entered:
                        entered = True
                        seen["now"] += 1
                        seen["most"] = max(seen["most"], seen["now"])
                    answer = reply(data)
                    if answer is None:
                        break
                    writer.write(answer)
            except ConnectionError:
                pass
            finally:
                if entered:
                    seen["now"] -= 1
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)

        async def close():
            server.close()

        return SimpleNamespace(port=server.sockets[0].getsockname()[1], close=close)

    return make


def scan(texts, units=UNITS, ports=(502,), timeout=SOON):
    told = []
    targets = targets_of([str(text) for text in texts], ports)
    return asyncio.run(Scanner(units, timeout, told.append).scan(targets)), told


def found(texts, **more):
    (one,) = scan(texts, **more)[0].sightings
    return one


def at(port):
    return f"127.0.0.1:{port}"


def refused_with(code):
    return lambda data: data[:4] + b"\0\3" + data[6:7] + bytes([0x83, code])


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        (lambda data: b"", Heard.SILENT),
        (lambda data: None, Heard.HUNG_UP),
        (lambda data: b"SMA Datalogger\r\nlogin: ", Heard.LOGIN),
        (lambda data: b"HTTP/1.1 401 Unauthorized\r\n\r\n", Heard.LOGIN),
        (lambda data: b"\x15\x03\x01\x00\x02\x02\x46", Heard.LOGIN),
        (lambda data: b"HTTP/1.1 400 Bad Request\r\n\r\n", Heard.FOREIGN),
        (lambda data: b"\0", Heard.FOREIGN),
        (refused_with(0x0B), Heard.EXCEPTION),
    ],
)
def test_what_is_wrong_with_a_port_is_told_apart(reply, heard):
    with threaded(talker(reply)) as (port,):
        result, _ = scan([at(port)], units=(1, 126))
    (one,), (_, row) = result.sightings, page(result)
    assert (one.heard, one.unit, one.inspection) == (heard, None, None)
    assert row.startswith(f"tcp://{at(port)}")
    assert len(row) > 60


def test_a_closed_port_refuses_and_an_address_without_anyone_is_silent():
    with served({1: {}}) as (port,):
        pass
    assert found([at(port)]).heard is Heard.REFUSED
    assert found(["255.255.255.255"]).heard is Heard.NOTHING


def test_another_port_of_a_host_that_answers_is_only_counted():
    with served({1: {}}) as (closed,):
        pass
    with served({1: map_named("SMASunny")}) as (port,):
        result, _ = scan(["127.0.0.1"], ports=(port, closed))
    assert [one.line for one in result.sightings] == [f"tcp://{at(port)}"]
    assert result.quiet == {Heard.REFUSED: 1}
    with served({1: map_named("SMASunny")}) as (port,):
        result, _ = scan([at(port), at(closed)])
    assert [one.heard for one in result.sightings] == [Heard.WORDS, Heard.REFUSED]


def test_exception_0b_means_another_unit_and_the_scan_goes_on():
    with served({9: map_named("SMASunny")}) as (port,):
        one = found([at(port)])
        assert (one.heard, one.code) == (Heard.EXCEPTION, 0x0B)
        assert "--all-units" in list(page(scan([at(port)])[0]))[1]
        one = found([at(port)], units=(*UNITS, 8, 9))
    assert (one.unit, one.inspection.identity.maker) == (9, "SMA")


def test_a_device_with_another_map_answers_but_is_not_sunspec():
    with served({3: dict.fromkeys(range(40000, 40100), 7)}) as (port,):
        one = found([at(port)])
        text = "\n".join(page(scan([at(port)])[0]))
    assert (one.unit, one.heard, one.inspection) == (3, Heard.WORDS, None)
    assert "not SunSpec" in text
    assert "40000: 0007 0007" in text


def test_meters_behind_an_inverter_are_found_at_their_units():
    units = {1: map_named("SMASunny"), 240: map_named("DTS_SMX"), 200: map_named("E51C2")}
    with served(units) as (port,):
        result, told = scan([at(port)])
    assert [one.unit for one in result.sightings] == [1, 240, 200]
    assert any("asking 9 units" in text for text in told)


class AnyUnit(RegisterMemory):
    """A device that does not look at the unit it is asked for."""

    def read(self, unit, address, count):
        return super().read(1, address, count)


def test_a_device_that_answers_at_every_unit_is_shown_once():
    with threaded(lambda: serve_tcp(AnyUnit({1: map_named("SMASunny")}))) as (port,):
        one = found([at(port)])
    assert (one.unit, one.also) == (1, UNITS[1:])


def test_devices_in_one_chain_become_devices_of_their_own():
    inverter, meter = map_named("SMASunny"), map_named("DTS_SMX")
    end = max(inverter) - 1
    words = {a: w for a, w in inverter.items() if a < end}
    words |= {end + a - 40002: w for a, w in meter.items() if a >= 40002}
    with served({1: words}) as (port,):
        result, _ = scan([at(port)])
    text = "\n".join(fragment(result))
    assert "sma-sb3-6-1av-41:" in text
    assert "measurlogic-inc-dts-smx:" in text
    assert text.count("unit=1") == 2


def rtu_server(memory):
    bus = Bus(RegisterMemory(memory))

    def reply(data):
        if len(data) != 8 or FramerRTU.compute_CRC(data[:-2]).to_bytes(2, "big") != data[-2:]:
            return b""
        return b"" if data[0] not in memory else bus.answer(data)

    return reply


def test_rtu_frames_on_tcp_are_recognised_and_the_device_behind_is_shown():
    with threaded(talker(rtu_server({2: map_named("SolarEdge")}))) as (port,):
        one = found([at(port)], units=(1, 2))
    assert (one.heard, one.unit) == (Heard.RTU, 2)
    assert one.line == f"rtu+tcp://{at(port)}"
    assert one.inspection.identity.maker == "SolarEdge"


async def test_a_device_on_a_serial_port_is_found_at_its_speed(tmp_path):
    bus = Bus(RegisterMemory({3: map_named("SolarEdge")}))
    bus.reply = lambda request, answer: answer if request[0] == 3 else b""
    async with plugged_in(bus, tmp_path / "tty") as link:
        targets = targets_of([str(link)])
        result = await Scanner((1, 3), SOON, lambda text: None).scan(targets)
    (one,) = result.sightings
    assert (one.line, one.unit) == (f"rtu://{link}?baud=9600", 3)
    assert one.inspection.identity.maker == "SolarEdge"


def test_a_host_is_asked_one_thing_at_a_time():
    seen = {"now": 0, "most": 0}
    with threaded(talker(refused_with(0x0B), seen)) as (port,):
        found([at(port)])
    assert seen["most"] == 1


def test_of_a_subnet_only_what_is_there_is_listed():
    with served({1: map_named("SMASunny")}) as (port,):
        result, told = scan(["127.0.0.0/29"], ports=(port,))
    assert [one.line for one in result.sightings] == [f"tcp://{at(port)}"]
    assert sum(result.quiet.values()) == 5
    assert "6 of 6 addresses" in told


def test_the_proposed_configuration_only_reads_and_is_accepted_by_check(command, tmp_path):
    units = {1: map_named("SMASunny"), 3: map_named("EmulatedDER"), 240: map_named("DTS_SMX")}
    file = tmp_path / "found.yaml"
    with served(units, {1: map_named("SMASunny")}) as ports:
        code, out, err = command("scan", *map(at, ports), "--timeout", "300ms")
    assert code == 0
    assert "control: observe" in out
    assert err.count("SB3.6-1AV-41") == 2
    file.write_text(out)
    code, checked, _ = command("check", "--json", file)
    assert code == 0
    devices = json.loads(checked)["site"]["devices"]
    names = [one["id"] for one in devices]
    assert names == [
        "sma-sb3-6-1av-41", "dersec-der-simulator", "measurlogic-inc-dts-smx",
        "sma-sb3-6-1av-41-067415",
    ]  # fmt: skip
    assert [one["role"] for one in devices] == ["solar", "storage", "meter", "solar"]


def test_what_a_device_calls_itself_cannot_become_configuration(command, tmp_path):
    words = map_named("SMASunny")
    evil = b'x"\n  y: {role: grid}\ncontrol: act\n'.ljust(32, b"\0")
    words |= dict(enumerate(struct.unpack(">16H", evil[:32]), 40004))
    file = tmp_path / "found.yaml"
    with served({1: words}) as (port,):
        file.write_text(command("scan", at(port))[1])
    assert "control: observe" in file.read_text().splitlines()
    assert "control: act" not in file.read_text().splitlines()
    assert command("check", file)[0] == 0


def test_where_nothing_is_found_nothing_is_proposed(command):
    with served({1: {}}) as (port,):
        pass
    code, out, err = command("scan", at(port))
    assert (code, out) == (1, "")
    assert "switch Modbus TCP on" in err


def test_with_nothing_given_it_says_what_could_be_scanned(command):
    code, out, _ = command("scan")
    assert code == 0
    assert all(line.startswith(("gridtender scan ", "no ")) for line in out.splitlines())


def test_own_networks_are_those_of_the_kernels_routes(tmp_path):
    rows = [
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT",
        "eth0 00000000 0101A8C0 0003 0 0 0 00000000 0 0 0",
        "eth0 0001A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0",
        "wlan0 0001A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0",
    ]
    file = tmp_path / "route"
    file.write_text("\n".join(rows) + "\n")
    assert own_networks(file) == ("192.168.1.0/24",)
    assert own_networks(tmp_path / "none") == ()


def test_a_serial_port_is_named_by_what_stays_the_same(tmp_path):
    (tmp_path / "serial" / "by-id").mkdir(parents=True)
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "ttyACM0").touch()
    (tmp_path / "serial" / "by-id" / "usb-FTDI").symlink_to(tmp_path / "ttyUSB0")
    names = own_serial_ports(tmp_path)
    assert names == (f"{tmp_path}/serial/by-id/usb-FTDI", f"{tmp_path}/ttyACM0")


@pytest.mark.parametrize("text", ["", "a b", "192.168.1.0/8", "192.168.1.0/99", "ftp://h", "h:x"])
def test_what_cannot_be_scanned_is_refused_with_examples(command, text):
    with pytest.raises(WrongInput, match=r"192\.168\.1\.0/24"):
        targets_of([text])
    assert command("scan", text)[0] == 2
