"""Storage: a value of stored energy between the export and the import price.

It departs from plain self-consumption (charge from surplus, discharge to load) only where that
is a sure gain, so it is not dearer.  Source: docs/economics.md, "Storage".
"""

import math
from dataclasses import dataclass

from gateway.agents.planned import planned_steps, remembered_values
from gateway.agents.steps import Step, as_tenders, steerable
from gateway.agents.utility import GridPrices
from gateway.agents.value import Store
from gateway.model.device import Capabilities, Device, Strategy
from gateway.model.tender import Party, Side, Tender
from gateway.model.terms import LOCAL
from gateway.model.time import HOUR
from gateway.ports.agent import Gate

# A common lithium battery with its inverter, where neither device nor owner tell.
ROUND_TRIP = 0.9


@dataclass(frozen=True, slots=True)
class Battery:
    """What a storage can do from its present charge, in real units.

    Attributes:
        round_trip: efficiency of charging and discharging together, 0..1.
        charge_w, discharge_w: at its terminals, W >= 0.
        usable_wh: between the reserve and the highest charge allowed, Wh >= 0.
        room_wh, stored_wh: that fit in, and lie above the reserve, Wh >= 0.
        level: 0 at the reserve, 1 at the highest charge allowed.
    """

    round_trip: float
    charge_w: float
    discharge_w: float
    usable_wh: float
    room_wh: float
    stored_wh: float
    level: float

    @classmethod
    def of(cls, device: Device, told: Capabilities, soc_pct: float) -> "Battery":
        """From the device's word first, then the owner's; the stricter limit counts."""
        own = device.limits
        span_pct = own.max_soc_pct - own.min_soc_pct
        above_pct = min(max(soc_pct - own.min_soc_pct, 0.0), max(span_pct, 0.0))
        discharge_w = _strictest(told.discharge_w, own.discharge_w, own.max_w, told.rating_w)
        capacity_wh = told.capacity_wh or device.capacity_wh or discharge_w  # one hour: cautious
        return cls(
            round_trip=told.round_trip or device.round_trip or ROUND_TRIP,
            charge_w=_strictest(told.charge_w, own.charge_w, own.max_w, told.rating_w),
            discharge_w=discharge_w,
            usable_wh=max(span_pct, 0.0) / 100 * capacity_wh,
            room_wh=max(own.max_soc_pct - soc_pct, 0.0) / 100 * capacity_wh,
            stored_wh=max(soc_pct - own.min_soc_pct, 0.0) / 100 * capacity_wh,
            level=above_pct / span_pct if span_pct > 0 else 1.0,
        )

    @property
    def eta(self) -> float:
        """One-way efficiency, taken as the same both ways."""
        return math.sqrt(self.round_trip)

    def store(self, wear: float, share: float) -> Store:
        """What is planned for: all that is usable, for its share of the residual."""
        return Store(
            capacity_wh=self.usable_wh,
            charge_w=self.charge_w,
            discharge_w=self.discharge_w,
            eta_charge=self.eta,
            eta_discharge=self.eta,
            wear=wear,
            share=share,
        )

    def can_charge_w(self, hours: float) -> float:
        """The draw it can hold for so long; fades to 0 as it fills."""
        return min(self.charge_w, self.room_wh / self.eta / hours)

    def can_discharge_w(self, hours: float) -> float:
        """The output it can hold for so long; fades to 0 towards the reserve."""
        return min(self.discharge_w, self.stored_wh * self.eta / hours)


