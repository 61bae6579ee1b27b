"""Wishes: configured ones begin anew each day, said ones go before them once, all are kept."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.adapters.wish_file import WishFile
from gateway.app.wishes import next_time_in
from gateway.model.device import Device, DeviceState, Role
from gateway.model.event import WishChanged
from gateway.model.programme import programme_of
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.site import FixedPrice, Tariff
from gateway.model.time import HOUR, SECOND, Instant, parse_rfc3339, rfc3339
from gateway.model.wish import Said, WishMode, wish_of
from gateway.runtime.bus import LocalBus
from gateway.runtime.prices import Prices
from gateway.runtime.site import Site
from gateway.runtime.wishes import Wishes

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CAR = Device(id="car", role=Role.EV, driver="x", connection="x", line="x", capacity_wh=50_000)
TARIFF = Tariff(import_price=FixedPrice(value=0.3), export_price=FixedPrice(value=0.08))


class Clock:
    now_ns = NOON

    def now(self):
        return self.now_ns

    def pass_h(self, hours):
        self.now_ns = Instant(int(self.now_ns + hours * HOUR))


class Room:
    """A site with a car, a disk, and the wishes before them; a new one is a restart."""

    def __init__(self, folder, wish=None, clock=None, had_wh=0.0):
        self.clock, self.had_wh, self.told = clock or Clock(), had_wh, []
        self.file, self.bus = WishFile(folder), LocalBus()
        self.bus.listen(lambda fact: self.told.append(fact) if type(fact) is WishChanged else None)
        car = replace(CAR, wish=wish and wish_of(wish))
        self.site = Site([car], Prices(TARIFF))
        self.wishes = Wishes(
            devices=[car],
            next_time=next_time_in("Europe/Amsterdam"),
            load=self.file.load,
            store=self.file.store,
            left=self.file.left,
            had_wh=lambda _device: self.had_wh,
            site=self.site,
            bus=self.bus,
            clock=self.clock,
        )

    async def look(self):
        with capture_logs() as logs:
            self.wishes.look()
            while self.wishes._keeping.busy:
                await self.wishes._keeping._writing
        return [line["event"] for line in logs]

    @property
    def seen(self):
        return self.site.snapshot(self.clock.now()).devices["car"].errand


@pytest.mark.parametrize(
    ("now", "clock", "at"),
    [
        ("2026-06-21T12:00:00Z", (7, 0), "2026-06-22T05:00:00.000Z"),
        ("2026-06-21T04:59:59Z", (7, 0), "2026-06-21T05:00:00.000Z"),
        ("2026-06-21T05:00:00Z", (7, 0), "2026-06-22T05:00:00.000Z"),
        ("2026-03-28T12:00:00Z", (7, 0), "2026-03-29T05:00:00.000Z"),  # 23 hours that night
        ("2026-03-28T12:00:00Z", (2, 30), "2026-03-29T01:30:00.000Z"),  # there is none
        ("2026-10-24T12:00:00Z", (2, 30), "2026-10-25T00:30:00.000Z"),  # there are two
        ("2026-12-31T22:30:00Z", (0, 0), "2026-12-31T23:00:00.000Z"),
    ],
)
def test_a_time_of_every_day_is_that_of_the_clocks_of_the_house(now, clock, at):
    assert rfc3339(next_time_in("Europe/Amsterdam")(clock, parse_rfc3339(now))) == at


def test_an_unknown_zone_goes_by_utc():
    assert next_time_in("Nowhere/Land")((13, 0), NOON) == NOON + HOUR


async def test_a_configured_wish_begins_anew_each_day_and_counts_what_the_car_had(tmp_path):
    room = Room(tmp_path, wish="30 kWh by 07:00", had_wh=1000.0)
    await room.look()
    assert rfc3339(room.seen.by) == "2026-06-22T05:00:00.000Z"
    room.had_wh = 25_000.0
    room.clock.pass_h(12)
    await room.look()
    assert room.seen.left_wh == 6_000
    room.had_wh = 31_000.0
    room.clock.pass_h(6)
    assert await room.look() == ["wish.done"]
    assert rfc3339(room.seen.by) == "2026-06-23T05:00:00.000Z"
    assert room.seen.left_wh == 30_000


async def test_a_deadline_that_passes_with_something_left_is_a_warning(tmp_path):
    room = Room(tmp_path, wish="30 kWh by 07:00")
    await room.look()
    room.clock.pass_h(18)
    assert await room.look() == ["wish.missed"]


async def test_what_was_said_goes_before_the_configured_wish_until_it_is_done(tmp_path):
    room = Room(tmp_path, wish="surplus")
    await room.look()
    room.wishes.say("car", wish_of("5 kWh now"), "topic")
    assert room.seen.wish.mode is WishMode.NOW
    room.had_wh = 5_000.0
    await room.look()
    assert room.seen.wish.mode is WishMode.SURPLUS


async def test_a_restart_goes_on_with_what_was_said(tmp_path):
    room = Room(tmp_path, wish="surplus")
    await room.look()
    room.wishes.say("car", wish_of("20 kWh by 07:00"), "topic")
    room.had_wh = 8_000.0
    await room.look()
    room.clock.pass_h(1)
    again = Room(tmp_path, wish="surplus", clock=room.clock, had_wh=8_000.0)
    await again.look()
    assert again.seen == replace(room.wishes.errand("car"), left_wh=12_000)


async def test_another_configured_wish_takes_the_place_of_the_old_one(tmp_path):
    room = Room(tmp_path, wish="surplus")
    await room.look()
    again = Room(tmp_path, wish="now")
    await again.look()
    assert again.seen.wish.mode is WishMode.NOW


async def test_a_state_of_charge_is_what_the_car_lacks_by_its_own_word(tmp_path):
    room = Room(tmp_path)
    room.site.enter("car", DeviceState.ONLINE, NOON, "")
    room.site.put(Reading(device="car", at=NOON, flows={POWER: 0.0}, soc_pct=61.0))
    room.wishes.say("car", wish_of("80 % by 07:00"), "topic")
    assert room.seen.left_wh == pytest.approx(0.19 * 50_000 / 0.95, abs=1)


async def test_a_command_is_taken_once_and_an_older_one_never(tmp_path):
    room = Room(tmp_path)
    room.file.leave(Said(device="car", at=NOON, words="10 kWh now"))
    assert await room.look() == ["wish.taken"]
    assert room.seen.left_wh == 10_000
    again = Room(tmp_path, clock=room.clock, had_wh=4_000.0)
    assert await again.look() == []
    assert again.seen.left_wh == 6_000
    again.file.leave(Said(device="car", at=Instant(NOON + SECOND), words=""))
    again.file._stamp = 0
    assert await again.look() == ["wish.taken"]
    assert again.seen is None
    assert again.told[-1].errand is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("said-car.json", "{broken"),
        ("said-car.json", '{"v":1,"device":"car","at":9999999999999999999,"words":"apples"}'),
        ("said-roof.json", '{"v":1,"device":"roof","at":1,"words":"now"}'),
    ],
)
async def test_what_a_command_left_wrong_changes_nothing(tmp_path, name, content):
    room = Room(tmp_path, wish="surplus")
    await room.look()
    (tmp_path / name).write_text(content)
    room.file._stamp = 0
    said = await room.look()
    assert said in (["wish.unreadable"], ["wish.refused"], [])
    assert room.seen.wish.mode is WishMode.SURPLUS


async def test_a_broken_file_is_set_aside_and_the_configured_wish_holds(tmp_path):
    (tmp_path / "wishes.json").write_text('{"v": 1, "undertakings": 7}')
    with capture_logs() as logs:
        room = Room(tmp_path, wish="surplus")
    assert [line["event"] for line in logs] == ["wish.unreadable"]
    await room.look()
    assert room.seen.wish.mode is WishMode.SURPLUS
    assert (tmp_path / "wishes.json.broken").exists()


@pytest.mark.parametrize(
    ("device", "words", "why"),
    [("boat", "now", "no device that a wish"), ("car", "by 2020-01-01T00:00:00Z", "is past")],
)
def test_a_wish_that_cannot_be_is_refused_and_what_held_holds(tmp_path, device, words, why):
    room = Room(tmp_path)
    assert why in room.wishes.say(device, wish_of(words), "topic")
    assert room.wishes.errand("car") is None


async def test_the_first_time_it_runs_is_noted(tmp_path):
    room = Room(tmp_path)
    room.wishes.say("car", wish_of("5 kWh"), "topic")
    room.bus.publish(Reading(device="car", at=Instant(NOON + 1), flows={POWER: 20.0}))
    assert room.seen.started is None
    room.bus.publish(Reading(device="car", at=Instant(NOON + 2), flows={POWER: 4_000.0}))
    assert room.seen.started == NOON + 2
    await room.look()


def washing(folder, wish=None):
    room = Room(folder, wish=wish)
    programme = programme_of("2000 W for 1h")
    room.wishes._devices["car"] = replace(room.wishes._devices["car"], programme=programme)
    return room


async def test_a_start_is_of_the_clock_or_at_once_and_outlives_a_restart(tmp_path):
    room = washing(tmp_path)
    assert room.wishes.say("car", wish_of("start at 16:00"), "topic") == ""
    assert (rfc3339(room.seen.start), rfc3339(room.seen.by)) == (
        "2026-06-21T14:00:00.000Z",
        "2026-06-21T15:05:00.000Z",
    )
    await room.look()
    again = Room(tmp_path)
    assert again.seen == room.seen
    assert room.wishes.say("car", wish_of("start"), "topic") == ""
    assert room.seen.start == NOON


async def test_what_runs_before_its_start_has_not_begun_and_one_never_begun_is_missed(tmp_path):
    room = washing(tmp_path)
    room.wishes.say("car", wish_of("start at 15:00"), "topic")
    room.bus.publish(Reading(device="car", at=room.clock.now(), flows={POWER: 2000.0}))
    assert room.seen.started is None
    room.clock.pass_h(1)
    room.bus.publish(Reading(device="car", at=room.clock.now(), flows={POWER: 2000.0}))
    assert room.seen.started == room.clock.now()
    room.clock.pass_h(1.1)
    assert await room.look() == ["wish.done"]
    room.wishes.say("car", wish_of("start"), "topic")
    room.clock.pass_h(1.1)
    assert await room.look() == ["wish.missed"]


def test_a_start_of_what_has_no_programme_is_refused(tmp_path):
    why = Room(tmp_path).wishes.say("car", wish_of("start at 16:00"), "topic")
    assert why == "car has no programme to start; wish an amount, or now"


async def test_a_start_that_is_past_is_refused_and_one_that_may_still_be_caught_is_not(tmp_path):
    room = washing(tmp_path)
    assert room.wishes.say("car", wish_of("start at 2026-06-21T11:00:00Z"), "calendar") == ""
    late = room.wishes.say("car", wish_of("start at 2026-06-21T10:55:00Z"), "calendar")
    assert late == "the start 2026-06-21T10:55:00Z is past"


async def test_a_start_at_once_left_by_a_command_is_of_when_it_was_said(tmp_path):
    room = washing(tmp_path)
    room.file.leave(Said(device="car", at=Instant(NOON - HOUR), words="start"))
    await room.look()
    assert room.seen.start == NOON - HOUR


@pytest.mark.parametrize(
    ("configured", "start", "by"),
    [
        ("start at 17:00", "2026-06-22T15:00:00.000Z", "2026-06-22T16:05:00.000Z"),
        ("by 17:00", None, "2026-06-22T15:00:00.000Z"),
        ("by 07:00", None, "2026-06-22T05:00:00.000Z"),  # tomorrow's is another one
    ],
)
async def test_a_run_that_was_said_is_that_of_the_day(tmp_path, configured, start, by):
    """An empty dishwasher is not begun again in the afternoon."""
    room = washing(tmp_path, configured)
    room.wishes.say("car", wish_of("start"), "calendar")
    room.bus.publish(Reading(device="car", at=NOON, flows={POWER: 2000.0}))
    room.clock.pass_h(1.1)
    assert await room.look() == ["wish.done"]
    assert (room.seen.start and rfc3339(room.seen.start), rfc3339(room.seen.by)) == (start, by)


async def test_a_run_that_was_said_and_never_begun_leaves_that_of_the_day(tmp_path):
    room = washing(tmp_path, "by 17:00")
    room.wishes.say("car", wish_of("start"), "calendar")
    room.clock.pass_h(1.1)
    assert await room.look() == ["wish.missed"]
    assert rfc3339(room.seen.by) == "2026-06-21T15:00:00.000Z"


async def test_a_configured_deadline_that_is_a_moment_is_missed_once_and_not_wished_again(tmp_path):
    room = Room(tmp_path, wish="30 kWh by 2026-06-21T13:00:00Z")
    await room.look()
    room.clock.pass_h(2)
    assert [await room.look() for _ in range(3)] == [["wish.missed"], [], []]
    assert room.seen is None
    assert Room(tmp_path, wish="30 kWh by 2026-06-21T13:00:00Z", clock=room.clock).seen is None
