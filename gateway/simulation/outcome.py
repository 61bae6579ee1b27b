"""What a simulated year came to: four costs, energy through the meter, cycles."""

from collections.abc import Iterable
from dataclasses import dataclass, field

_NOTHING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The same year in four ways: money at the meter, and wear where a battery states one.

    Attributes:
        none: the batteries stand still.
        self_consumption: they charge from surplus and discharge into load.
        market: as the gateway runs them.
        optimum: as perfect foresight would.
    """

    none: float = 0.0
    self_consumption: float = 0.0
    market: float = 0.0
    optimum: float = 0.0

    @property
    def captured(self) -> float | None:
        """The part of the possible saving that the market made; None where none is possible."""
        possible = self.none - self.optimum
        return (self.none - self.market) / possible if possible > _NOTHING else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One home's, or that of all together.

    Attributes:
        import_kwh, export_kwh: through the meter, as the market ran it, both positive.
        moved_kwh: into and out of the cells, as the market ran it; ``capacity_kwh``: usable.
    """

    cost: Costs = field(default_factory=Costs)
    import_kwh: float = 0.0
    export_kwh: float = 0.0
    moved_kwh: float = 0.0
    capacity_kwh: float = 0.0

    @property
    def cycles(self) -> float:
        """Full equivalent cycles: the capacity once in and once out is one."""
        return self.moved_kwh / (2 * self.capacity_kwh) if self.capacity_kwh else 0.0

    def document(self) -> dict[str, object]:
        """For a program."""
        return {
            "cost": {
                "none": self.cost.none,
                "self_consumption": self.cost.self_consumption,
                "market": self.cost.market,
                "optimum": self.cost.optimum,
            },
            "captured": self.cost.captured,
            "import_kwh": self.import_kwh,
            "export_kwh": self.export_kwh,
            "cycles": self.cycles,
        }


def together(results: Iterable[Result]) -> Result:
    """The sum, for homes that each have a meter of their own."""
    every = tuple(results)
    return Result(
        cost=Costs(
            none=sum(one.cost.none for one in every),
            self_consumption=sum(one.cost.self_consumption for one in every),
            market=sum(one.cost.market for one in every),
            optimum=sum(one.cost.optimum for one in every),
        ),
        import_kwh=sum(one.import_kwh for one in every),
        export_kwh=sum(one.export_kwh for one in every),
        moved_kwh=sum(one.moved_kwh for one in every),
        capacity_kwh=sum(one.capacity_kwh for one in every),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The whole simulation.

    Attributes:
        homes: by id, in the scenario's order.
        seconds: what it took.
    """

    homes: dict[str, Result]
    total: Result
    seconds: float

    def document(self) -> dict[str, object]:
        """For a program: the contract of ``simulate --json``."""
        return {
            "homes": {home: one.document() for home, one in self.homes.items()},
            "total": self.total.document(),
            "captured": self.total.cost.captured,
            "seconds": self.seconds,
        }

    def text(self) -> str:
        """For a person."""
        head = f"{'':12} {'none':>11} {'self-cons.':>11} {'market':>11} {'optimum':>11}"
        lines = [f"{head} {'captured':>9} {'cycles':>7}"]
        for name, one in (*self.homes.items(), ("total", self.total)):
            cost = one.cost
            money = (cost.none, cost.self_consumption, cost.market, cost.optimum)
            cells = " ".join(f"{value:11.2f}" for value in money)
            part = "-" if cost.captured is None else f"{100 * cost.captured:.1f} %"
            lines.append(f"{name[:12]:12} {cells} {part:>9} {one.cycles:7.1f}")
        return "\n".join(lines)
