"""A picture of the day on which the batteries did most: power, charge, price."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gateway.model.errors import WrongInput
from gateway.model.time import rfc3339
from gateway.simulation.scenario import Scenario
from gateway.simulation.year import Rows

Day = list[Rows]


def drawable(file: Path) -> Path:
    """The file, whose name says what kind of picture it is.

    Raises:
        WrongInput: a kind that cannot be drawn.
    """
    kinds = sorted(Figure().canvas.get_supported_filetypes())
    if file.suffix.removeprefix(".").lower() not in kinds:
        message = f"--plot: found {file.name!r}, allowed: a name that ends in {', '.join(kinds)}"
        raise WrongInput(message)
    return file


class BusiestDay:
    """Keeps the rows of one day while a simulation runs, and draws them.

    Raises:
        WrongInput: a file of a kind that cannot be drawn.
    """

    def __init__(self, scenario: Scenario, file: Path) -> None:
        self._scenario = scenario
        self._file = drawable(file)
        self._running: Day = []
        self._kept: Day = []

    def add(self, rows: Rows) -> None:
        """The rows of one step."""
        self._running.append(rows)
        if len(self._running) < self._scenario.steps_a_day:
            return
        if _moved_w(self._running) > _moved_w(self._kept):
            self._kept = self._running
        self._running = []

    def draw(self) -> None:
        """Write the picture; of less than a day what there is."""
        day = self._kept or self._running
        figure = Figure(figsize=(9, 8), layout="constrained")
        power, charge, price = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1, 1))
        self._power(power, day)
        self._charge(charge, day)
        self._price(price, day)
        homes = ", ".join(home.id for home in self._scenario.homes)
        figure.suptitle(f"from {rfc3339(day[0][0].at)[:16]}Z: {homes}")
        price.set_xlabel("hours")
        figure.savefig(self._file, dpi=120)

    def _power(self, axes: Axes, day: Day) -> None:
        """What draws upward, what gives downward, and the meter between them."""
        *begins, _ = self._edges(day)
        load, solar, battery = (
            [sum(getattr(row, name) for row in rows) / 1000 for rows in day]
            for name in ("load_w", "solar_w", "battery_w")
        )
        sun = [-w for w in solar]
        for kind, color, height, bottom in (
            ("load", "tab:gray", load, 0.0),
            ("charging", "tab:green", [max(w, 0.0) for w in battery], load),
            ("sun", "gold", sun, 0.0),
            ("discharging", "tab:olive", [min(w, 0.0) for w in battery], sun),
        ):
            axes.bar(
                begins, height, self._scenario.hours, bottom, align="edge", color=color, label=kind
            )
        grid = [sum(row.grid_w for row in rows) / 1000 for rows in day]
        axes.stairs(grid, self._edges(day), baseline=None, color="tab:red", label="grid")
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_ylabel("kW")
        axes.use_sticky_edges = False
        axes.margins(x=0, y=0.15)
        axes.legend(loc="upper left", ncols=5)

    def _edges(self, day: Day) -> list[float]:
        """Hours from the day's begin to each step's, and to the last one's end."""
        return [step * self._scenario.hours for step in range(len(day) + 1)]

    def _charge(self, axes: Axes, day: Day) -> None:
        _, *ends = self._edges(day)
        axes.plot(ends, [sum(row.soc_wh for row in rows) / 1000 for rows in day], color="tab:green")
        axes.set_ylabel("stored, kWh")
        axes.set_ylim(bottom=0)

    def _price(self, axes: Axes, day: Day) -> None:
        for place, home in enumerate(self._scenario.homes):
            prices = [rows[place].price for rows in day]
            axes.stairs(prices, self._edges(day), baseline=None, label=home.id)
        axes.set_ylabel("price per kWh")
        if not self._scenario.community and len(self._scenario.homes) > 1:
            axes.legend(loc="upper left", ncols=5)


def _moved_w(day: Day) -> float:
    return sum(abs(row.battery_w) for rows in day for row in rows) if day else -1.0
