"""Whether an inverter rests, and whether it has failed: by its power first, then by its word.

By night some say so (St, InvSt), some read 0 Hz or 0 V as if measured, some leave everything that
moves unimplemented, and some answer every register with zero.  A state that contradicts the power
is not believed, either way: what flows, flows.
"""

from functools import cache
from typing import Final, NamedTuple

from drivers.sunspec.events import STOPPING, names_of
from drivers.sunspec.roles import DER, INVERTERS, Points, Shape
from gateway.model.reading import PointValue

ASLEEP: Final = (1, 2)
"""10x St: OFF, SLEEPING."""

QUIET: Final = 0.01
"""Of the rating: what flows below it is no production."""

_FAULT: Final = 7


class Word(NamedTuple):
    """What the device says of itself.

    Attributes:
        state: as 10x St counts, None where it does not say.
        hertz, volts: None where unimplemented.
    """

    state: PointValue
    hertz: PointValue
    volts: PointValue

    @property
    def is_dark(self) -> bool:
        """Whether nothing is measured: neither frequency nor voltage, and both read 0."""
        return self.hertz == 0 and self.volts == 0


def word(shape: Shape, points: Points) -> Word | None:
    """What an inverter says; None of anything else: a meter does not sleep."""
    model = shape.power
    if model != DER and model not in INVERTERS:
        return None
    state, hertz, phase, line = _names(model)
    volts = points.get(phase)
    return Word(
        state=_der_state(points) if model == DER else points.get(state),
        hertz=points.get(hertz),
        volts=points.get(line) if volts is None else volts,
    )


def rests(said: Word | None, power_w: float | None, rating_w: float | None) -> str:
    """Why it is taken to be asleep, in words; empty where it is not.

    Args:
        said: by the device, None of one that does not sleep.
        power_w: into the device, None where unimplemented.
        rating_w: nameplate, None where it tells none.
    """
    if said is None or said.state == _FAULT:
        return ""
    if said.is_dark and (power_w is None or is_quiet(power_w, rating_w)):
        return "it reads 0 Hz and 0 V"
    if power_w is None:
        silent = said.hertz in (None, 0) and said.state in (None, *ASLEEP)
        return "it measures nothing, as some do by night" if silent else ""
    if not is_quiet(power_w, rating_w):
        return ""
    if said.state in ASLEEP:
        return f"its state is {'OFF' if said.state == ASLEEP[0] else 'SLEEPING'}"
    zero = next((unit for unit, value in (("Hz", said.hertz), ("V", said.volts)) if value == 0), "")
    return zero and f"it reads 0 {zero}"


def failed(shape: Shape, points: Points, power_w: float | None, rating_w: float | None) -> str:
    """Why an inverter or a meter cannot work, by its state and events; empty while it works."""
    model = shape.power
    if model is None or (power_w is not None and not is_quiet(power_w, rating_w)):
        return ""
    said = word(shape, points)
    if said is None:
        return "" if power_w is not None else ", ".join(names_of(shape, model, points))
    state = ["FAULT"] if said.state == _FAULT else []
    stopping = [name for name in names_of(shape, model, points) if name in STOPPING]
    return ", ".join((*state, *stopping))


def contradicts(said: Word | None, power_w: float | None, rating_w: float | None) -> str:
    """A state of failure beside a flow that shows the opposite, in words."""
    if said is None or said.state != _FAULT or power_w is None or is_quiet(power_w, rating_w):
        return ""
    return f"its state is FAULT, but it gives {abs(power_w):.0f} W: its power is believed"


def is_quiet(power_w: float, rating_w: float | None) -> bool:
    """Whether so little flows that the device may be idle."""
    return abs(power_w) <= QUIET * (rating_w or 0.0)


@cache
def _names(model: int) -> tuple[str, str, str, str]:
    """State, frequency, voltage of a phase and between two."""
    phase, line = ("LNV", "LLV") if model == DER else ("PhVphA", "PPVphAB")
    return f"{model}.St", f"{model}.Hz", f"{model}.{phase}", f"{model}.{line}"


def _der_state(points: Points) -> PointValue:
    """As 10x St counts; InvSt of 701 is one less, and St there only tells OFF and ON."""
    detailed, coarse = points.get("701.InvSt"), points.get("701.St")
    if isinstance(detailed, int):
        return detailed + 1
    return ASLEEP[0] if coarse == 0 else None
