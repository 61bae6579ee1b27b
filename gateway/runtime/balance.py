"""The balance of the site now, as the plan and the guard need it.

Everything here is read from the site and the market at one moment, between two awaits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.agents import UTILITY, is_steered_load, tenders_for_itself
from gateway.dispatch.guard import Held, SiteRoom
from gateway.dispatch.merit import Step
from gateway.dispatch.plan import Balance, SourceView
from gateway.dispatch.thrift import Thrift
from gateway.market import Market
from gateway.model.clearing import Clearing
from gateway.model.device import Control, Device, DeviceState, Role
from gateway.model.site import GridLimits
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Side, TieClass
from gateway.model.time import Duration, Instant, Interval

# The import limit is broken when a device draws so much more than its room.
_BROKEN_W = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment of the site.

    Attributes:
        instrument: of the newest clearing: inside the lead already the next interval.
        residual_w: the load estimate, None when blind.
        held: what is in force per device.
        settle: how long a stepped load may take to follow.
        thrifts: devices whose write budget runs low.
        grid: the party that trades for the connection.
    """

    now: Instant
    market: Market
    instrument: Interval
    clearing: Clearing
    devices: Mapping[str, Device]
    views: Mapping[str, DeviceView]
    residual_w: float | None
    held: Mapping[str, Held | None]
    limits: GridLimits
    settle: Duration
    thrifts: Mapping[str, Thrift] = field(default_factory=dict)
    grid: str = UTILITY

    def position_w(self, party: str) -> float:
        """Standing position, W, BUY +; inside the lead already the next interval's."""
        at = max(self.now, self.clearing.interval.start)
        quantity = self.market.positions.at(party, at)
        sign = 1 if quantity >= 0 else -1
        return sign * self.market.product.real_quantity(abs(quantity))

    def stepped(self) -> dict[str, float]:
        """Loads hold their position, in stages or not; one with a programme is on or off."""
        return {d: self._load_w(d) for d in self.views if self._is_load(d)}

    def _load_w(self, device: str) -> float:
        position_w, told = self.position_w(device), self.views[device].capabilities
        switched = self.devices[device].programme is not None and told.stages_w
        return max(told.stages_w) if switched and position_w > 0 else position_w

    def storage_positions(self) -> dict[str, float]:
        """Without a grid meter nothing can be followed: storages hold their position."""
        return {d: self.position_w(d) for d in self.views if self._is_storage(d)}

    def balance(self) -> Balance | None:
        """All that the plan rests on; None without a fresh grid meter."""
        if self.residual_w is None:
            return None
        sources = tuple(
            self._source(v)
            for v in self.views.values()
            if v.capabilities.control is Control.LIMIT and _is_known(v)
        )
        storages = tuple(
            d for d, v in self.views.items() if self._is_storage(d) and v.power_w is not None
        )
        fixed = sum(self._fixed_w(device, wanted) for device, wanted in self.stepped().items())
        product = self.market.product
        return Balance(
            residual_w=self.residual_w,
            fixed_w=fixed,
            sources=sources,
            storages=storages,
            steps=self._steps((*storages, *(source.id for source in sources))),
            export_limit_w=self.limits.export_w,
            floor=product.price_floor,
            cap=product.price_cap,
        )

    def room(self, device: str, wanted: Mapping[str, float | None]) -> SiteRoom:
        """What everybody else leaves of the site's limits for this device."""
        if self.residual_w is None:
            return SiteRoom()
        others = self.residual_w + sum(
            self._expected_w(d, wanted.get(d)) for d in self.views if d != device
        )
        low, high = SiteRoom().low, SiteRoom().high
        if self.limits.import_w is not None:
            high = self.limits.import_w - others
        if self.limits.export_w is not None:
            low = -self.limits.export_w - others
        draws = self.views[device].power_w or 0.0
        return SiteRoom(low=low, high=high, broken=high + _BROKEN_W < draws)

    def _is_load(self, device: str) -> bool:
        told = self.views[device].capabilities
        return bool(told.stages_w) or is_steered_load(self.devices[device], told)

    def _is_storage(self, device: str) -> bool:
        controlled = self.views[device].capabilities.control is Control.TARGET
        return controlled and self.devices[device].role is Role.STORAGE

    def _source(self, view: DeviceView) -> SourceView:
        device = self.devices[view.id]
        known = [w for w in (view.capabilities.rating_w, device.limits.max_w) if w is not None]
        output = max(0.0, -(view.power_w or 0.0))
        return SourceView(
            id=view.id,
            at=self.now if view.reading is None else view.reading.at,
            output_w=output,
            limit_w=view.limit_w,
            nameplate_w=max(output, min(known) if known else output),
        )

    def _fixed_w(self, device: str, wanted: float) -> float:
        """A stepped load counts as measured once it had time to follow its command."""
        held, view = self.held.get(device), self.views[device]
        moving = held is not None and self.now - held.turned_at < self.settle
        if view.power_w is None or moving:
            return wanted
        return view.power_w

    def _expected_w(self, device: str, wanted: float | None) -> float:
        """What a device will draw: storages as planned, the rest as measured."""
        settings, view = self.devices[device], self.views[device]
        if not tenders_for_itself(settings, view.capabilities):
            return 0.0  # it is in the residual, or it is the grid meter itself
        if settings.role is Role.STORAGE and wanted is not None:
            return wanted
        return view.power_w or 0.0

    def _steps(self, followers: tuple[str, ...]) -> tuple[Step, ...]:
        """The standing tenders of the utility and of everybody who can follow, in W."""
        product, wanted = self.market.product, {self.grid, *followers}
        steps = [
            Step(
                party=tender.party,
                buy=tender.side is Side.BUY,
                price=tender.price,
                power_w=product.real_quantity(tender.quantity),
                tie=int(TieClass.GRID if tender.party == self.grid else TieClass.LOCAL),
            )
            for tender in self.market.standing(self.instrument, wanted)
        ]
        offered = {step.party for step in steps}
        silent = (d for d in followers if d not in offered and not self._is_storage(d))
        return (*steps, *(self._silent_source(device) for device in silent))

    def _silent_source(self, device: str) -> Step:
        """A source that offered nothing (asleep) is still held to what it may feed in."""
        price = self.market.product.price(self.devices[device].marginal_cost)
        return Step(party=device, buy=False, price=price, power_w=1.0)


def _is_known(view: DeviceView) -> bool:
    """By night many inverters tell no power: one that sleeps produces nothing."""
    return view.power_w is not None or view.state is DeviceState.SLEEPING
