"""Days of statements are the area's: also the two of a year that have 23 and 25 hours."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.statement import Statement
from gateway.model.tender import Side
from gateway.model.time import HOUR, MINUTE, Instant, Interval, parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.statements import Statements

SPRING = parse_rfc3339("2026-03-28T23:00:00Z")
AUTUMN = parse_rfc3339("2026-10-24T22:00:00Z")


class Shelf:
    """Where statements lie: in memory."""

    def __init__(self):
        self.kept, self.shut = None, []

    def load(self):
        return self.kept

    async def store(self, days):
        self.kept = days

    async def close(self, statements):
        self.shut += statements

    def closed(self, days):
        return [one for one in self.shut if one.day in set(days)]


async def at_once(_seq):
    """Every row is durable."""


@pytest.fixture
def made():
    def make(shelf):
        told = []
        statements = Statements(
            zone="Europe/Amsterdam",
            store=shelf,
            durable=at_once,
            tell=told.append,
            outside=lambda party: True,
        )
        return statements, told

    return make


def bought(number, start, quantity=60):
    return Transaction(
        id=f"home-tx-1-{number}",
        product="power",
        party="anna",
        counter_party="utility",
        tender="o",
        side=Side.BUY,
        price=3000,
        quantity=quantity,
        interval=Interval(start, Instant(start + HOUR)),
        clearing=number,
    )


@pytest.mark.parametrize(
    ("midnight", "hours", "day", "next_day"),
    [(SPRING, 23, "20260329", "20260330"), (AUTUMN, 25, "20261025", "20261026")],
)
def test_a_day_of_the_clock_change_counts_its_23_or_25_hours_once(
    made, midnight, hours, day, next_day
):
    shelf = Shelf()
    statements, _ = made(shelf)
    for hour in range(26):
        statements.hear(hour + 1, [bought(hour, Instant(midnight + hour * HOUR))])
    end = Instant(midnight + 26 * HOUR)
    asyncio.run(statements.keep(end, end))
    ((_, account),) = shelf.shut[0].accounts
    assert [one.day for one in shelf.shut] == [day]
    assert account.transactions == hours
    assert account.bought == hours * 60 * 3_600_000
    assert shelf.kept.days[next_day]["anna"]["power"].transactions == 26 - hours


@given(st.integers(0, 25 * 60))
def test_each_of_the_last_seven_days_is_told_at_every_minute_after_a_clock_change(minute):
    for midnight in (SPRING, AUTUMN):
        shelf = Shelf()
        days = [f"{'202603' if midnight == SPRING else '202610'}{n:02d}" for n in range(1, 32)]
        shelf.shut = [
            Statement(party="anna", day=one, accounts=(), closed=True, at=midnight) for one in days
        ]
        told = []
        statements = Statements(
            zone="Europe/Amsterdam",
            store=shelf,
            durable=at_once,
            tell=told.append,
            outside=lambda party: True,
        )
        after = 30 if midnight == SPRING else 26
        start = midnight + (23 if midnight == SPRING else 25) * HOUR
        statements.show_kept(Instant(start + minute % (24 * 60) * MINUTE))
        found = {one.day for one in told}
        wanted = set(days[after - 8 : after - 1]) | {days[after - 9]}
        assert found == wanted
