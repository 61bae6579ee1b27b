"""A calendar on a real Radicale and the house, level with each other."""

import pytest

from gateway.adapters.caldav import CalendarUnreachable, Collection, Overtaken
from gateway.adapters.mirror import Mirror
from gateway.model.commitment import Commitment
from gateway.model.time import HOUR, Instant, Interval, parse_rfc3339
from tests.radicale import PASSWORD, USER, radicale  # noqa: F401  a fixture

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NOW = parse_rfc3339("2026-11-23T15:00:00Z")
CAR = Commitment(
    device="car",
    interval=Interval(Instant(NOW + 10 * HOUR), Instant(NOW + 12 * HOUR)),
    energy_wh=14_720.0,
)
UID = CAR.uid("home")


@pytest.fixture
def house(radicale, tmp_path):  # noqa: F811
    """``house.sync(*wanted)``; ``house.reads``: what intents read."""

    class House:
        def __init__(self):
            self.restart()

        def restart(self):
            collection = Collection(radicale.url, USER, PASSWORD)
            self.mirror = Mirror(
                collection, tmp_path / "calendar.ics", tmp_path / "caldav.json", "home"
            )

        def sync(self, *wanted, now=NOW):
            self.mirror.sync(wanted, now)

        @property
        def reads(self):
            text = (tmp_path / "calendar.ics").read_text()
            return [line[8:] for line in text.splitlines() if line.startswith("SUMMARY:")]

    return House()


def test_what_people_write_is_read_at_the_next_sync_and_what_they_remove_is_gone(radicale, house):  # noqa: F811
    house.sync()
    assert house.reads == []
    radicale.write("dentist", "Dentist", "20261124T080000Z", "20261124T090000Z")
    radicale.write("trip", "car: 30 kWh", "20261123T180000Z", "20261124T060000Z")
    house.sync()
    assert house.reads == ["Dentist", "car: 30 kWh"]
    radicale.write("trip", "car: 10 kWh", "20261123T180000Z", "20261124T060000Z")
    radicale.remove("dentist")
    house.sync()
    assert house.reads == ["car: 10 kWh"]


def test_a_commitment_stands_in_the_calendar_and_is_no_wish(radicale, house):  # noqa: F811
    house.sync(CAR)
    text = radicale.event(UID)
    assert "SUMMARY:car: 14.7 kWh" in text
    assert "DTSTART:20261124T010000Z" in text
    assert "DTEND:20261124T030000Z" in text
    house.sync(CAR)
    assert house.reads == []


def test_a_commitment_that_changes_is_changed_and_one_that_is_gone_is_taken_away(radicale, house):  # noqa: F811
    house.sync(CAR)
    less = Commitment(device="car", interval=CAR.interval, energy_wh=9000.0)
    house.sync(less)
    assert "SUMMARY:car: 9.0 kWh" in radicale.event(UID)
    house.sync()
    assert radicale.event(UID) is None


def test_one_that_has_begun_stays_as_it_was(radicale, house):  # noqa: F811
    house.sync(CAR)
    house.sync(now=Instant(NOW + 11 * HOUR))
    assert radicale.event(UID) is not None


def test_one_that_a_person_moves_is_theirs_and_a_wish_for_that_time(radicale, house):  # noqa: F811
    house.sync(CAR)
    radicale.write(UID, "car: 14.7 kWh", "20261124T040000Z", "20261124T060000Z")
    house.sync(CAR)
    assert house.reads == ["car: 14.7 kWh"]
    house.restart()
    house.sync(CAR)
    assert "DTSTART:20261124T040000Z" in radicale.event(UID)
    assert house.reads == ["car: 14.7 kWh"]


def test_one_that_a_person_takes_away_stays_away_and_its_load_is_left_alone_then(radicale, house):  # noqa: F811
    house.sync(CAR)
    radicale.remove(UID)
    house.sync(CAR)
    house.restart()
    house.sync(CAR)
    assert radicale.event(UID) is None
    assert house.reads == ["car: no interruptions"]
    house.sync(now=Instant(NOW + 80 * HOUR))
    assert house.reads == []


def test_events_of_people_are_never_written_to(radicale, house):  # noqa: F811
    radicale.write(UID, "mine", "20261124T040000Z", "20261124T060000Z")
    house.sync(CAR)
    assert "SUMMARY:mine" in radicale.event(UID)


