"""What others met with MQTT and Home Assistant, and what holds here."""

import asyncio
import json
import signal
from dataclasses import replace
from itertools import pairwise

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.installation import client_id
from gateway.adapters.mqtt import MqttAdapter
from gateway.model.device import Device, Role
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.site import DeviceSettings
from gateway.model.time import SECOND, Instant
from gateway.wire.border import border
from gateway.wire.home_assistant import HomeAssistant
from gateway.wire.mirror import Mirror
from tests.integration.test_mqtt import (
    BASE,
    DEADLINE_S,
    SITE,
    FakeExchange,
    Mosquitto,
    ear,
    house,
)

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
MIRROR = Mirror(SITE)
NOW = Instant(1_800_000_000 * SECOND)


@pytest.fixture
async def broker(tmp_path):
    own = Mosquitto(folder=tmp_path / "broker", protocol=5)
    own.prepare()
    await own.start()
    yield own
    await own.stop()


def home_assistant():
    roof = Device(id="roof", role=Role.SOLAR, driver="sunspec", connection="x", line="x")
    site = replace(SITE, devices=(DeviceSettings(device=roof, settings=None),))
    return HomeAssistant(site, installation="0123abcd", version="1")


def test_lesson_075_the_birth_is_kept_where_the_will_is_kept():
    """A will that was kept and a birth that was not left a device offline for ever."""
    birth, will = MIRROR.birth(NOW), MIRROR.will()
    assert birth.retain
    assert (birth.topic, birth.qos) == (will.topic, will.qos)


def test_lesson_076_the_will_is_kept_where_the_birth_is_kept():
    """A birth that was kept and a will that was not left a device online for ever."""
    birth, will = MIRROR.birth(NOW), MIRROR.will()
    assert will.retain
    assert json.loads(birth.payload)["status"] == "online"
    assert json.loads(will.payload)["status"] == "offline"


async def test_lesson_077_a_clean_stop_says_offline_itself(broker):
    """A clean disconnect sends no will, so the device that was stopped seemed to be there."""
    async with house(broker) as running, ear(broker, f"{BASE}/status") as outside:
        await outside.until(lambda heard: b"online" in heard[-1][1] if heard else False)
        await running.stop()
        await outside.until(lambda heard: b"offline" in heard[-1][1])


async def test_lesson_078_what_was_measured_says_when_and_goes_by_itself(broker):
    """Broker and client died together, and a kept message went on saying that all was well."""
    async with house(broker) as running, ear(broker, f"{BASE}/d/roof/reading") as outside:
        at = running.clock.now()
        running.adapter.listen(Reading(device="roof", at=at, flows={POWER: -1.0}))
        assert (await outside.one(f"{BASE}/d/roof/reading"))["at"]
    message = MIRROR.messages(Reading(device="roof", at=NOW), NOW)[0]
    assert message.expiry_s


async def test_lesson_079_what_is_left_of_a_removed_device_is_cleared(broker):
    """Devices that were long removed went on standing in Home Assistant."""
    ghost = f"{BASE}/d/gone/state"
    async with ear(broker) as earlier:
        await earlier.client.publish(ghost, b"{}", qos=1, retain=True)
    async with ear(broker, ghost) as outside:
        await outside.until(lambda heard: bool(heard) and heard[0][1] == b"{}")
        async with house(broker):
            await outside.until(lambda heard: heard[-1][1] == b"")


def test_lesson_080_announcements_are_kept_and_its_birth_is_listened_to():
    """Announcements that were not kept were gone when Home Assistant started again."""
    assistant = home_assistant()
    announced = (*assistant.standing(), *assistant.unasked())
    assert announced
    assert all(message.retain for message in announced)
    assert assistant.birth == "homeassistant/status"


def test_lesson_081_the_id_is_of_machine_and_folder(tmp_path):
    """Two clients with the same id hung each other up for ever."""
    machine = tmp_path / "machine-id"
    machine.write_text("one")
    one = client_id("home", "/a", machine)
    assert one == client_id("home", "/a", machine)
    assert one != client_id("home", "/b", machine)
    machine.write_text("two")
    assert one != client_id("home", "/a", machine)


class Kicked(MqttAdapter):
    """Every connection works, and ends at once."""

    async def _connection_error(self):
        self.connected.set()
        self.lives.append(asyncio.get_running_loop().time())
        return aiomqtt.MqttError("kicked")


def test_lesson_082_who_is_hung_up_at_once_comes_back_ever_slower(virtual, clock):
    """A connection that worked and was ended at once was made again without any pause."""

    async def main():
        kicked = Kicked(
            endpoint=Mosquitto(folder=None),
            identifier="x",
            mirror=MIRROR,
            border=border(SITE),
            exchange=FakeExchange(clock),
            clock=clock,
        )
        kicked.lives = []
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(kicked.run())
            await asyncio.sleep(12)
            task.cancel()
        return kicked.lives

    lives = virtual(main())
    pauses = [after - before for before, after in pairwise(lives)]
    assert pauses[:5] == pytest.approx([0.25, 0.5, 1.0, 2.0, 4.0])


async def test_lesson_083_a_broker_that_hangs_holds_up_nothing(broker):
    """A client that connected again in the event loop held up all that ran there."""
    async with house(broker) as running:
        broker.freeze()
        began = asyncio.get_running_loop().time()
        for watts in range(100):
            at = running.clock.now()
            running.adapter.listen(Reading(device="roof", at=at, flows={POWER: -float(watts)}))
            await asyncio.sleep(0)
        assert asyncio.get_running_loop().time() - began < 1.0
        broker.process.send_signal(signal.SIGCONT)


def test_lesson_084_a_reading_is_never_kept_without_its_age():
    """Nobody could tell which kept topics still held, so all of them were given up."""
    message = MIRROR.messages(Reading(device="roof", at=NOW, flows={POWER: 1.0}), NOW)[0]
    assert json.loads(message.payload)["at"] == "2027-01-15T08:00:00.000Z"
    assert message.expiry_s == 60


async def test_lesson_085_a_connection_that_dies_sends_the_will(broker):
    """A will was configured and never sent, and nobody had tried."""
    async with house(broker) as running, ear(broker, f"{BASE}/status") as outside:
        await outside.until(lambda heard: bool(heard) and b"online" in heard[-1][1])
        async with (
            aiomqtt.Client(
                broker.host,
                broker.port,
                username="gateway",
                password=broker.password,
                identifier=running.adapter._identifier,
                protocol=aiomqtt.ProtocolVersion.V5,
            ),
            asyncio.timeout(DEADLINE_S),
        ):
            await outside.until(lambda heard: any(b"offline" in text for _, text, _ in heard))
