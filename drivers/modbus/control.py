"""Control: what a register map says of how its device is steered.

A recipe is a list of writes in a safe order, and another that gives the device back.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.steps import FLOWS, Step
from drivers.modbus.strict import Positive, Strict

Rating = Positive | str


class Control(Strict):
    """How the device is steered.

    Attributes:
        kind: ``limit``: an upper bound on generation; ``target``: a flow to hold.
        stages_w: the only powers it knows, W into the device, 0 among them.
        rating_w: what 100 % is, and the nameplate, W; ``charge_w``, ``discharge_w``: of a
            storage; each a number or the name of a point in W.
        floor_w: the smallest limit that does not put it to standby, W.
        watts_per_ampere: what one ampere of a wallbox is: its phases x 230 V.
        watchdog_s: it goes back to its own rule by itself when nothing was written for so
            long, where no register holds that time.
        steps: in this order; ``release``: what gives every one of these registers back.
    """

    kind: Literal["limit", "target"]
    stages_w: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=2)] | None = (
        None
    )
    rating_w: Rating | None = None
    charge_w: Rating | None = None
    discharge_w: Rating | None = None
    floor_w: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    watts_per_ampere: Positive | None = None
    watchdog_s: Annotated[int, Field(ge=1, le=0xFFFF)] | None = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    release: Annotated[tuple[Step, ...], Field(min_length=1)]

    @property
    def timer(self) -> Step | None:
        """The step that writes the device's own countdown."""
        return next((step for step in self.steps if step.write == "timer"), None)

    @property
    def reaches_level(self) -> bool:
        """Whether the end of the countdown is a level that was written."""
        return any(step.write == "level" for step in self.steps)

    @model_validator(mode="after")
    def _stages_are_distinct(self) -> Self:
        stages = self.stages_w or ()
        if stages and (0.0 not in stages or len(set(stages)) < len(stages)):
            message = "stages_w need one of 0 W and different powers"
            raise ValueError(message)
        for step in self.steps:
            if step.stages and set(step.stages) != set(stages):
                message = f"stages of register {step.address} are not those of stages_w"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _writes_the_setpoint(self) -> Self:
        told = [step for step in self.steps if step.stages or step.write in FLOWS]
        if any(bool(step.stages) != bool(self.stages_w) for step in told) or not told:
            message = "with stages_w a step has stages, without them one writes the flow"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _units_have_their_base(self) -> Self:
        units = {step.unit for step in self.steps}
        if "A" in units and self.watts_per_ampere is None:
            message = "a step in A needs watts_per_ampere"
            raise ValueError(message)
        if ("%" in units or self.kind == "limit") and self.rating_w is None:
            message = "a limit, and a step in %, need rating_w"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _gives_all_back(self) -> Self:
        if any(step.write == "found" for step in self.steps):
            message = "found belongs to release: steps write the setpoint"
            raise ValueError(message)
        if any(step.write not in {None, "found"} or step.cases for step in self.release):
            message = "release writes const or found: there is no setpoint in it"
            raise ValueError(message)
        given = {step.place for step in self.release}
        for step in self.steps:
            if step.place not in given:
                message = f"release says nothing of register {step.address}, which steps write"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _lets_go_of_what_it_holds(self) -> Self:
        """A release whose words are a stage's would leave it there."""
        neutral = {step.place: step.const for step in self.release}
        told = [step for step in self.steps if step.stages]
        for stage in self.stages_w or ():
            if told and all(neutral[step.place] == step.stages[stage] for step in told):
                message = f"release is the stage of {stage:g} W as well"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_one_timer(self) -> Self:
        timers = [step for step in self.steps if step.write == "timer"]
        if len(timers) + (self.watchdog_s is not None) > 1:
            message = "one timer step or watchdog_s, found more"
            raise ValueError(message)
        if self.timer is not None and self.timer.max is None:
            message = "a timer needs max, the longest time it takes in its unit"
            raise ValueError(message)
        return self
