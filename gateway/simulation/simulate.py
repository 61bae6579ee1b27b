"""A whole simulation: a scenario in, what it came to out."""

from time import perf_counter

from gateway.simulation.outcome import Outcome
from gateway.simulation.scenario import Scenario
from gateway.simulation.year import Watch, run


def simulate(
    scenario: Scenario,
    watch: Watch = lambda _rows: None,
    *,
    mechanism: str = "uniform-price",
    price_rule: str = "midpoint",
) -> Outcome:
    """Run all homes through all steps.

    Args:
        scenario: what is simulated.
        watch: told the rows of each step.
        mechanism: of the product ``power``.
        price_rule: likewise.
    """
    begun = perf_counter()
    homes, total = run(scenario, watch, mechanism=mechanism, price_rule=price_rule)
    return Outcome(homes=homes, total=total, seconds=perf_counter() - begun)
