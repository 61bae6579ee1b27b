"""One pass: what every device is to do, planned together and bounded one by one.

A device whose part of the pass fails goes to its fall-back level; the others get theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from gateway.dispatch.guard import Guarded, SiteRoom, fall_back, guard
from gateway.dispatch.plan import Balance, SourceMemory, plan_sources, plan_storage
from gateway.dispatch.thrift import spared
from gateway.model.device import Control, Device
from gateway.model.snapshot import DeviceView
from gateway.model.time import Duration, Instant
from gateway.runtime.balance import Moment
from gateway.runtime.progress import DEAD_BAND_W

Wanted = dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a pass came to.

    Attributes:
        wanted: by the plan, W, passive; None = no limit.
        guarded: by device that takes setpoints, after the guard.
        healthy: whether nothing failed on the way.
    """

    wanted: Mapping[str, float | None]
    guarded: Mapping[str, Guarded]
    healthy: bool


class Planner:
    """Plan, then guard; remembers what is believed of the sources."""

    def __init__(self, devices: Mapping[str, Device], *, settle: Duration, metered: bool) -> None:
        self._devices = devices
        self._settle = settle
        self._metered = metered
        self._memory: Mapping[str, SourceMemory] = {}
        self._healthy = True

    def step(self, by: int) -> None:
        """The wall clock was stepped: beliefs keep their age."""
        self._memory = {
            d: replace(memory, raised_at=Instant(memory.raised_at + by))
            for d, memory in self._memory.items()
        }

    def decide(self, moment: Moment) -> Decisions:
        """For every device that takes setpoints."""
        self._healthy = True
        try:
            wanted, guarded = self._planned(moment)
        except Exception as error:  # noqa: BLE001 - whatever it is, a safe level must be written
            self._failed("the plan", error)
            wanted, guarded = {}, {}
        for device, view in moment.views.items():
            if view.capabilities.control is not Control.NONE and device not in guarded:
                guarded[device] = self._unplanned(view, moment)
        return Decisions(wanted=wanted, guarded=guarded, healthy=self._healthy)

    def _planned(self, moment: Moment) -> tuple[Wanted, dict[str, Guarded]]:
        """Storages and loads first; then the sources, bounded by what storages really do."""
        balance = moment.balance()
        wanted = self._targets(moment, balance)
        guarded = {d: self._bound(d, wanted, moment) for d in wanted}
        if balance is not None:
            storing = {s: guarded[s].quantity or 0.0 for s in balance.storages}
            held_back = any(
                (wanted[s] or 0.0) > moment.room(s, wanted).high for s in balance.storages
            )
            bounds = plan_sources(balance, storing, self._memory, held_back=held_back)
            wanted |= bounds
            guarded |= {d: self._bound(d, wanted, moment) for d in bounds}
        return wanted, guarded

    def _targets(self, moment: Moment, balance: Balance | None) -> Wanted:
        """Positions for stepped loads, the plan for storages; no storage when blind."""
        wanted: Wanted = dict(moment.stepped())
        if not self._metered:
            return wanted | moment.storage_positions()
        if balance is None:
            return wanted
        held = (moment.held[s] for s in balance.storages)
        total = sum(h.quantity or 0.0 for h in held if h is not None)
        plan = plan_storage(
            balance,
            self._memory,
            discharging=total < -DEAD_BAND_W,
            now=moment.now,
            settle=self._settle,
        )
        self._memory = plan.memory
        return wanted | dict(plan.wanted)

    def _bound(self, device: str, wanted: Wanted, moment: Moment) -> Guarded:
        try:
            return self._spared(device, self._guarded(device, wanted, moment), wanted, moment)
        except Exception as error:  # noqa: BLE001 - the other devices must get theirs
            self._failed(device, error)
            return fall_back(self._devices[device], "its guard failed")

    def _guarded(self, device: str, wanted: Wanted, moment: Moment) -> Guarded:
        return guard(
            wanted[device],
            self._devices[device],
            moment.views[device],
            moment.held[device],
            moment.room(device, wanted),
            moment.now,
        )

    def _spared(self, device: str, due: Guarded, wanted: Wanted, moment: Moment) -> Guarded:
        """What stands is kept where the write budget runs low and no bound minds."""
        rule, held = moment.thrifts.get(device), moment.held[device]
        if rule is None or held is None or moment.views[device].power_w is None:
            return due
        standing = self._guarded(device, {**wanted, device: held.quantity}, moment)
        control = moment.views[device].capabilities.control
        return spared(due, standing, held, control, rule, moment.now)

    def _unplanned(self, view: DeviceView, moment: Moment) -> Guarded:
        """Nothing could be planned: without a meter at all a good source runs free."""
        if not self._healthy:
            return fall_back(self._devices[view.id], "the plan failed")
        if not self._metered and view.power_w is not None:
            return guard(None, self._devices[view.id], view, None, SiteRoom(), moment.now)
        blind = self._metered and moment.residual_w is None
        why = "the grid meter gives no fresh good value" if blind else f"{view.quality} reading"
        return fall_back(self._devices[view.id], why)

    def _failed(self, what: str, error: Exception) -> None:
        self._healthy = False
        structlog.get_logger().error("pass.failed", what=what, exc_info=error)


def because(guarded: Guarded, moment: Moment) -> str:
    """The price in force, then every bound that bit."""
    clearing = moment.clearing
    known = clearing.reference_price if clearing.price is None else clearing.price
    price = "no price yet"
    if known is not None:
        real = moment.market.product.real_price(known)
        price = f"price {real:.4f} (clearing {clearing.sequence})"
    return "; ".join((price, *guarded.reasons))
