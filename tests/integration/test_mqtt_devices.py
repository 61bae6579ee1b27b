"""Devices that speak MQTT on a real mosquitto, played by mosquitto_pub."""

import asyncio
import json
import socket
import subprocess
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from drivers.mqtt import package
from gateway.adapters.broker import find_mosquitto
from gateway.adapters.clock import WallClock
from gateway.adapters.mqtt_devices import open_mqtt
from gateway.model.device import Device, Fallback, Role
from gateway.model.errors import DeviceUnavailable
from gateway.model.reading import Quality
from gateway.model.resource import OCCUPANCY, TEMPERATURE
from gateway.model.setpoint import Outcome, Setpoint
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant
from gateway.runtime.release import let_go

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
DEADLINE_S = 8.0


class Broker:
    """A mosquitto without access rules, which can be stopped and started again."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = folder / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            str(find_mosquitto()), "-c", str(self.config), stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return self

    async def __aexit__(self, *exc):
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def publish(self, topic, payload, *more):
        text = payload if isinstance(payload, str) else json.dumps(payload)
        process = await asyncio.create_subprocess_exec(
            "mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-m", text, *more
        )
        assert await process.wait() == 0


@asynccontextmanager
async def opened(broker, role, own, **more):
    line_url = f"mqtt://127.0.0.1:{broker.port}"
    device = Device(
        id="it",
        role=role,
        driver="mqtt",
        connection=line_url,
        line=line_url,
        timeout=Duration(500 * MILLISECOND),
        **more,
    )
    settings = package.parse(device, own)
    assert not isinstance(settings, tuple), settings
    async with open_mqtt(line_url, WallClock()) as line:
        yield package.open(device, settings, line), line


async def until(question):
    async with asyncio.timeout(DEADLINE_S):
        while not (answer := await question()):  # noqa: ASYNC110 - asked of the driver
            await asyncio.sleep(0.01)
        return answer


async def connected(driver):
    async def once():
        try:
            return await driver.connect()
        except DeviceUnavailable:
            return None

    return await until(once)


async def good(driver):
    async def once():
        try:
            reading = await driver.read()
        except DeviceUnavailable:
            return None
        return reading if reading.quality is Quality.GOOD else None

    return await until(once)


async def listening(driver, line):
    """Subscribed: only then is what is published heard as it is."""
    with pytest.raises(DeviceUnavailable):
        await driver.connect()
    assert await line.until(lambda: not line.away, timeout=Duration(5 * SECOND))


def setpoint(quantity, timer_s=0):
    return Setpoint(
        device="it", quantity=quantity, valid_until=Instant(0), timer_s=timer_s, because="test"
    )


ZIGBEE = {"shape": "zigbee2mqtt", "topic": "zigbee2mqtt/it"}
TASMOTA = {"shape": "tasmota", "topic": "it", "switch_w": 2000}


def test_a_sensor_tells_temperature_and_occupancy_as_states(tmp_path):
    async def main():
        async with Broker(tmp_path) as broker, opened(broker, Role.SENSOR, ZIGBEE) as (it, line):
            await listening(it, line)
            await broker.publish("zigbee2mqtt/it", {"temperature": 21.5, "occupancy": True})
            told = await connected(it)
            assert told.capabilities.states == (TEMPERATURE, OCCUPANCY)
            assert (await good(it)).flows == {TEMPERATURE: 21.5, OCCUPANCY: 1.0}

    asyncio.run(main())


def test_what_the_broker_kept_is_of_unknown_age_and_never_good(tmp_path):
    async def main():
        async with Broker(tmp_path) as broker:
            await broker.publish("zigbee2mqtt/it", {"power": 700}, "-r")
            async with opened(broker, Role.GRID, ZIGBEE) as (it, _):
                await connected(it)
                old = await it.read()
                assert (old.quality, old.power_w) == (Quality.STALE, 700.0)
                await broker.publish("zigbee2mqtt/it", {"power": 710}, "-r")
                assert (await good(it)).power_w == 710.0

    asyncio.run(main())


def test_a_device_that_says_it_is_offline_has_no_value_at_once_and_is_then_unavailable(tmp_path):
    async def main():
        async with Broker(tmp_path) as broker, opened(broker, Role.LOAD, TASMOTA) as (it, line):
            await listening(it, line)
            await broker.publish("tele/it/SENSOR", {"ENERGY": {"Power": 42, "Total": 1.5}})
            await connected(it)
            reading = await good(it)
            assert (reading.power_w, reading.counted_in_wh) == (42.0, 1500.0)
            await broker.publish("tele/it/LWT", "Offline", "-r")
            offline = line.until(
                lambda: line.newest("tele/it/LWT") is not None, timeout=Duration(5 * SECOND)
            )
            assert await offline
            gone = await it.read()
            assert (gone.quality, dict(gone.flows)) == (Quality.MISSING, {})
            with pytest.raises(DeviceUnavailable, match="offline"):
                await it.read()

    asyncio.run(main())


def test_a_device_whose_clock_is_behind_is_stale_and_its_clock_is_named(tmp_path):
    async def main():
        own = {"values": {"power": {"topic": "m/p", "path": "w"}}, "time": "at"}
        async with Broker(tmp_path) as broker, opened(broker, Role.METER, own) as (it, line):
            await listening(it, line)
            await broker.publish("m/p", {"w": 5, "at": "2020-01-01T00:00:00Z"})
            await connected(it)
            reading = await it.read()
            assert reading.quality is Quality.STALE
            assert "clock is wrong" in reading.note

    asyncio.run(main())


def test_a_value_older_than_its_expiry_is_stale_and_then_the_device_is_silent(tmp_path):
    async def main():
        own = {"expiry": "200ms", "values": {"power": {"topic": "m/p", "unit": "kW"}}}
        async with Broker(tmp_path) as broker, opened(broker, Role.METER, own) as (it, line):
            await listening(it, line)
            await broker.publish("m/p", "1.25")
            await connected(it)

            async def stale():
                reading = await it.read()
                return reading if reading.quality is Quality.STALE else None

            assert (await until(stale)).power_w == 1250.0

            async def silent():
                try:
                    await it.read()
                except DeviceUnavailable as fault:
                    return "silent" in str(fault)

            await until(silent)

    asyncio.run(main())


@asynccontextmanager
async def a_tasmota_plug(broker):
    """Answers ``cmnd/it/POWER`` as the firmware does, over its own connection."""
    state = {"on": False}
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("cmnd/it/POWER", qos=1)

        async def play():
            async for message in client.messages:
                if message.payload:  # an empty one only asks
                    state["on"] = message.payload == b"ON"
                await client.publish("stat/it/POWER", "ON" if state["on"] else "OFF", qos=1)

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(play())
            yield state
            task.cancel()


class OneRecord:
    """The armory as it is after a crash: a record, and nothing else."""

    def __init__(self, arming):
        self.armings = {arming.device: arming}

    def all(self):
        return tuple(self.armings.values())

    async def discard(self, device):
        del self.armings[device]


def test_a_switch_is_told_shows_it_and_is_let_go_from_its_arming_record_alone(tmp_path):
    async def main():
        said = []
        async with Broker(tmp_path) as broker, a_tasmota_plug(broker) as plug:
            more = {"no_timer": True, "fallback": Fallback(level_w=None)}
            async with opened(broker, Role.HEAT, TASMOTA, **more) as (it, line):
                await listening(it, line)
                await broker.publish("tele/it/SENSOR", {"ENERGY": {"Power": 0}})
                told = await connected(it)
                assert told.capabilities.stages_w == (2000.0,)
                arming = await it.arm()
                written = await it.write(setpoint(2500.0))
                assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, 2000.0)
                assert plug["on"]
                await broker.publish("stat/it/POWER", "OFF")

                async def overridden():
                    return (await it.read()).overridden

                assert "stat/it/POWER shows 'OFF'" in await until(overridden)
                assert (await it.write(setpoint(2000.0))).outcome is Outcome.ACCEPTED
            armory = OneRecord(arming)
            left = await let_go(
                armory,
                lambda url: open_mqtt(url, WallClock()),
                restore=False,
                say=said.append,
                pause_s=0.1,
            )
            assert not left, said
            assert not plug["on"]
            assert not armory.armings

    asyncio.run(main())


def test_a_switch_that_does_not_answer_is_refused_with_what_it_shows(tmp_path):
    async def main():
        async with Broker(tmp_path) as broker, opened(broker, Role.LOAD, TASMOTA) as (it, line):
            await listening(it, line)
            await broker.publish("tele/it/SENSOR", {"ENERGY": {"Power": 0}})
            await connected(it)
            written = await it.write(setpoint(2000.0))
            assert written.outcome is Outcome.REFUSED
            assert "stat/it/POWER shows nothing" in written.detail

    asyncio.run(main())


def test_what_the_broker_kept_of_a_dead_switch_proves_no_command(tmp_path):
    async def main():
        async with Broker(tmp_path) as broker, opened(broker, Role.LOAD, TASMOTA) as (it, line):
            await broker.publish("stat/it/POWER", "ON", "-r")
            await listening(it, line)
            await broker.publish("tele/it/SENSOR", {"ENERGY": {"Power": 0}})
            await connected(it)
            assert line.newest("stat/it/POWER").payload == b"ON"
            written = await it.write(setpoint(2000.0))
            assert written.outcome is Outcome.REFUSED
            assert "shows 'ON', which the broker had kept" in written.detail

    asyncio.run(main())


def test_a_state_that_was_heard_from_the_device_proves_a_command_it_need_not_answer(tmp_path):
    async def main():
        async with Broker(tmp_path) as broker, opened(broker, Role.LOAD, TASMOTA) as (it, line):
            await listening(it, line)
            await broker.publish("stat/it/POWER", "ON")
            await broker.publish("tele/it/SENSOR", {"ENERGY": {"Power": 0}})
            await connected(it)
            assert (await it.write(setpoint(2000.0))).outcome is Outcome.ACCEPTED

    asyncio.run(main())


def test_a_broker_that_is_away_makes_the_device_unavailable_until_it_is_back(tmp_path):
    async def main():
        broker = Broker(tmp_path)
        async with broker, opened(broker, Role.METER, ZIGBEE) as (it, line):
            await listening(it, line)
            await broker.publish("zigbee2mqtt/it", {"power": 5})
            await connected(it)
            await broker.__aexit__()

            async def away():
                try:
                    await it.read()
                except DeviceUnavailable as fault:
                    return "away" in str(fault)

            await until(away)
            await broker.__aenter__()
            assert await line.until(lambda: not line.away, timeout=Duration(8 * SECOND))
            await broker.publish("zigbee2mqtt/it", {"power": 6})

            async def six():
                return (await good(it)).power_w == 6.0

            await until(six)

    asyncio.run(main())