def test_a_person_who_is_faster_wins(radicale, house):  # noqa: F811
    place = house.mirror._collection.place(UID)
    etag = house.mirror._collection.put(place, radicale_event("first"))
    radicale.write(UID, "second", "20261124T040000Z", "20261124T060000Z")
    with pytest.raises(Overtaken):
        house.mirror._collection.put(place, radicale_event("third"), etag)
    with pytest.raises(Overtaken):
        house.mirror._collection.delete(place, etag)
    assert "SUMMARY:second" in radicale.event(UID)


def radicale_event(name):
    from tests.radicale import EVENT  # noqa: PLC0415

    return EVENT.format(uid=UID, name=name, begin="20261124T040000Z", end="20261124T060000Z")


def test_a_server_that_is_gone_costs_nothing_of_what_it_said(radicale, house):  # noqa: F811
    radicale.write("trip", "car: 30 kWh", "20261123T180000Z", "20261124T060000Z")
    house.sync()
    radicale.stop()
    house.restart()
    with pytest.raises(CalendarUnreachable, match="refused"):
        house.sync(CAR)
    assert house.reads == ["car: 30 kWh"]
    radicale.start()
    house.sync(CAR)
    assert radicale.event(UID) is not None


@pytest.mark.parametrize(
    ("path", "password", "why"),
    [
        ("anna/house/", "wrong", "HTTP 401: the server knows no such user, or the password is"),
        ("anna/nix/", PASSWORD, "HTTP 404: there is no such collection"),
    ],
)
def test_what_is_wrong_is_said(radicale, path, password, why):  # noqa: F811
    url = f"http://127.0.0.1:{radicale.port}/{path}"
    with pytest.raises(CalendarUnreachable, match=why):
        Collection(url, USER, password).mark()


class Lossy(Collection):
    """The server hears the word, and its answer is lost."""

    def put(self, *told):
        super().put(*told)
        raise CalendarUnreachable("timed out")

    def delete(self, *told):
        super().delete(*told)
        raise CalendarUnreachable("timed out")


@pytest.fixture
def lost(radicale, house, tmp_path):  # noqa: F811
    """A sync whose first word is heard and not answered, and a new life after it."""

    def lost(*wanted):
        collection = Lossy(radicale.url, USER, PASSWORD)
        mirror = Mirror(collection, tmp_path / "calendar.ics", tmp_path / "caldav.json", "home")
        with pytest.raises(CalendarUnreachable, match="timed out"):
            mirror.sync(wanted, NOW)
        house.restart()

    return lost


LESS = Commitment(device="car", interval=CAR.interval, energy_wh=9000.0)


def test_a_commitment_whose_answer_was_lost_is_still_ours_and_no_wish(radicale, house, lost):  # noqa: F811
    lost(CAR)
    house.sync(CAR)
    assert house.reads == []
    house.sync()
    assert radicale.event(UID) is None


def test_a_change_whose_answer_was_lost_is_still_ours_and_no_wish(radicale, house, lost):  # noqa: F811
    house.sync(CAR)
    lost(LESS)
    house.sync(LESS)
    assert house.reads == []
    house.sync(CAR)
    assert "SUMMARY:car: 14.7 kWh" in radicale.event(UID)


def test_one_taken_away_by_the_house_is_no_opt_out_when_the_answer_was_lost(radicale, house, lost):  # noqa: F811
    house.sync(CAR)
    lost()
    house.sync()
    assert house.reads == []
    house.sync(CAR)
    assert radicale.event(UID) is not None


def test_what_a_person_changes_after_a_lost_answer_is_theirs(radicale, house, lost):  # noqa: F811
    lost(CAR)
    radicale.write(UID, "car: 14.7 kWh", "20261124T040000Z", "20261124T060000Z")
    house.sync(CAR)
    assert house.reads == ["car: 14.7 kWh"]
    assert "DTSTART:20261124T040000Z" in radicale.event(UID)


def test_a_word_that_was_not_heard_is_said_again(radicale, house):  # noqa: F811
    house.sync()
    radicale.stop()
    with pytest.raises(CalendarUnreachable, match="refused"):
        house.mirror._write(house.mirror._remembered(), [CAR], NOW)
    house.restart()
    radicale.start()
    house.sync(CAR)
    assert radicale.event(UID) is not None
    assert house.reads == []
