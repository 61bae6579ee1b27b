"""Templates of programmes: in their order, with what they inherit; what is wrong is named."""

import json
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from gateway.adapters.calendar_programme import read_programme
from gateway.adapters.calendar_text import CalendarUnusable

BEFORE = "RELATED-TO;RELTYPE=FINISHTOSTART"
WASHING = {
    "washing": ("SUMMARY:Washing at 40", "DURATION:PT20M"),
    "heat": ("X-RMF-POWER:2000", "RELATED-TO:washing", f"{BEFORE}:turn"),
    "turn": ("SUMMARY:Turn 100 W", "DURATION:PT40M", f"{BEFORE}:spin"),
    "spin": ("SUMMARY:Spin 0,4 kW", "RELATED-TO;RELTYPE=PARENT:washing"),
}


def template(intervals, kind="VTODO"):
    body = "".join(
        f"BEGIN:{kind}\r\nUID:{uid}\r\n"
        + "".join(f"{line}\r\n" for line in lines)
        + f"END:{kind}\r\n"
        for uid, lines in intervals.items()
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n"


def changed(**parts):
    return template({**WASHING, **parts})


@pytest.mark.parametrize("kind", ["VTODO", "VEVENT"])
def test_intervals_follow_each_other_and_inherit_from_their_sequence(kind):
    told = read_programme(template(WASHING, kind))
    assert str(told) == "2000 W for 20min, 100 W for 40min, 400 W for 20min"


def test_as_jcal_it_says_the_same():
    jcal = json.dumps(Calendar.from_ical(template(WASHING)).to_jcal())
    assert read_programme(jcal) == read_programme(template(WASHING))


def test_a_gap_is_a_pause_in_which_nothing_is_drawn():
    gap = ("DURATION:PT5M", "X-RMF-POWER:10", "RELATED-TO;RELTYPE=FINISHTOSTART;GAP=PT7M:spin")
    assert str(read_programme(changed(turn=gap))) == (
        "2000 W for 20min, 10 W for 5min, 0 W for 7min, 400 W for 20min"
    )


def test_the_nearest_word_counts_over_that_of_the_whole():
    whole = {
        "week": ("X-RMF-POWER:50", "DURATION:PT1H"),
        "day": ("RELATED-TO:week", "DURATION:PT2H"),
        "one": ("RELATED-TO:day",),
    }
    assert str(read_programme(template(whole))) == "50 W for 2h"


WRONG = {
    "a start": ({"turn": ("DTSTART:20260101T000000Z",)}, "'turn' has DTSTART; a template has"),
    "a rule that explodes": ({"turn": ("RRULE:FREQ=SECONDLY",)}, "'turn' has RRULE"),
    "no length": ({"washing": ()}, "'heat' has no DURATION, nor has what it is part of"),
    "no power": ({"turn": ("DURATION:PT1M", f"{BEFORE}:spin")}, "says no power, nor does what"),
    "an odd power": ({"spin": ("X-RMF-POWER:inf",)}, "'spin': its power is inf; allowed: X-RMF"),
    "a power below nothing": ({"spin": ("X-RMF-POWER:-5",)}, "'spin': its power is -5"),
    "two powers": ({"spin": ("SUMMARY:500 W to 600 W",)}, "its power is 500; 600"),
    "no time at all": ({"turn": ("DURATION:PT0S",)}, "'turn': DURATION is more than 0"),
    "an odd length": ({"turn": ("DURATION:soon",)}, "soon"),
    "an odd gap": (
        {"turn": ("RELATED-TO;RELTYPE=FINISHTOSTART;GAP=-PT1M:spin",)},
        "'turn': GAP=-PT1M: allowed is a length",
    ),
    "another order": (
        {"turn": ("RELATED-TO;RELTYPE=STARTTOSTART:spin",)},
        "'turn' is related by STARTTOSTART; taken is FINISHTOSTART",
    ),
    "nobody after it": (
        {"turn": (f"{BEFORE}:dry",)},
        "'turn' is related to 'dry', which is not there",
    ),
    "no order": ({"turn": ("DURATION:PT1M", "X-RMF-POWER:1")}, "both follow no other; say RELATED"),
    "a fork": (
        {"turn": (f"{BEFORE}:spin", f"{BEFORE}:heat")},
        "'turn' is followed by 'spin' and 'heat'; one is taken",
    ),
    "two before one": (
        {"spin": ("X-RMF-POWER:1",), "dry": (f"{BEFORE}:spin",)},
        "are both followed by 'spin'; a programme is one row",
    ),
    "a ring": (
        {"spin": (f"{BEFORE}:heat",)},
        "no interval is the first",
    ),
    "a ring beside the row": (
        {"a": (f"{BEFORE}:b",), "b": (f"{BEFORE}:a",)},
        "'a' comes after none of those",
    ),
    "a sequence of itself": ({"washing": ("RELATED-TO:washing",)}, "is part of itself"),
    "a sequence in the row": (
        {"turn": (f"{BEFORE}:washing",)},
        "followed by 'washing', which others are part of",
    ),
    "nothing drawn": (
        {
            "heat": ("X-RMF-POWER:0", *WASHING["heat"][1:]),
            "turn": ("X-RMF-POWER:0", *WASHING["turn"][1:]),
            "spin": ("X-RMF-POWER:0", "RELATED-TO:washing"),
        },
        "draws nothing",
    ),
    "a week": ({"washing": ("DURATION:P7D",)}, "longer than 2 days"),
}


@pytest.mark.parametrize(("parts", "why"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(parts, why):
    with pytest.raises(CalendarUnusable) as error:
        read_programme(changed(**parts))
    assert why in str(error.value)


@pytest.mark.parametrize("text", ["", "washing", "[1]", template({}), "BEGIN:VCALENDAR"])
def test_what_is_no_template_is_refused(text):
    with pytest.raises(CalendarUnusable):
        read_programme(text)


def test_two_intervals_of_one_name_and_too_many_are_refused():
    twice = template(WASHING).replace("UID:turn", "UID:heat")
    with pytest.raises(CalendarUnusable, match="two intervals have the UID 'heat'"):
        read_programme(twice)
    with pytest.raises(CalendarUnusable, match="201 intervals; at most 200"):
        read_programme(template({str(n): () for n in range(201)}))


@given(
    st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 60)), min_size=1, max_size=8),
    st.randoms(),
)
def test_the_order_in_the_file_says_nothing(stretches, dice: random.Random):
    rows = list(enumerate(stretches))
    dice.shuffle(rows)
    follows = {n: f"{BEFORE}:{n + 1}" for n in range(len(stretches) - 1)}
    intervals = {
        str(n): (
            f"X-RMF-POWER:{watt}",
            f"DURATION:PT{minutes}M",
            *([follows[n]] if n in follows else ()),
        )
        for n, (watt, minutes) in rows
    }
    told = [
        (one.power_w, one.lasts // 60_000_000_000)
        for one in read_programme(template(intervals)).stretches
    ]
    assert told == stretches


@given(
    st.lists(
        st.tuples(
            st.integers(0, 600), st.sampled_from([*"\r\n:;=-0PW\0", "TZID=", "9" * 400, "é"])
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_stands_there_is_a_programme_or_named(changes):
    text = template(WASHING)
    for place, part in changes:
        text = text[:place] + part + text[place + 1 :]
    with suppress(CalendarUnusable):
        assert read_programme(text).lasts > 0
