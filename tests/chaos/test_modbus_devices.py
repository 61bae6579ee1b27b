"""Devices whose answers are well formed and wrong: judged at the registers and in the physics."""

import random

import pytest

from drivers.sunspec.codec import layout
from gateway.model.errors import RequestRefused
from gateway.model.event import FaultChanged
from gateway.model.reading import Quality, Reading
from gateway.model.time import parse_rfc3339, seconds
from tests.chaos.extent import RUNS
from tests.simulation.harness import open_home

pytestmark = [pytest.mark.chaos, pytest.mark.patient]

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
QUIET = {"load_w": 300, "temperature_c": 21.2}
CHANGES = {"grid": {"export_limit_w": 0}, "devices": {"heatpump": None}}
CONTROL = {"roof": 123, "battery": 124}


@pytest.fixture
def at_home(tmp_path, virtual):
    def run(script, house_settings):
        async def main():
            async with open_home(tmp_path, NOON, house_settings, **CHANGES) as home:
                return await script(home)

        return virtual(main())

    return run


class Box:
    """A device's registers behind a fault; writes always arrive."""

    def __init__(self, box):
        self.box, self.writes = box, []

    def read(self, address, count):
        return self.box.read(address, count)

    def write(self, address, words):
        self.writes.append((address, tuple(words)))
        self.box.write(address, words)


class Frozen(Box):
    """While ``on`` every register outside ``live`` shows what it showed."""

    def __init__(self, box, live=range(0)):
        super().__init__(box)
        self.live, self.on, self.old = live, False, {}

    def read(self, address, count):
        words = dict(enumerate(self.box.read(address, count), address))
        if not self.on:
            self.old |= words
        return [word if at in self.live else self.old.get(at, word) for at, word in words.items()]


def behind(home, device, kind, *more):
    outlet = home.house._outlets[device]
    outlet._box = kind(outlet._box, *more)
    return outlet._box


def model_at(home, device, model):
    """The registers of a model, its header too."""
    bank = getattr(home.house._world, device).bank
    first = {123: "Conn_WinTms", 124: "WChaMax", 122: "PVConn", 1: "Mn"}[model]
    start = bank.address(f"{model}.{first}") - 2
    length = bank.read(start + 1, 1)[0]
    return range(start, start + 2 + length)


def faults(home, code):
    return [
        (f.device, f.active) for f in home.facts if isinstance(f, FaultChanged) if f.code == code
    ]


def too_much_export_s(home, start, after_s):
    """Seconds with more than 100 W of export, from ``after_s`` on."""
    return sum(-truth["grid_w"] > 100 for t, truth in home.since(start) if t > after_s) / 10


@pytest.mark.parametrize("device", ["roof", "battery"])
@pytest.mark.parametrize("controls", ["live", "frozen"])
@pytest.mark.parametrize("seed", range(RUNS))
def test_a_device_that_stands_still_is_named_within_20_s_and_the_limit_holds_without_it(
    at_home, device, controls, seed
):
    """Each change of load may leak for a moment; nothing swings."""
    print(f"seed {seed}")
    dice = random.Random(seed)
    loads = [2300, 300, dice.randrange(3000, 6000), 300, dice.randrange(400, 3000)]

    async def script(home):
        control = model_at(home, device, CONTROL[device])
        box = behind(home, device, Frozen, control if controls == "live" else range(0))
        await home.pass_time(40)
        box.on = True
        start = home.clock.now()
        for load_w in loads:
            home.house.set_load(load_w)
            await home.pass_time(30)
        leaked_s = too_much_export_s(home, start, 20)
        named = faults(home, "DEVICE_FROZEN")
        box.on = False
        await home.pass_time(20)
        cleared = faults(home, "DEVICE_FROZEN")
        start = home.clock.now()
        home.house.set_load(2000)
        await home.pass_time(20)
        return leaked_s, named, cleared, too_much_export_s(home, start, 5), home.house.truth()

    soc = 60 if device == "battery" else 100
    leaked_s, named, cleared, after_s, truth = at_home(
        script, {**QUIET, "battery_soc_pct": soc, "solar_w": 3000}
    )
    # A source that stands still under a limit it never reaches gives no sign: nothing is lost.
    told = [] if (device, controls) == ("roof", "live") else [(device, True)]
    assert named == told
    assert cleared == told + [(d, False) for d, _ in told]
    assert leaked_s < 20
    assert after_s == 0
    assert -60 < truth["grid_w"] < 300


