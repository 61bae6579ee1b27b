"""``gridtender run`` as its owner and the service manager meet it."""

import asyncio
import json
import os
import signal
import socket

import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import NO_EXPORT, NO_HEAT, children, free_port, listening, marked, until

pytestmark = pytest.mark.e2e

EMBEDDED = {"kind": "embedded"}
OWN_RULE = {"battery": {"fallback": {"level": "own-rule"}}}


def broker():
    return {**EMBEDDED, "listen": {"host": "127.0.0.1", "port": free_port()}}


@pytest.mark.parametrize("control", ["observe", "advise"])
async def test_nothing_is_written_before_the_owner_says_act(place, control):
    await place.build(solar_w=6000, battery_soc_pct=60)
    before = place.controls()
    settings = broker()
    config = place.write(control=control, broker=settings, grid=NO_EXPORT)
    await place.run(config)
    async with listening(settings["listen"]["port"]) as ear:
        await until(lambda: (ear.clearing or {}).get("sequence", 0) >= 3, "three clearings", 20)
        advice = ear.newest.get("d/roof/set")
    assert place.controls() == before
    assert not list((place.state / "arming").glob("*.json"))
    if control == "advise":
        assert advice["commanded"] is None
        assert advice["wanted"] is not None


async def test_a_clean_stop_releases_within_five_seconds(place):
    await place.build(battery_soc_pct=100, solar_w=6000)
    before = place.controls()
    config = place.write(broker=EMBEDDED, grid=NO_EXPORT)
    daemon = await place.run(config)
    await until(lambda: abs(place.truth("grid_w")) < 60, "the export limit is kept", 25)
    code, took_s = await daemon.end()
    assert (code, took_s < 5) == (0, True)
    assert place.point("roof", "123.WMaxLim_Ena") == 1
    assert place.point("roof", "123.WMaxLimPct") == 0
    assert place.truth("limit_w") == 0
    assert "Traceback" not in daemon.text
    restored = await place.release("--restore")
    assert restored.code == 0, restored.err
    assert place.controls() == before


async def test_hands_off_lets_go_within_two_seconds_and_its_end_takes_up_again(place):
    await place.build()
    before = place.controls()
    config = place.write(broker=EMBEDDED, devices=OWN_RULE)
    await place.run(config)
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)

    said = await place.command("hands-off", "--for", "1min", "--config", str(config))
    assert said.code == 0, said.err
    await until(lambda: place.controls() == before, "the words found stand there", 2.0)
    await until(lambda: abs(place.truth("battery_w")) < 50, "the battery stands still", 5.0)

    said = await place.command("hands-off", "--end", "--config", str(config))
    assert said.code == 0, said.err
    await until(lambda: place.truth("battery_w") > 3000, "the battery charges again", 15)


async def test_an_owners_word_that_cannot_be_read_is_hands_off_until_it_is_mended(place):
    await place.build()
    before = place.controls()
    place.state.mkdir()
    (place.state / "owner.json").write_text("{")
    config = place.write(broker=EMBEDDED, devices=OWN_RULE)
    daemon = await place.run(config)
    await until(lambda: len(place.clearings()) >= 2, "two clearings", 25)
    assert place.controls() == before
    assert daemon.text.count("control.unreadable") == 1
    said = await place.command("hands-off", "--end", "--config", str(config))
    assert said.code == 0, said.err
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)


async def test_the_owners_topic_lets_go_too(place):
    await place.build()
    before, settings = place.controls(), broker()
    await place.run(place.write(broker=settings, devices=OWN_RULE))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    password = (place.state / "credentials" / "owner").read_text().strip()
    async with listening(settings["listen"]["port"], "owner", password) as owner:
        await owner.say("owner/control", {"v": 1, "mode": "hands-off"})
        await until(lambda: place.controls() == before, "the words found stand there", 2.0)
        await until(
            lambda: owner.newest["m/control"]["mode"] == "hands-off", "the mode is published"
        )


async def test_a_second_gateway_on_one_state_folder_is_refused_in_a_sentence(place):
    await place.build()
    config = place.write(broker=EMBEDDED)
    first = await place.run(config)
    second = await place.command("run", "--config", str(config))
    assert second.code == 1
    assert f"in use by process {first.process.pid}" in second.err
    assert len(second.err.strip().splitlines()) == 1


async def test_release_leaves_a_running_gateway_alone(place):
    await place.build()
    config = place.write(broker=EMBEDDED)
    daemon = await place.run(config)
    await daemon.says("device.armed")
    said = await place.release()
    assert said.code == 1
    assert f"in use by process {daemon.process.pid}" in said.err
    await until(lambda: place.truth("battery_w") > 3000, "the battery is still driven", 15)


async def test_a_broken_configuration_is_named_and_ends_with_2(place):
    await place.build()
    config = place.write(contorl="act")
    said = await place.command("run", "--config", str(config))
    assert said.code == 2
    assert "contorl" in said.err
    assert "control" in said.err.replace("contorl", "")
    assert "Traceback" not in said.err


