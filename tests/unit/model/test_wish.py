"""Wishes in plain words and as a mapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import SettingsError
from gateway.model.wish import Wish, WishMode, clock_of, wish_of


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("30 kWh by 07:00, at most 0.25", Wish(energy_wh=30_000, by="07:00", price_cap=0.25)),
        ("80 % by 06:30", Wish(soc_pct=80, by="06:30")),
        ("surplus only", Wish(mode=WishMode.SURPLUS)),
        ("500 Wh now", Wish(energy_wh=500, mode=WishMode.NOW)),
        ("up to 0.20 EUR/kWh, cheapest", Wish(price_cap=0.2)),
        ("by 2026-06-22T07:00:00Z", Wish(by="2026-06-22T07:00:00Z")),
    ],
)
def test_plain_words_are_a_wish(words, wish):
    assert wish_of(words) == wish


def test_mapping_says_the_same():
    said = {"energy": "30kWh", "by": "07:00", "price_cap": 0.25, "mode": "surplus"}
    assert wish_of(said) == wish_of("30 kWh by 07:00, at most 0.25, surplus")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("30 apples by 07:00", "30 apples"),
        ("", "''"),
        ({}, "{}"),
        (7, "7"),
        ({"energy": 30}, "30"),
        ({"energy": "0kWh"}, "0kWh"),
        ({"by": 420}, "420"),
        ({"by": "25:00"}, "25:00"),
        ({"by": "2026-06-22T07:00:00"}, "2026-06-22"),
        ({"soc": 120}, "120"),
        ({"soc": True}, "True"),
        ({"mode": "soon"}, "soon"),
        ({"when": "later"}, "when"),
        ({"energy": "3kWh", "soc": 80}, "both energy and soc"),
        ("1" * 100_000, "100000 characters"),
    ],
)
def test_what_is_no_wish_says_what_was_found_and_what_is_allowed(said, found):
    with pytest.raises(SettingsError) as error:
        wish_of(said)
    assert found in error.value.found
    assert error.value.allowed


def test_an_instant_is_no_time_of_every_day():
    assert clock_of("07:00") == (7, 0)
    assert clock_of("2026-06-22T07:00:00Z") is None


@given(
    st.builds(
        Wish,
        energy_wh=st.none() | st.integers(1, 99_999).map(lambda n: n * 100.0),
        by=st.sampled_from(["", "07:00", "23:59", "2026-06-22T07:00:00Z"]),
        price_cap=st.none() | st.integers(-100, 100).map(lambda n: n / 100),
        mode=st.sampled_from(WishMode),
    )
)
def test_a_wish_reads_back_from_its_own_words(wish):
    assert wish_of(str(wish)) == wish
