"""The house's calendar: what is said when, what a person's edit does, what is never lost."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.adapters.opt_out_file import OptOutFiles
from gateway.app.intents import Intents
from gateway.model.device import Device, Role
from gateway.model.opt_out import OptOut
from gateway.model.programme import programme_of
from gateway.model.time import HOUR, Instant, parse_rfc3339
from gateway.runtime.bus import LocalBus
from gateway.runtime.opt_outs import OptOuts

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
PROGRAMME = programme_of("2000 W for 1h")
DEVICES = tuple(
    Device(id=id_, role=role, driver="x", connection="x", line="x", programme=programme)
    for id_, role, programme in (
        ("car", Role.EV, None),
        ("heatpump", Role.HEAT, None),
        ("washing", Role.LOAD, PROGRAMME),
    )
)


class Clock:
    now_ns = NOON

    def now(self):
        return self.now_ns


class Said:
    """Wishes as they were said; the errand is the newest."""

    def __init__(self):
        self.said, self.held, self.events = [], {}, set()

    def say(self, device, wish, by):
        assert by == "calendar"
        self.said.append((device, None if wish is None else str(wish)))
        self.held[device] = wish

    def errand(self, device):
        wish = self.held.get(device)
        return None if wish is None else Errand(wish)

    def is_known(self, event):
        return event in self.events

    def know(self, event, _until):
        self.events.add(event)

    def forget(self, event):
        self.events.discard(event)


class Errand:
    def __init__(self, wish):
        self.wish = wish


class House:
    def __init__(self, folder):
        self.file = folder / "house.ics"
        self.clock, self.wishes = Clock(), Said()
        self.restart()

    def restart(self):
        self.opt_outs = OptOuts(
            devices=[one.id for one in DEVICES],
            left=OptOutFiles(self.file.parent).left,
            bus=LocalBus(),
            clock=self.clock,
        )
        self.intents = Intents(
            file=str(self.file),
            zone="Europe/Berlin",
            devices=DEVICES,
            wishes=self.wishes,
            opt_outs=self.opt_outs,
            clock=self.clock,
            threaded=False,
        )

    def write(self, *events):
        body = "".join(
            f"BEGIN:VEVENT\r\nUID:{number}\r\nSUMMARY:{name}\r\nDTSTART:{begin}\r\n"
            f"DTEND:{end}\r\n{more}END:VEVENT\r\n"
            for number, (name, begin, end, more) in enumerate(events)
        )
        self.file.write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n")

    def command(self, opt_out):
        OptOutFiles(self.file.parent).leave(opt_out)

    @property
    def alone(self):
        return {device: one.reason for device, one in self.opt_outs.in_force.items()}

    def look(self, hours=0.0):
        self.clock.now_ns = Instant(int(self.clock.now_ns + hours * HOUR))
        asyncio.run(self.intents.look())
        self.opt_outs.look()


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def event(name, begin="20260621T130000Z", end="20260621T150000Z", more=""):
    return (name, begin, end, more)


def test_a_wish_is_said_when_its_event_begins_once_with_its_end_as_the_deadline(house):
    house.write(event("car: 30 kWh"))
    house.look()
    assert house.wishes.said == []
    for _ in range(3):
        house.look(0.5)
    assert house.wishes.said == [("car", "30 kWh, by 2026-06-21T15:00:00.000Z, cheapest")]


def test_a_restart_within_an_event_does_not_begin_it_anew(house):
    house.write(event("car: 30 kWh"))
    house.look(1.5)
    house.restart()
    house.look(0.1)
    assert len(house.wishes.said) == 1


def test_an_event_that_was_removed_changed_or_moved_takes_its_wish_along(house):
    house.write(event("car: 30 kWh"))
    house.look(1.5)
    house.write(event("car: 20 kWh"))
    house.look(0.1)
    house.write(event("car: 20 kWh", begin="20260621T143000Z", end="20260621T160000Z"))
    house.look(0.1)
    house.look(1)
    house.write()
    house.look(0.1)
    assert [words and words[:6] for _, words in house.wishes.said] == [
        "30 kWh", None, "20 kWh", None, "20 kWh", None,
    ]  # fmt: skip


def test_a_wish_that_was_replaced_by_command_meanwhile_is_not_taken_back(house):
    house.write(event("car: 30 kWh"))
    house.look(1.5)
    house.wishes.held["car"] = "the owner's own"
    house.write()
    house.look(0.1)
    assert len(house.wishes.said) == 1


def test_a_deadline_after_the_event_outlives_its_end(house):
    house.write(event("car: 30 kWh by 07:00"))
    house.look(1.5)
    house.look(3)
    assert house.wishes.said == [("car", "30 kWh, by 07:00, cheapest")]


def test_no_interruptions_leaves_every_load_alone_until_the_event_ends(house):
    house.write(event("No interruptions"))
    house.look(1.5)
    assert set(house.opt_outs.in_force) == {"car", "heatpump", "washing"}
    house.look(2)
    assert house.opt_outs.in_force == {}


def test_a_rest_that_is_removed_ends_and_one_said_by_command_stays(house):
    house.command(OptOut(device="car", at=NOON, reason="guests"))
    house.restart()
    house.write(event("no interruptions"))
    house.look(1.5)
    house.write()
    house.look(0.1)
    assert {device: one.reason for device, one in house.opt_outs.in_force.items()} == {
        "car": "guests"
    }


def test_every_day_over_the_change_of_clocks_it_is_by_the_clock(house):
    house.clock.now_ns = parse_rfc3339("2026-10-24T15:00:00Z")
    daily = "RRULE:FREQ=DAILY;COUNT=4\r\n"
    summer = event("car: 5 kWh", "20261023T180000", "20261023T200000", daily)
    house.write(summer)
    for _ in range(48):
        house.look(1)
    ends = [words.split("by ")[1][:20] for _, words in house.wishes.said if words]
    assert ends == ["2026-10-24T18:00:00.", "2026-10-25T19:00:00."]


def test_a_file_that_is_broken_loses_nothing_and_an_odd_event_no_other(house):
    house.write(event("car: 30 kWh"), event("heatpump: plenty"))
    with capture_logs() as logs:
        house.look(1.5)
        house.look()
    assert [one["event"] for one in logs if "intent" in one["event"]] == ["intent.refused"]
    assert len(house.wishes.said) == 1
    far = event("car: 1 kWh", begin="99991231T230000Z", end="99991231T235959Z")
    for broken in ("BEGIN:VCAL", "", event("car: 1 kWh", more="RRULE:FREQ=SECONDLY\r\n"), far):
        if isinstance(broken, str):
            house.file.write_text(broken)
        else:
            house.write(event("car: 30 kWh"), broken)
        house.look(0.01)
        assert house.wishes.held["car"].energy_wh == 30_000


def test_a_programme_starts_when_its_event_begins_and_that_is_known_ahead(house):
    house.write(event("washing: start"))
    house.look()
    assert house.wishes.said == [("washing", "start at 2026-06-21T13:00:00.000Z")]
    house.look(1.5)
    assert len(house.wishes.said) == 1


def test_a_start_of_tomorrow_waits_while_something_else_is_wished_of_the_load(house):
    house.wishes.held["washing"] = "the owner's own"
    house.write(
        event("washing: start"), event("Washing start", "20260622T130000Z", "20260622T140000Z")
    )
    house.look()
    assert house.wishes.said == []
    house.look(1.1)
    house.wishes.held.clear()
    house.look(1.1)
    assert [words for _, words in house.wishes.said] == [
        "start at 2026-06-21T13:00:00.000Z",
        "start at 2026-06-22T13:00:00.000Z",
    ]


def test_a_start_that_was_moved_or_removed_takes_the_old_one_along(house):
    house.write(event("washing: start"))
    house.look()
    house.write(event("washing: start", begin="20260621T140000Z"))
    house.look()
    house.look()
    house.write()
    house.look()
    assert [words and words[9:25] for _, words in house.wishes.said] == [
        "2026-06-21T13:00", None, "2026-06-21T14:00", None,
    ]  # fmt: skip


def test_a_programme_that_is_over_is_not_begun_again_by_a_restart_within_its_event(house):
    house.write(event("washing: start", end="20260621T180000Z"))
    house.look(1.1)
    house.wishes.held.clear()
    house.restart()
    house.look(1.5)
    assert len(house.wishes.said) == 1


def test_an_event_says_start_and_nothing_of_when(house):
    house.write(event("washing: start at 14:00"))
    with capture_logs() as logs:
        house.look(1.5)
    assert house.wishes.said == []
    assert "the event begins when the programme is to begin" in logs[0]["reason"]


def test_what_was_done_or_withdrawn_is_not_said_again_after_a_restart(house):
    house.write(event("car: 30 kWh"))
    house.look(1.5)
    house.wishes.held.clear()
    house.restart()
    house.look(0.1)
    assert len(house.wishes.said) == 1
    house.write(event("car: 31 kWh"))
    house.look(0.1)
    house.write(event("car: 30 kWh"))
    house.look(0.1)
    assert [words[:5] for _, words in house.wishes.said if words] == ["30 kW", "31 kW", "30 kW"]


def test_of_two_rests_that_overlap_the_later_end_holds_and_the_one_left_when_one_goes(house):
    short = event("heatpump: no interruptions")
    long_ = event("no interruptions, guests", "20260621T140000Z", "20260621T160000Z")
    house.write(short, long_)
    house.look(2.5)
    assert house.alone["heatpump"] == "no interruptions, guests"
    house.write(short)
    house.look(0.1)
    assert house.alone == {"heatpump": "heatpump: no interruptions"}
    house.write(short, long_)
    house.look(0.5)
    assert set(house.alone) == {"car", "heatpump", "washing"}
    house.look(1)
    assert house.alone == {}


def test_an_opt_out_of_long_ago_ends_no_rest_when_another_file_is_written(house):
    house.command(OptOut(device="car", at=Instant(NOON - HOUR), over=True))
    house.restart()
    house.write(event("no interruptions"))
    house.look(1.5)
    (house.file.parent / "wishes.json").write_text("{}")
    house.look(0.1)
    assert set(house.alone) == {"car", "heatpump", "washing"}


def test_who_takes_a_rest_back_by_command_is_obeyed_also_after_a_restart(house):
    house.write(event("no interruptions"))
    house.look(1.5)
    house.command(OptOut(device="car", at=house.clock.now(), over=True))
    house.look(0.1)
    assert set(house.alone) == {"heatpump", "washing"}
    house.restart()
    house.look(0.1)
    assert set(house.alone) == {"heatpump", "washing"}


def test_after_an_opt_out_by_command_the_rest_that_lasts_longer_goes_on(house):
    house.write(event("no interruptions"))
    house.look(1.1)
    now = house.clock.now()
    house.command(OptOut(device="car", at=now, until=Instant(now + HOUR // 2), reason="guests"))
    house.look(0.1)
    house.look(0.1)
    assert house.alone["car"] == "guests"
    house.look(0.6)
    assert house.alone["car"] == "no interruptions"
