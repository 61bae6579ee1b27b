"""What a simulation is told: homes with their past year, a battery each, one tariff.

Source of the format: docs/how-to/simulate-your-home.md.
"""

from dataclasses import dataclass

from gateway.agents.value import Store
from gateway.model.time import HOUR, Duration, Instant, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeBattery:
    """A battery as the scenario states it.

    Attributes:
        store: what it can do; efficiency is the square root of the round trip each way.
        stored_wh: at the start, 0..capacity.
    """

    store: Store
    stored_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedHome:
    """One home.

    Attributes:
        load_w, solar_w: means over each step, W, as long as the scenario's tariff.
        battery: None = a home without one.
    """

    id: str
    load_w: tuple[float, ...]
    solar_w: tuple[float, ...]
    battery: HomeBattery | None = None

    @property
    def residual_w(self) -> tuple[float, ...]:
        """What it draws without its battery, W; surplus negative."""
        return tuple(load - sun for load, sun in zip(self.load_w, self.solar_w, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class YearTariff:
    """Real money per kWh in each step."""

    import_price: tuple[float, ...]
    export_price: tuple[float, ...]

    def price(self, step: int, flow: float) -> float:
        """Of a kWh through the meter in a step; ``flow`` positive on import."""
        return self.import_price[step] if flow > 0 else self.export_price[step]

    def cost(self, step: int, energy_kwh: float) -> float:
        """What the meter is charged for a step; import positive, export negative."""
        return self.price(step, energy_kwh) * energy_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All that is simulated.

    Attributes:
        step: length of every step; divides a day.
        community: whether the homes also trade with each other, behind one meter.
    """

    start: Instant
    step: Duration
    homes: tuple[SimulatedHome, ...]
    tariff: YearTariff
    community: bool = False

    @property
    def steps(self) -> int:
        """How many steps are simulated."""
        return len(self.tariff.import_price)

    @property
    def hours(self) -> float:
        """Length of a step."""
        return self.step / HOUR

    @property
    def steps_a_day(self) -> int:
        """Steps in 24 hours."""
        return 24 * HOUR // self.step

    def interval(self, step: int) -> Interval:
        """When a step is."""
        begin = self.start + step * self.step
        return Interval(Instant(begin), Instant(begin + self.step))
