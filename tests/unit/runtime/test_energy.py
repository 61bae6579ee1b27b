"""Energy is counted as readings come; told is only what the disk has kept."""

from dataclasses import replace

from structlog.testing import capture_logs

from gateway.adapters.state import StateUnusable
from gateway.model.device import Capabilities, Description, Device, Identity, Role
from gateway.model.energy import Counter, Metered
from gateway.model.event import Described, EnergyCounted
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.time import Duration, Instant, seconds
from gateway.runtime.bus import LocalBus
from gateway.runtime.energy import Energy

ROOF = Device(id="roof", role=Role.SOLAR, driver="sunspec", connection="x", line="x")
NOON = Instant(1_782_043_200_000_000_000)


class Clock:
    """Set by hand."""

    def __init__(self):
        self.passed, self.ahead, self.synchronised = 0, 0, True

    def now(self):
        return Instant(NOON + self.passed + self.ahead)

    def monotonic(self):
        return Duration(self.passed)


class Room:
    """A disk, a bus, and the energy station before them."""

    def __init__(self, kept=None, clock=None, broken=False):
        self.kept, self.full, self.broken = kept or {}, False, broken
        self.clock, self.bus, self.told = clock or Clock(), LocalBus(), []
        self.bus.listen(self.hear)
        self.energy = Energy(
            devices=(ROOF,), load=self.load, store=self.store, clock=self.clock, bus=self.bus
        )

    def hear(self, fact):
        if isinstance(fact, EnergyCounted):
            self.told.append(fact.out_wh)

    def load(self):
        if self.broken:
            message = "not JSON"
            raise StateUnusable(message)
        return self.kept

    async def store(self, meters):
        if self.full:
            message = "no space left"
            raise StateUnusable(message)
        self.kept = dict(meters)

    def read(self, counted_wh=None, power_w=None, after_s=10.0, **more):
        self.clock.passed += seconds(after_s)
        flows = {} if power_w is None else {POWER: power_w}
        reading = Reading(device="roof", at=self.clock.now(), flows=flows, **more)
        self.bus.publish(replace(reading, counted_out_wh=counted_wh))

    def describe(self, serial, rating_w=8000.0):
        description = Description(
            identity=Identity(serial=serial), capabilities=Capabilities(rating_w=rating_w)
        )
        self.bus.publish(Described(device="roof", description=description))

    def follow(self, counted_wh):
        for _ in range(3):
            self.read(counted_wh)


async def test_what_the_disk_did_not_take_is_not_told():
    room = Room()
    room.follow(5000.0)
    room.read(5300.0)
    await room.energy.keep()
    room.full = True
    room.read(5400.0, after_s=60)
    with capture_logs() as logs:
        await room.energy.keep()
    assert room.told == [300]
    assert [line["event"] for line in logs] == ["energy.not_kept"]
    room.full = False
    await room.energy.keep()
    assert room.told == [300, 400]


async def test_an_exchanged_device_goes_on_from_the_same_total():
    room = Room()
    room.describe("123")
    room.follow(5000.0)
    room.read(5300.0)
    with capture_logs() as logs:
        room.describe("456")
        room.follow(5400.0)
        room.read(5500.0)
        room.describe("456")
        room.read(5500.0)
    await room.energy.keep()
    assert room.told == [400]
    assert [line["event"] for line in logs] == ["energy.device_exchanged"]


async def test_an_exchange_while_the_gateway_was_away_is_noticed():
    before = Metered(at=NOON, out=Counter(total_wh=700.0, raw_wh=5000.0), serial="123")
    room = Room(kept={"roof": before})
    room.clock.passed += seconds(3600)
    room.describe("456")
    room.follow(5900.0)
    room.read(5910.0)
    await room.energy.keep()
    assert room.told == [710]


async def test_what_flowed_while_the_gateway_was_away_is_counted_as_far_as_the_rating_allows():
    before = Metered(at=Instant(NOON - seconds(3600)), out=Counter(total_wh=700.0, raw_wh=5000.0))
    room = Room(kept={"roof": before})
    room.describe("123", rating_w=8000.0)
    room.read(12_000.0)
    await room.energy.keep()
    assert room.told == [7700]
    room = Room(kept={"roof": before})
    room.describe("123", rating_w=2000.0)
    room.follow(12_000.0)
    await room.energy.keep()
    assert room.told == [700]


async def test_a_clock_not_yet_synchronised_waits_with_the_counters_and_loses_nothing():
    before = Metered(at=NOON, out=Counter(total_wh=700.0, raw_wh=5000.0))
    clock = Clock()
    clock.synchronised = False
    clock.ahead = -seconds(30 * 365 * 86_400)  # a Pi without a battery for its clock
    room = Room(kept={"roof": before}, clock=clock)
    room.describe("123", rating_w=8000.0)
    room.follow(9000.0)
    await room.energy.keep()
    assert room.told == [700]
    clock.ahead, clock.synchronised = seconds(3600), True
    room.read(9000.0)
    await room.energy.keep()
    assert room.told == [700, 4700]


async def test_without_a_counter_the_power_is_integrated_but_not_over_gaps():
    room = Room()
    for _ in range(7):
        room.read(None, -3600.0, after_s=10)
    assert room.energy._entries["roof"].metered.out.total_wh == 60.0
    room.read(None, -3600.0, after_s=3600)
    assert room.energy._entries["roof"].metered.out.total_wh == 60.0


async def test_every_reading_is_integrated_though_counters_are_looked_at_now_and_then():
    room = Room()
    for second in range(61):
        room.read(None, -3600.0 if second % 2 else 0.0, after_s=1)
    await room.energy.keep()
    assert room.told == [30]


async def test_what_is_not_good_is_not_counted():
    room = Room()
    room.follow(5000.0)
    room.read(5000.0, -3600.0)
    room.read(5200.0, -9e9, quality=Quality.SUSPECT)
    room.read(5000.0, -3600.0)
    await room.energy.keep()
    assert room.told == [0]


async def test_totals_that_cannot_be_read_begin_anew_and_are_said():
    with capture_logs() as logs:
        room = Room(broken=True)
    room.follow(5000.0)
    room.read(5003.0)
    await room.energy.keep()
    assert [line["event"] for line in logs] == ["energy.unreadable"]
    assert room.told == [3]


async def test_a_device_taken_out_of_the_configuration_keeps_its_total():
    gone = Metered(at=NOON, out=Counter(total_wh=900.0))
    room = Room(kept={"old": gone})
    room.follow(5000.0)
    await room.energy.keep()
    assert room.kept["old"] == gone
