"""Products: a resource, its unit, interval length and trading terms.

``Product`` is the only converter between real numbers and the market's integers:
real = integer x 10^scale.  Prices are per ``price_unit``.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final

from gateway.model.ahead import Ahead
from gateway.model.resource import Resource
from gateway.model.settlement import Settlement
from gateway.model.terms import OtherTerms, Streams, TermRule
from gateway.model.time import HOUR, MILLISECOND, SECOND, Duration, Instant, Interval

MAX_QUANTITY = 10**12
PUBLISHED: Final = ("book", "session", "ticks")
"""What a product may publish beside tenders and clearings."""
AHEAD = Duration(48 * HOUR)
"""How far ahead of now an interval may start that is tendered for."""
# What one price unit is in resourceUnit x hours, for the units that trade by energy.
_PRICE_UNIT_PER_HOUR = {"kWh": 1000, "Wh": 1, "MWh": 1_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a market trades, with its scales and divisibility rules.

    Attributes:
        id: ``[a-z0-9][a-z0-9_-]{0,31}``; also the CTS segmentId.
        interval: delivery length, a whole multiple of 1 s.
        offset: of the interval grid from the epoch.
        price_scale: exponent of ten of an integer price (default: EUR 0.0001 per kWh).
        quantity_scale: exponent of ten of an integer quantity in ``unit``.
        tick: prices are whole multiples of it (from zero).
        lot: quantities are whole multiples of it.
        price_floor, price_cap: integer prices, both inclusive.
        gate_lead: how long before delivery tenders close.
        price_rule: which price of the equilibrium range is taken, one of the mechanism's.
        maker: the party that posts the price, where the mechanism is ``posted-price``.
        revision: grows when terms change; old tenders are then cancelled.
        min_quantity, max_quantity: of one tender of a party from outside, integers, inclusive.
        warrants: that a SELL may carry and a BUY may ask for.
        streams: whether stream tenders are taken.
        execution_instructions: the codes a tender may carry.
        rules: what tenders from outside keep beside all this.
        other_terms: what becomes of terms that are neither known nor named by a rule.
        settlement: None = with the market, deviations at the clearing price.
        negotiations: quotes and requests for quotes are taken beside tenders.
        publish: what is public beside tenders and clearings: ``book``, ``session``, ``ticks``.
        ahead: how it is traded ahead; None = each interval at its gate only.
    """

    id: str
    resource: Resource
    unit: str
    interval: Duration
    currency: str = "EUR"
    price_unit: str = "kWh"
    offset: Duration = Duration(0)
    mechanism: str = "uniform-price"
    price_rule: str = "midpoint"
    price_scale: int = -4
    quantity_scale: int = 0
    tick: int = 1
    lot: int = 1
    price_floor: int = -10_000
    price_cap: int = 20_000
    gate_lead: Duration = Duration(500 * MILLISECOND)
    revision: int = 1
    min_quantity: int = 1
    max_quantity: int = MAX_QUANTITY
    warrants: tuple[str, ...] = ()
    streams: Streams = Streams.PERMITTED
    execution_instructions: str = ""
    rules: tuple[TermRule, ...] = ()
    other_terms: OtherTerms = OtherTerms.REJECT
    settlement: Settlement | None = None
    negotiations: bool = False
    maker: str = ""
    publish: tuple[str, ...] = ()
    ahead: Ahead | None = None

    @property
    def negotiated(self) -> bool:
        """Whether quotes are taken: the mechanism lives by them, or the product permits them."""
        return self.negotiations or self.mechanism in {"quote-driven", "negotiated"}

    def price(self, real: Decimal | float) -> int:
        """A real price as integer ticks-aligned price, rounded half-even to the tick."""
        return _ticks(real, self.price_scale, self.tick) * self.tick

    def real_price(self, price: int) -> Decimal:
        """The exact real value of an integer price."""
        return Decimal(price).scaleb(self.price_scale)

    def quantity_down(self, real: float) -> int:
        """A real quantity >= 0 as whole lots, rounded down (never offers what is not there)."""
        return self._lots(real, up=False)

    def quantity_up(self, real: float) -> int:
        """A real quantity >= 0 as whole lots, rounded up (never buys less than is needed)."""
        return self._lots(real, up=True)

    def _lots(self, real: float, *, up: bool) -> int:
        whole, rest = divmod(Decimal(str(real)).scaleb(-self.quantity_scale), self.lot)
        return max(0, int(whole) + (up and rest > 0)) * self.lot

    def real_quantity(self, quantity: int) -> float:
        """The real value of an integer quantity, in ``unit``."""
        return float(Decimal(quantity).scaleb(self.quantity_scale))

    def clamp_price(self, price: int) -> int:
        """The nearest price inside floor and cap."""
        return min(max(price, self.price_floor), self.price_cap)

    def interval_at(self, instant: Instant) -> Interval:
        """The interval of this product's grid that contains ``instant``."""
        start = instant - (instant - self.offset) % self.interval
        return Interval(Instant(start), Instant(start + self.interval))

    def next_interval(self, instant: Instant) -> Interval:
        """The first interval of the grid that starts after ``instant``'s own."""
        return self.interval_at(self.interval_at(instant).end)

    def is_on_grid(self, interval: Interval) -> bool:
        """Whether the interval is one instrument of this product."""
        start, length = interval.start, interval.end - interval.start
        return length == self.interval and (start - self.offset) % length == 0

    def gate(self, interval: Interval) -> Instant:
        """When tenders for ``interval`` close."""
        return Instant(interval.start - self.gate_lead)

    def money(self, amount: int) -> Decimal:
        """Currency from exact money (price x quantity x milliseconds), rounded half-even to 1e-6.

        Only statements call this; inside, money stays an integer.
        """
        divisor = _PRICE_UNIT_PER_HOUR.get(self.price_unit, 1) * 3600 * (SECOND // MILLISECOND)
        exact = Decimal(amount).scaleb(self.price_scale + self.quantity_scale) / divisor
        return exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN)


@lru_cache(maxsize=1024)
def _ticks(real: Decimal | float, scale: int, tick: int) -> int:
    """Tariffs and marginal costs seldom change, and are asked for at every gate."""
    scaled = Decimal(str(real)).scaleb(-scale) / tick
    return int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))
