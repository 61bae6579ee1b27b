"""Comfort: the temperatures an owner wants kept, and how room, cold box or tank behave."""

from dataclasses import dataclass
from typing import Final

from gateway.model.time import HOUR, Duration, Instant

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

# A house loses half in a day and a half; how sure of that one is before anything was seen.
UNTAUGHT: Final[Vector] = (0.0, -0.02, 0.0)
UNSURE: Final[Vector] = (0.5, 0.02, 2.0)
TANK_KEEPS_H: Final = 116.0


WH_PER_LITRE_K: Final = 1.163
"""4186.8 J of heat warm a litre of water by a degree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank:
    """Hot water: how it behaves is known, so that nothing need be learned.

    Attributes:
        litres: of it, > 0.
        cop: heat by electricity: 1 of a rod, 3 or so of a heat pump.
        rise_c: reached once in ``every``, against legionella; None = never.
    """

    litres: float
    cop: float = 1.0
    rise_c: float | None = None
    every: Duration = Duration(7 * 24 * HOUR)

    @property
    def thermal(self) -> "Thermal":
        """A well insulated one loses 300 W per 100 K and 300 l."""
        gain = 1000.0 * self.cop / (WH_PER_LITRE_K * self.litres)
        return Thermal(keeps_h=TANK_KEEPS_H, rest_c=20.0, gain_k_per_kwh=gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comfort:
    """What is to be kept, degrees Celsius, ``low_c`` < ``wish_c`` < ``high_c``.

    Attributes:
        wish_c: the temperature wanted while the price does not matter.
        low_c, high_c: never to be left where the device can help it.
        cooling: whether the device takes heat out (a fridge) instead of bringing it.
        sensor: the device that tells the temperature; empty = the load itself.
        tank: where it is hot water, of which between the limits no degree is better than another.
    """

    wish_c: float
    low_c: float
    high_c: float
    cooling: bool = False
    sensor: str = ""
    tank: Tank | None = None

    @property
    def edge_c(self) -> float:
        """The limit that it drifts to while the device stands still."""
        return self.high_c if self.cooling else self.low_c


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermal:
    """dT/dt = (rest - T) / keeps + gain P: a body of one temperature, learned from its past.

    Attributes:
        keeps_h: R C, the hours after which a third of what it was warmer is left, > 0.
        rest_c: where it goes while the device stands still.
        gain_k_per_kwh: cop / C, the change by one kWh of electricity; < 0 where it cools.
    """

    keeps_h: float
    rest_c: float
    gain_k_per_kwh: float

    @property
    def holds_w_per_k(self) -> float:
        """Electric power that holds it one degree further from its rest, W."""
        return 1000.0 / self.keeps_h / abs(self.gain_k_per_kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """How warm it is, and what is known of how that changes (None: not enough yet).

    Attributes:
        rise_by: when a tank has to have been at its ``rise_c`` again, None = never.
    """

    comfort: Comfort
    temperature_c: float
    thermal: Thermal | None = None
    rise_by: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """dT/dt = a + b (T - 20) + c P: what its past says so far.

    Attributes:
        theta: a, b, c in K/h, 1/h, K/kWh.
        unsure: their covariance.
        samples: from how many spans of time.
        risen: when a tank was last at its ``rise_c``, 0 = never seen.
    """

    theta: Vector = UNTAUGHT
    unsure: Matrix = (
        (UNSURE[0] ** 2, 0.0, 0.0),
        (0.0, UNSURE[1] ** 2, 0.0),
        (0.0, 0.0, UNSURE[2] ** 2),
    )
    samples: int = 0
    risen: Instant = Instant(0)
