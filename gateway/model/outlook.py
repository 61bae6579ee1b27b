"""What may come: prices and the site's own draw, step by step, as weighted scenarios."""

import math
from dataclasses import dataclass

from gateway.model.time import Duration, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way in which the coming steps may go.

    Attributes:
        weight: its share of all scenarios, 0..1.
        residual_w: mean draw of all that cannot be steered in each step, W (surplus negative).
    """

    weight: float
    residual_w: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The coming steps, all of one length.

    Attributes:
        start: when the first step begins.
        import_price, export_price: real money per kWh, one per step.
        scenarios: weights sum to 1, as many steps each as there are prices.
        left: what a kWh that could still be given at the end is worth; None = the cheap
            import of the last day, which it will replace.
        sun_w: what the sources that can be steered are expected to give in each step, W >= 0, which
            the residual is less of; empty where nobody trades ahead.

    Raises:
        ValueError: where lengths differ or the weights do not sum to 1.
    """

    start: Instant
    step: Duration
    import_price: tuple[float, ...]
    export_price: tuple[float, ...]
    scenarios: tuple[Scenario, ...]
    left: float | None = None
    sun_w: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        steps = {len(self.import_price), len(self.export_price)}
        steps |= {len(scenario.residual_w) for scenario in self.scenarios}
        steps |= {len(self.sun_w)} if self.sun_w else set()
        if len(steps) != 1:
            msg = f"prices and scenarios of one outlook have as many steps each, not {steps}"
            raise ValueError(msg)
        total = sum(scenario.weight for scenario in self.scenarios)
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            msg = f"the weights of an outlook's scenarios sum to 1, not {total}"
            raise ValueError(msg)

    @property
    def steps(self) -> int:
        """How many steps it looks ahead."""
        return len(self.import_price)