@dataclass(frozen=True, slots=True)
class Quote:
    """The prices a storage tenders at, ``buy`` < ``sell``; None = not on this side."""

    buy: int | None
    sell: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Buys below and sells above the value of what it has stored.

    Attributes:
        dearest_import: the highest real import price the tariff can reach; None = unknown.
            Surplus goes to the grid first only where not even that price would repay storing it.
        beside: the other storages of the site.
    """

    device: Device
    dearest_import: float | None = None
    beside: tuple[Device, ...] = ()

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """Steps that are holdable over the whole interval: by plan where it looks ahead.

        Else one BUY and one SELL; without a known charge nothing is tendered.
        """
        view = steerable(gate, self.device.id)
        if view is None or view.soc_pct is None:
            return ()
        battery = self._battery(gate, view.capabilities, view.soc_pct)
        hours = gate.interval.duration / HOUR
        slopes = self._worth(gate, battery)
        if slopes is None:
            return as_tenders(gate, self._steps(gate, battery, hours), (LOCAL,))
        store = battery.store(self.device.wear, 1.0)
        grid = GridPrices.at(gate)
        steps = planned_steps(gate.product, slopes, store, battery.stored_wh, hours, grid=grid)
        return as_tenders(gate, steps, (LOCAL,))

    def _battery(self, gate: Gate, told: Capabilities, soc_pct: float) -> Battery:
        """As it will be when the interval begins, by what it trades until then."""
        battery = Battery.of(self.device, told, soc_pct)
        drawn_wh, given_wh = gate.meanwhile.get(self.device.id, (0.0, 0.0))
        if not (drawn_wh or given_wh) or battery.usable_wh <= 0:
            return battery
        stored_wh = battery.stored_wh + drawn_wh * battery.eta - given_wh / battery.eta
        level = min(max(stored_wh / battery.usable_wh, 0.0), 1.0)
        own = self.device.limits
        then_pct = own.min_soc_pct + level * (own.max_soc_pct - own.min_soc_pct)
        return Battery.of(self.device, told, then_pct)

    def _worth(self, gate: Gate, battery: Battery) -> tuple[float, ...] | None:
        """What each part of it is worth after the interval; None = no plan."""
        outlook = gate.outlook
        if outlook is None or self.device.strategy is not Strategy.PLAN or battery.usable_wh <= 0:
            return None
        over = max(-((outlook.start - gate.interval.end) // outlook.step), 0)
        if over > outlook.steps:
            return None
        store = battery.store(self.device.wear, self._share(gate, battery))
        return remembered_values(outlook, store, over)

    def _share(self, gate: Gate, battery: Battery) -> float:
        """Of what the site draws or has too much, by what is usable of all that can be used."""
        others_wh = 0.0
        for other in self.beside:
            view = steerable(gate, other.id)
            if view is not None and view.soc_pct is not None:
                others_wh += Battery.of(other, view.capabilities, view.soc_pct).usable_wh
        return battery.usable_wh / (battery.usable_wh + others_wh)

    def _steps(self, gate: Gate, battery: Battery, hours: float) -> list[Step]:
        quote = self._quote(gate, battery)
        steps = []
        if quote.buy is not None:
            quantity = gate.product.quantity_down(battery.can_charge_w(hours))
            steps.append(Step(Side.BUY, quote.buy, quantity))
        if quote.sell is not None:
            quantity = gate.product.quantity_down(battery.can_discharge_w(hours))
            steps.append(Step(Side.SELL, quote.sell, quantity))
        return steps

    def _quote(self, gate: Gate, battery: Battery) -> Quote:
        """BUY at eta v - w and SELL at v / eta + w, v between what export and import are worth.

        v falls with the charge, so that of two storages the emptier charges first.
        """
        wear = gate.product.price(self.device.wear)
        grid = GridPrices.at(gate)
        if grid.asks <= 0:  # drawing is paid for: charge if that covers the wear, never discharge
            return Quote(-wear if grid.asks <= -wear else None, None)
        buy, sell = _inside(gate, grid, battery, wear)
        return Quote(
            min(buy, self._most_it_may_save(gate, battery, wear)),
            sell if grid.asks > wear else None,
        )

    def _most_it_may_save(self, gate: Gate, battery: Battery, wear: int) -> int:
        """The price per kWh taken that no later hour can repay: above it, export is better."""
        product = gate.product
        if self.dearest_import is None:
            return product.price_cap
        dearest = max(self.dearest_import, gate.snapshot.import_price or 0.0)
        saved = battery.round_trip * (product.price(dearest) - wear) - wear
        return math.floor(saved / product.tick) * product.tick


def _inside(gate: Gate, grid: GridPrices, battery: Battery, wear: int) -> tuple[int, int]:
    """BUY and SELL inside the grid's own: it pays more for surplus and asks less for its energy.

    In a spread too narrow to stand inside, the quote stands on its edges: at a tie the local
    party comes before the grid.
    """
    tick = gate.product.tick
    low, high = max(grid.pays, 0), grid.asks
    if high - low >= 3 * tick:
        low, high = low + tick, high - tick
    saves = grid.asks - wear  # per kWh given, when empty: the import it replaces
    earns = min(max(grid.pays, 0) + wear, battery.round_trip * saves)  # per kWh taken, when full
    bid = _between(battery.round_trip * saves, earns, battery.level) - wear  # eta v - w
    ask = _between(saves, earns / battery.round_trip, battery.level) + wear  # v / eta + w
    buy = _clamp(math.floor(bid / tick) * tick, low, high - tick)
    sell = _clamp(math.ceil(ask / tick) * tick, buy + tick, high)
    return buy, sell


def _between(empty: float, full: float, level: float) -> float:
    return empty + (full - empty) * level


def _clamp(price: int, low: int, high: int) -> int:
    return min(max(price, low), high)


def _strictest(*bounds_w: float | None) -> float:
    """The smallest bound that is known, W; 0 when none is."""
    return min((max(bound, 0.0) for bound in bounds_w if bound is not None), default=0.0)
