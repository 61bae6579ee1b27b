"""What a home may know when it plans: the tariff to come, and of load and sun only the past."""

from collections.abc import Sequence
from typing import Final

from gateway.forecast.scenarios import DEFAULT, scenarios
from gateway.model.outlook import Outlook
from gateway.model.time import HOUR, Duration
from gateway.simulation.scenario import Scenario

HORIZON: Final = Duration(36 * HOUR)
"""How far a plan looks."""


def outlook(scenario: Scenario, step: int, past_w: Sequence[float]) -> Outlook | None:
    """What may come after a step.

    Where the tariff ends nothing that is left is worth anything, as the bill counts it; in the last
    step the outlook is of that step, which is over when it ends.

    Args:
        scenario: whose tariff is known in advance.
        step: the running one.
        past_w: mean residual of each step up to the running one, W.

    Returns:
        None in the first day, which nothing is known of.
    """
    a_day, tariff = scenario.steps_a_day, scenario.tariff
    if len(past_w) <= a_day:
        return None
    end = step + 1 + HORIZON // scenario.step
    first = min(step + 1, scenario.steps - 1)
    buys, sells = tariff.import_price[first:end], tariff.export_price[first:end]
    recent_w = past_w[-(DEFAULT.days + 1) * a_day - 1 :]
    return Outlook(
        start=scenario.interval(first).start,
        step=scenario.step,
        import_price=buys,
        export_price=sells,
        scenarios=scenarios(recent_w, len(buys), a_day),
        left=0.0 if end >= scenario.steps else None,
    )
