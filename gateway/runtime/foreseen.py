"""The site as an outlook foresees it: what agents are shown of a future interval.

A source stands there with its share of the sun, the residual with all that is expected, the tariff
with its prices; storages, and loads that are steered or have an errand, as they are now, for what
they trade meanwhile is told beside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.market.positions import Positions
from gateway.model.device import Control, DeviceState
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.time import HOUR, Instant, Interval

_THERE: Final = frozenset({DeviceState.ONLINE, DeviceState.SLEEPING})


def covers(outlook: Outlook, interval: Interval) -> bool:
    """Whether every moment of the interval lies in a step of the outlook."""
    end = outlook.start + outlook.steps * outlook.step
    return outlook.start <= interval.start and interval.end <= end


def foreseen(snapshot: Snapshot, outlook: Outlook, interval: Interval) -> Snapshot:
    """What is expected of the interval; ``outlook`` covers it."""
    first = (interval.start - outlook.start) // outlook.step
    last = -(-(interval.end - outlook.start) // outlook.step)
    steps = slice(first, last)
    residual_w = sum(one.weight * _mean(one.residual_w[steps]) for one in outlook.scenarios)
    suns = _suns(snapshot, _mean(outlook.sun_w[steps]))
    devices = {id_: _shining(snapshot.devices[id_], snapshot.at, w) for id_, w in suns.items()}
    devices |= {
        id_: view for id_, view in snapshot.devices.items()
        if id_ not in suns and _is_known(view)
    }  # fmt: skip
    return Snapshot(
        at=snapshot.at,
        devices=dict(sorted(devices.items())),
        import_price=_mean(outlook.import_price[steps]),
        export_price=_mean(outlook.export_price[steps]),
        residual_w=residual_w + sum(suns.values()),
    )


def meanwhile(
    positions: Positions, product: Product, now: Instant, start: Instant
) -> Mapping[str, tuple[float, float]]:
    """What each party is to draw and to give from now to ``start``, Wh >= 0 each."""
    if start <= now:
        return {}
    until = Interval(now, start)
    found: dict[str, tuple[float, float]] = {}
    for party in positions.held(until):
        drawn_wh = given_wh = 0.0
        for step in positions.steps(party, until).steps:
            energy = product.real_quantity(step.quantity) * step.interval.duration / HOUR
            drawn_wh, given_wh = drawn_wh + max(energy, 0.0), given_wh + max(-energy, 0.0)
        found[party] = drawn_wh, given_wh
    return found


def _suns(snapshot: Snapshot, sun_w: float) -> Mapping[str, float]:
    """The sun of all sources by device, by what is written on them."""
    views = snapshot.devices.items()
    rated = {
        id_: view.capabilities.rating_w or 1.0
        for id_, view in views
        if view.capabilities.control is Control.LIMIT and view.state in _THERE
    }
    return {id_: sun_w * share / sum(rated.values()) for id_, share in rated.items()}


def _shining(view: DeviceView, at: Instant, power_w: float) -> DeviceView:
    reading = Reading(device=view.id, at=at, flows={POWER: -power_w}, available_w=power_w)
    return replace(
        view, state=DeviceState.ONLINE, reading=reading, quality=Quality.GOOD, limit_w=None
    )


def _is_known(view: DeviceView) -> bool:
    """Whether what it can do then follows from what it is now."""
    told = view.capabilities
    steered = bool(told.stages_w) or told.control is Control.TARGET
    return view.soc_pct is not None or view.errand is not None or steered


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