async def test_a_taken_port_and_a_missing_device_cost_a_sentence_each(place):
    await place.build()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = {**EMBEDDED, "listen": {"host": "127.0.0.1", "port": port}}
        nowhere = {"heatpump": {"connection": f"tcp://127.0.0.1:{free_port()}?unit=1"}}
        site = place.write(broker=settings, devices=nowhere)
        daemon = await place.run(site, heard="broker.unavailable")
        await until(lambda: place.truth("battery_w") > 3000, "the house runs on", 25)
    assert daemon.text.count(f"cannot listen on 127.0.0.1:{port}") == 1
    assert daemon.text.count("device=heatpump") == 1
    assert "state=offline" in daemon.text
    assert "Traceback" not in daemon.text
    # The port is free now: MQTT comes up by itself.
    await daemon.says("mqtt.connected", 30)


async def test_the_service_manager_is_told(place):
    await place.build()
    address = place.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(address))
        notify.setblocking(False)
        told = []

        def heard(what):
            while True:
                try:
                    told.append(notify.recv(4096).decode())
                except BlockingIOError:
                    return any(what in one for one in told)

        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "30000000"}
        daemon = await place.run(place.write(broker=EMBEDDED), env=env)
        await until(lambda: heard("READY=1"), "READY=1", 5)
        assert told[0].startswith("READY=1\nSTATUS=5 devices")
        await until(lambda: sum("WATCHDOG=1" in one for one in told) >= 3 or heard("\0"), "fed", 15)
        await daemon.end()
        assert heard("STOPPING=1")


async def test_a_hang_up_applies_what_can_change_live_and_names_the_rest(place):
    await place.build()
    before, settings = place.controls(), broker()
    grid = {"import_price": 0.30, "export_price": 0.08, "export_limit_w": 9000}
    config = place.write(broker=settings, control="observe", grid=grid)
    daemon = await place.run(config)

    good = config.read_text()
    config.write_text(good.replace('"UTC"', '"Mars/Base"'))
    daemon.send(signal.SIGHUP)
    await daemon.says("config.kept")
    assert "Mars/Base" in daemon.text

    site = json.loads(good)
    site["control"] = "act"
    site["grid"] |= {"import_price": 0.60, "export_price": 0.40}
    site["dispatch"] = {"deviation_w": 300}
    site["log"] = {"level": "warning"}
    config.write_text(json.dumps(site))
    async with listening(settings["listen"]["port"]) as ear:
        await until(lambda: ear.clearing, "a clearing")
        assert ear.clearing["referencePrice"] < 3000
        assert place.controls() == before
        daemon.send(signal.SIGHUP)
        await daemon.says("config.restart_needed")
        await until(lambda: ear.newest["m/control"]["mode"] == "act", "the mode in force")
        await until(lambda: place.controls() != before, "a setpoint", 15)
        await until(lambda: ear.clearing["referencePrice"] >= 4000, "the new price rules", 15)
    last = daemon.text.splitlines()[-1]
    assert "keys=dispatch" in last, last


async def test_a_dead_device_is_one_line_and_comes_back(place):
    await place.build()
    daemon = await place.run(place.write(broker=EMBEDDED, devices=NO_HEAT))
    await daemon.says("device.armed")
    await place.house.unplug("battery")
    await daemon.says("state=offline", 8)
    await asyncio.sleep(3)
    lines = [x for x in daemon.text.splitlines() if "battery" in x and "state_changed" in x]
    assert len(lines) == 2, lines
    await place.house.plug("battery")
    await until(lambda: daemon.text.count("device=battery state=online") == 2, "back", 10)
    assert "Traceback" not in daemon.text


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
async def test_its_own_mosquitto_killed_comes_back_and_the_house_goes_on(place):
    await place.build()
    port = free_port()
    settings = {"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}}
    daemon = await place.run(place.write(broker=settings))
    await daemon.says("mqtt.connected")
    await until(place.clearings, "a clearing", 20)
    (child,) = children(daemon.process.pid)
    os.kill(child, signal.SIGKILL)
    await daemon.says("broker.restarted")
    await until(lambda: daemon.text.count("mqtt.connected") == 2, "reconnected", 15)
    sequences = [c.sequence for c in place.clearings()]
    assert sequences == list(range(1, len(sequences) + 1))
    assert "Traceback" not in daemon.text


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
async def test_a_frozen_broker_does_not_hold_up_the_release(place):
    await place.build()
    before = place.controls()
    daemon = await place.run(place.write(broker={"kind": "mosquitto"}, devices=OWN_RULE))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    (child,) = children(daemon.process.pid)
    os.kill(child, signal.SIGSTOP)
    daemon.send(signal.SIGTERM)
    await until(lambda: place.controls() == before, "the words found stand there", 3)
    code, _ = await daemon.end(number=0, within_s=15)
    assert code == 0
    assert child not in marked("PATH=")


async def test_the_log_is_json_where_a_machine_reads_it(place):
    await place.build()
    settings = {"level": "info", "format": "json"}
    daemon = await place.start("run", "--config", str(place.write(broker=EMBEDDED, log=settings)))
    await daemon.says("mqtt.connected")
    await daemon.end()
    lines = [json.loads(line) for line in daemon.text.splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] in {"gateway.started", "control.changed"}
    assert events[-1] == "gateway.stopped"
    assert all("level" in line for line in lines)
