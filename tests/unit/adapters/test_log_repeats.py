"""Repeats are counted: the first is always said, a change is always said."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.log_repeats import Repeats
from gateway.model.time import MINUTE, SECOND, Duration


def refused(reason, device="roof", **more):
    return {
        "event": "setpoint.failed", "level": "warning", "device": device, "reason": reason, **more
    }  # fmt: skip


def at(minutes):
    return Duration(int(minutes * MINUTE))


def test_the_first_is_said_and_the_same_again_is_counted():
    log = Repeats()
    assert log.hear(refused("busy"), at(0)) == [refused("busy")]
    assert [log.hear(refused("busy"), at(n)) for n in range(1, 10)] == [[]] * 9
    assert log.hear(refused("busy"), at(10)) == [refused("busy", repeated=10, within_s=600)]


def test_a_change_is_said_after_what_was_counted():
    log = Repeats()
    for second in range(38):
        log.hear(refused("busy"), Duration(second * SECOND))
    assert log.hear(refused("no answer"), at(1)) == [
        refused("busy", repeated=37, within_s=60),
        refused("no answer"),
    ]


def test_coming_back_is_a_change_however_soon():
    log = Repeats()
    offline = {"event": "device.state_changed", "device": "roof", "state": "offline"}
    online = {**offline, "state": "online"}
    said = [log.hear(one, at(0)) for one in (offline, online, offline, online)]
    assert said == [[offline], [online], [offline], [online]]


def test_two_devices_are_two_stories():
    log = Repeats()
    log.hear(refused("busy"), at(0))
    assert log.hear(refused("busy", device="battery"), at(0)) == [refused("busy", "battery")]
    assert log.hear(refused("busy"), at(0)) == []


def test_another_measured_number_is_the_same_message_and_the_newest_is_told():
    log = Repeats()
    late = {"event": "gate.held_late", "level": "warning", "product": "power"}
    log.hear({**late, "late_s": 0.1}, at(0))
    assert log.hear({**late, "late_s": 0.2}, at(1)) == []
    assert log.due(at(11)) == [{**late, "late_s": 0.2, "repeated": 1, "within_s": 660}]


def test_what_others_send_in_turns_is_counted_however_it_varies():
    log = Repeats()
    share = {"level": "warning", "device": "roof", "client": "127.0.0.1"}
    said = []
    for number in range(100):
        written = {**share, "event": "share.written", "registers": f"{number}"}
        refused_ = {**share, "event": "share.write_refused", "registers": f"{number}"}
        large = {"event": "fieldbroker.message_ignored", "topic": f"t{number}", "bytes": number}
        said += [*log.hear(written, at(0)), *log.hear(refused_, at(0)), *log.hear(large, at(0))]
    assert len(said) == 3


def test_a_number_that_is_no_measurement_makes_another_message():
    log = Repeats()
    died = {"event": "broker.died", "level": "error"}
    log.hear({**died, "exit_code": 1}, at(0))
    assert log.hear({**died, "exit_code": 2}, at(0)) == [{**died, "exit_code": 2}]


def test_a_traceback_is_printed_once_and_differs_by_what_it_says_in_the_end():
    log = Repeats()
    failed = {"event": "driver.failed", "device": "roof"}
    first = {**failed, "exception": "Traceback:\n line 3\nValueError: 7"}
    again = {**failed, "exception": "Traceback:\n line 4\nValueError: 7"}
    other = {**failed, "exception": "Traceback:\n line 3\nKeyError: 'a'"}
    assert log.hear(first, at(0)) == [first]
    assert log.hear(again, at(1)) == []
    assert log.hear(other, at(2)) == [{**failed, "repeated": 1, "within_s": 120}, other]


def test_what_a_party_sends_cannot_make_more_than_one_story():
    log = Repeats()
    refusal = {"event": "request.refused", "party": "app", "code": 422}
    said = [log.hear({**refusal, "reason": f"tender t-{n}"}, at(0)) for n in range(50)]
    assert said == [[{**refusal, "reason": "tender t-0"}], *[[]] * 49]


def test_nothing_is_due_when_nothing_was_repeated():
    log = Repeats()
    log.hear(refused("busy"), at(0))
    assert log.due(at(60)) == []


def test_the_end_tells_what_was_not_told_yet():
    log = Repeats()
    log.hear(refused("busy"), at(0))
    log.hear(refused("busy"), at(1))
    assert log.end(at(2)) == [refused("busy", repeated=1, within_s=120)]
    assert log.end(at(3)) == []


def test_memory_is_bounded_and_what_is_forgotten_is_told():
    log = Repeats()
    log.hear(refused("busy", "d0"), at(0))
    log.hear(refused("busy", "d0"), at(0))
    said = [one for n in range(1, 1000) for one in log.hear(refused("busy", f"d{n}"), at(1))]
    assert refused("busy", "d0", repeated=1, within_s=60) in said
    assert len(log._stories) <= 256


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["roof", "battery"]),
            st.integers(0, 400),
        )
    )
)
def test_said_and_counted_together_are_everything_that_was_heard(heard):
    log, now, said = Repeats(), Duration(0), []
    for reason, device, pause_s in heard:
        now = Duration(now + pause_s * SECOND)
        said += log.hear(refused(reason, device), now)
    said += log.end(now)
    assert sum(one.get("repeated", 1) for one in said) == len(heard)
    for device in ("roof", "battery"):
        theirs = [reason for reason, other, _ in heard if other == device]
        told = [one["reason"] for one in said if one["device"] == device]
        assert changes(told) == changes(theirs)


def changes(items):
    return [one for at, one in enumerate(items) if at == 0 or items[at - 1] != one]
