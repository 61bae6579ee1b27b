"""A whole simulation: a scenario in, what it came to out."""

from collections.abc import Mapping
from time import perf_counter

from gateway.app.mechanisms import mechanisms
from gateway.model.errors import WrongInput
from gateway.ports.mechanism import Matching, Mechanism
from gateway.simulation.outcome import Outcome
from gateway.simulation.scenario import Scenario
from gateway.simulation.year import Watch, run


def known() -> Mapping[str, Mechanism]:
    """Mechanisms that clear at a gate, by name, installed ones too."""
    return {n: one for n, one in mechanisms().items() if one.matching is Matching.GATE}


def simulate(
    scenario: Scenario,
    watch: Watch = lambda _rows: None,
    *,
    mechanism: str = "uniform-price",
) -> Outcome:
    """Run all homes through all steps.

    Args:
        scenario: what is simulated.
        watch: told the rows of each step.
        mechanism: one of ``known``, with its own first price rule.

    Raises:
        WrongInput: no such mechanism.
    """
    every = known()
    if mechanism not in every:
        message = f"--mechanism: found {mechanism!r}, allowed: {', '.join(sorted(every))}"
        raise WrongInput(message)
    begun = perf_counter()
    homes, total = run(scenario, watch, every[mechanism])
    return Outcome(homes=homes, total=total, seconds=perf_counter() - begun)
