"""Another year like this one: the days of the series dealt anew, by a seed.

Each day is one drawn from the fortnight before to the fortnight after it, the same for all homes,
so that seasons, and what weather does to all of them, stay.  The tariff stays as it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from gateway.simulation.scenario import Scenario

_WITHIN_DAYS: Final = 14


def dealt(scenario: Scenario, seed: int) -> Scenario:
    """The scenario with its days dealt anew; a last part of a day stays."""
    a_day = scenario.steps_a_day
    days = scenario.steps // a_day
    deck = Random(seed)  # noqa: S311 - a deal of days, no secret
    drawn = [
        deck.randint(max(0, day - _WITHIN_DAYS), min(days - 1, day + _WITHIN_DAYS))
        for day in range(days)
    ]

    def anew(series: Sequence[float]) -> tuple[float, ...]:
        parts = [series[day * a_day : (day + 1) * a_day] for day in drawn]
        return (*(value for part in parts for value in part), *series[days * a_day :])

    homes = tuple(
        replace(home, load_w=anew(home.load_w), solar_w=anew(home.solar_w))
        for home in scenario.homes
    )
    return replace(scenario, homes=homes)
