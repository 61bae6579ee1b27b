"""Steps: one register that a recipe writes, and with what.

Quantities bear their unit, so that a percentage never lands in a register of watts.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.strict import SIZES, Address, Number, NumberType, Order, Positive, Strict

Case = Literal["charge", "discharge", "idle"]
_POWER_UNITS = frozenset({"W", "kW", "%", "A"})
_TIME_UNITS = frozenset({"s", "min"})
FLOWS = frozenset({"value", "amount", "charge", "discharge"})


class Step(Strict):
    """One register that is written: a number in ``unit`` / ``scale``.

    Attributes:
        const: this number; ``cases``: one by what the storage is to do; ``stages``: one by the
            stage, W; ``write``: the setpoint itself: ``value`` (W into the device), ``amount``
            (its magnitude), ``charge`` or ``discharge`` (0 while it does the other), ``level``
            (where the device falls back to), ``timer`` (its own countdown); in a release also
            ``found``, what stood there before the first write.
        max: the largest number, in ``unit``.
        own_rule: the number for ``level`` where the fall-back is the device's own rule, and for
            ``found`` where nobody looked before.
        single: the device takes functions 6 and 5 only, a register at a time.
        once: written only where something else stands: it keeps its value without power.
        volatile: whether writing it wears the device; as a rule not while its timer runs.
        counts: a timer that counts down in its register; there 0 means for good.
    """

    address: Address
    table: Literal["holding", "coil"] = "holding"
    type: NumberType = "uint16"
    order: Order = "big"
    const: Number | None = None
    cases: dict[Case, Number] = Field(default_factory=dict)
    stages: dict[Number, Number] = Field(default_factory=dict)
    write: Literal["value", "amount", "charge", "discharge", "level", "timer", "found"] | None = (
        None
    )
    unit: Literal["", "W", "kW", "%", "A", "s", "min"] = ""
    scale: Positive = 1.0
    max: Number | None = None
    own_rule: Number | None = None
    single: bool = False
    once: bool = False
    volatile: bool | None = None
    counts: bool = False

    @property
    def size(self) -> int:
        """In registers."""
        return SIZES[self.type]

    @property
    def place(self) -> tuple[str, int]:
        """Which register it is."""
        return self.table, self.address

    @model_validator(mode="after")
    def _writes_one_thing(self) -> Self:
        said = [self.const is not None, self.cases, self.stages, self.write]
        if sum(map(bool, said)) != 1:
            message = f"one of const, cases, stages, write; found {sum(map(bool, said))} of them"
            raise ValueError(message)
        if self.cases and len(self.cases) < len(("charge", "discharge", "idle")):
            message = f"cases need charge, discharge and idle, found {', '.join(self.cases)}"
            raise ValueError(message)
        if self.write in {"level", "found"} and self.own_rule is None:
            message = f"{self.write} needs own_rule, the number without one"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _unit_fits(self) -> Self:
        units = _TIME_UNITS if self.write == "timer" else _POWER_UNITS
        if self.write in {*FLOWS, "level", "timer"} and self.unit not in units:
            allowed = ", ".join(sorted(units))
            message = f"{self.write} needs a unit of {allowed}, found {self.unit or 'nothing'}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fits_its_table(self) -> Self:
        if (self.table == "coil" or self.single) and self.size > 1:
            message = f"{self.type} has {self.size} registers, one at a time is written"
            raise ValueError(message)
        return self