def test_a_frozen_battery_stands_still_and_is_tried_again_after_5_minutes(at_home):
    async def script(home):
        box = behind(home, "battery", Frozen)
        await home.pass_time(40)
        box.on = True
        for load_w in (2300, 300):
            home.house.set_load(load_w)
            await home.pass_time(20)
        still_w = home.house.truth()["battery_w"]
        await home.pass_time(300, step_s=1)
        for load_w in (2300, 300):
            home.house.set_load(load_w)
            await home.pass_time(20)
        return still_w, faults(home, "DEVICE_FROZEN")

    still_w, named = at_home(script, {**QUIET, "battery_soc_pct": 60, "solar_w": 3000})
    assert abs(still_w) < 5
    assert named[:2] == [("battery", True), ("battery", False)]


def test_a_device_whose_own_clock_says_1970_is_as_fresh_as_any(at_home):
    """Its readings carry our time, its own is a point like any other."""

    async def script(home):
        status = model_at(home, "roof", 122)
        time = layout(122, len(status) - 2).point("Tms")
        box = behind(home, "roof", Clockless, status.start + time.offset)
        await home.pass_time(40)
        view = home.gateway.site.view("roof", home.clock.now())
        return box.asked, view.quality, home.clock.now() - view.reading.at, home.house.truth()

    asked, quality, age, truth = at_home(script, {**QUIET, "battery_soc_pct": 100, "solar_w": 6000})
    assert asked
    assert quality is Quality.GOOD
    assert 0 <= age <= seconds(2)
    assert truth["grid_w"] > -60


class Clockless(Box):
    """Its time of day is 30 s after 1970-01-01."""

    def __init__(self, box, address):
        super().__init__(box)
        self.address, self.asked = address, 0

    def read(self, address, count):
        words = self.box.read(address, count)
        at = self.address - address
        if 0 <= at < count:
            self.asked += 1
            words[at : at + 2] = [0, 30][: count - at]
        return words


class Shrinking(Box):
    """By night a model is gone: the chain ends before it, its registers are refused."""

    def __init__(self, box, model):
        super().__init__(box)
        self.model, self.night = model, False

    def read(self, address, count):
        words = self.box.read(address, count)
        if not self.night:
            return words
        start = self.model.start
        if address + count > start + 2:
            message = f"no register {start + 2}"
            raise RequestRefused(message, code=2)
        for at, word in ((start, 0xFFFF), (start + 1, 0)):
            if address <= at < address + count:
                words[at - address] = word
        return words

    def write(self, address, words):
        if self.night and address >= self.model.start:
            message = f"no register {address}"
            raise RequestRefused(message, code=2)
        super().write(address, words)


def test_a_control_model_that_is_gone_by_night_is_found_again_within_10_s_of_dawn(at_home):
    async def script(home):
        box = behind(home, "roof", Shrinking, model_at(home, "roof", 123))
        await home.pass_time(40)
        home.house.set_sun(0)
        await home.pass_time(5)
        box.night = True
        await home.house.unplug("roof")
        await home.pass_time(10)
        await home.house.plug("roof")
        await home.pass_time(40)
        by_night = home.gateway.site.state("roof")
        home.house.set_sun(6000)
        box.night = False
        start = home.clock.now()
        await home.pass_time(60)
        return by_night, home.back_within(start, lambda grid_w: grid_w >= -60), box.writes

    by_night, back_s, writes = at_home(script, {**QUIET, "battery_soc_pct": 100, "solar_w": 3000})
    assert by_night is not None
    assert back_s <= 10.0
    assert writes


class Moved(Box):
    """A firmware update while it runs: the common model grows by one, all others move."""

    def __init__(self, box, common):
        super().__init__(box)
        self.common, self.on = common, False

    def _was(self, at):
        return at - (at >= self.common.stop)

    def read(self, address, count):
        if not self.on:
            return self.box.read(address, count)
        words = [self.box.read(self._was(at), 1)[0] for at in range(address, address + count)]
        if address <= self.common.start + 1 < address + count:
            words[self.common.start + 1 - address] += 1
        return words

    def write(self, address, words):
        super().write(self._was(address) if self.on else address, words)


def test_registers_that_moved_by_one_are_never_read_as_if_they_had_not(at_home):
    async def script(home):
        box = behind(home, "roof", Moved, model_at(home, "roof", 1))
        await home.pass_time(40)
        start = home.clock.now()
        box.on = True
        await home.pass_time(30)
        seen = [f for f in home.facts if isinstance(f, Reading) and f.device == "roof"]
        return [f.power_w for f in seen if f.at > start], home.gateway.site.state("roof").value

    seen, state = at_home(script, {**QUIET, "battery_soc_pct": 100, "solar_w": 6000})
    assert state == "online"
    assert len(seen) > 20
    assert all(power_w is not None and -340 < power_w < -200 for power_w in seen), seen
