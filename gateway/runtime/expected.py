"""The journal's row of an outlook: what agents see is what is read back from it.

Prices in millionths, since a thousandth of a price per kWh is too coarse; power in whole watts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from typing import Final

from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import MINUTE, Duration, Instant

STALE: Final = Duration(30 * MINUTE)
"""After so long without another one nothing is known of the time to come."""
_MILLION: Final = 1_000_000

Runs = tuple[tuple[int, int], ...]
"""(how many steps, value), one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One scenario: its weight in millionths, its power in whole watts."""

    weight: int
    residual_w: Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """An outlook in integers; prices and ``left`` in millionths per kWh."""

    start: Instant
    step: Duration
    import_price: Runs
    export_price: Runs
    ways: tuple[Way, ...]
    left: int | None = None
    sun_w: Runs = ()

    @classmethod
    def of(cls, outlook: Outlook) -> "Ahead":
        """The weights sum to a million: what rounding leaves goes to the first."""
        weights = [round(one.weight * _MILLION) for one in outlook.scenarios]
        weights[0] += _MILLION - sum(weights)
        return cls(
            start=outlook.start,
            step=outlook.step,
            import_price=_runs(outlook.import_price, _MILLION),
            export_price=_runs(outlook.export_price, _MILLION),
            ways=tuple(
                Way(weight=weight, residual_w=_runs(one.residual_w, 1))
                for weight, one in zip(weights, outlook.scenarios, strict=True)
            ),
            left=None if outlook.left is None else round(outlook.left * _MILLION),
            sun_w=_runs(outlook.sun_w, 1),
        )

    @property
    def outlook(self) -> Outlook:
        """As agents see it."""
        return Outlook(
            start=self.start,
            step=self.step,
            import_price=_values(self.import_price, _MILLION),
            export_price=_values(self.export_price, _MILLION),
            scenarios=tuple(
                Scenario(weight=one.weight / _MILLION, residual_w=_values(one.residual_w, 1))
                for one in self.ways
            ),
            left=None if self.left is None else self.left / _MILLION,
            sun_w=_values(self.sun_w, 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What agents know of the time to come, until the next such row or start."""

    ahead: Ahead | None = None

    @classmethod
    def of(cls, outlook: Outlook | None) -> "Expected":
        """The row's body."""
        return cls(ahead=None if outlook is None else Ahead.of(outlook))

    @property
    def outlook(self) -> Outlook | None:
        """What it tells."""
        return None if self.ahead is None else self.ahead.outlook


def as_kept(outlook: Outlook) -> Outlook:
    """The outlook as it will be read back."""
    return Ahead.of(outlook).outlook


def fresh(outlook: Outlook | None, now: Instant) -> Outlook | None:
    """The outlook while it is not stale, nor of another time than the clock's."""
    return None if outlook is None or abs(now - outlook.start) > STALE else outlook


def _runs(values: Iterable[float], scale: int) -> Runs:
    whole = (round(value * scale) for value in values)
    return tuple((len([*run]), value) for value, run in groupby(whole))


def _values(runs: Runs, scale: int) -> tuple[float, ...]:
    return tuple(chain.from_iterable(_repeated(runs, scale)))


def _repeated(runs: Runs, scale: int) -> Iterator[Iterable[float]]:
    for count, value in runs:
        yield repeat(value / scale, count)
