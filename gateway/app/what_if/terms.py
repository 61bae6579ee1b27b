"""The product's terms in a book, and its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from gateway.model.errors import WrongInput

_MOST_PRICES: Final = 1_000_001
_MOST_LOTS: Final = 10**15
_MOST_DIGITS: Final = 30
# A tick that has no decimal form (a range cut into steps) is met by what was rounded to it.
_NEAR: Final = Fraction(1, 1_000_000)


class Wrong(ValueError):
    """A tender cannot be taken; says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Prices from ``lowest`` in ``cap`` equal ticks, quantities in whole lots.

    ``maker`` is the party that posts the price, where the mechanism asks for one.
    """

    lowest: Fraction
    tick: Fraction
    cap: int
    lot: Fraction
    maker: str = ""

    def place(self, value: object) -> int:
        """A price of the grid as the number of ticks above the lowest.

        Raises:
            Wrong: no number, out of range, or between two ticks.
        """
        price = number(value, "price")
        exact = (price - self.lowest) / self.tick
        place = round(exact)
        if abs(exact - place) > _NEAR:
            ticks = f"ticks of {show(self.tick)} from {show(self.lowest)}"
            message = f"price {value} is not on the grid: {ticks}"
            raise Wrong(message)
        if not 0 <= place <= self.cap:
            highest = show(self.price(self.cap))
            message = f"price {value} is outside {show(self.lowest)} to {highest}"
            raise Wrong(message)
        return place

    def lots(self, value: object) -> Fraction:
        """A quantity in lots, not always whole.

        Raises:
            Wrong: no number, or beyond all measure.
        """
        lots = number(value, "quantity") / self.lot
        if abs(lots) > _MOST_LOTS:
            message = f"quantity {value} is more than {_MOST_LOTS:.0e} lots"
            raise Wrong(message)
        return lots

    def price(self, place: Fraction | int) -> Fraction:
        """The real price of a place, also between two ticks."""
        return self.lowest + place * self.tick


def read_terms(product: object) -> Terms:
    """The terms of a book.

    Raises:
        WrongInput: a term is missing or makes no grid; names it.
    """
    if not isinstance(product, Mapping):
        message = (
            "product: expected an object with price_min, price_max, price_tick or price_steps, lot"
        )
        raise WrongInput(message)
    low, high = _term(product, "price_min"), _term(product, "price_max")
    if low > high:
        message = f"product.price_max: found {show(high)}, below price_min {show(low)}"
        raise WrongInput(message)
    if ("price_tick" in product) == ("price_steps" in product):
        message = "product: either price_tick or price_steps is needed"
        raise WrongInput(message)
    tick = _tick(product, low, high)
    lot = _term(product, "lot") if "lot" in product else Fraction(1)
    for name, value in (("price_tick", tick), ("lot", lot)):
        if value <= 0:
            message = f"product.{name}: found {show(value)}, must be above 0"
            raise WrongInput(message)
    cap = int((high - low) / tick)
    if cap >= _MOST_PRICES:
        message = f"product: {cap + 1} prices are too many, at most {_MOST_PRICES}"
        raise WrongInput(message)
    return Terms(low, tick, cap, lot, _maker(product))


def _maker(product: Mapping[str, object]) -> str:
    maker = product.get("maker", "")
    if not isinstance(maker, str) or not maker.isprintable():
        message = f"product.maker: found {maker!r}, needs the party that posts the price"
        raise WrongInput(message)
    return maker


def _tick(product: Mapping[str, object], low: Fraction, high: Fraction) -> Fraction:
    if "price_tick" in product:
        return _term(product, "price_tick")
    steps = product["price_steps"]
    if isinstance(steps, bool) or not isinstance(steps, int) or steps <= 1 or low == high:
        allowed = "2 or more prices, in a range"
        message = f"product.price_steps: found {steps!r}, needs a whole number: {allowed}"
        raise WrongInput(message)
    return (high - low) / (steps - 1)


def _term(product: Mapping[str, object], name: str) -> Fraction:
    try:
        return number(product.get(name), f"product.{name}")
    except Wrong as error:
        raise WrongInput(str(error)) from error


def number(value: object, what: str) -> Fraction:
    """A finite number, exactly as written.

    Raises:
        Wrong: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        message = f"{what}: found {value!r}, expected a number"
        raise Wrong(message)
    exact = Decimal(value)
    if not exact.is_finite():
        message = f"{what}: {value} is no finite number"
        raise Wrong(message)
    if exact and abs(exact.adjusted()) > _MOST_DIGITS:
        message = f"{what}: {value} is out of all measure"
        raise Wrong(message)
    return Fraction(exact)


def show(value: Fraction) -> str:
    """A number as people write it."""
    return f"{float(value):g}"
