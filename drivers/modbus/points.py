"""Points: what a register map says of the values it reads."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.strict import SIZES, Address, Number, Order, Strict, Word

Bit = Annotated[int, Field(ge=0, le=63)]
Table = Literal["holding", "input", "coil", "discrete"]
Role = Literal[
    "power", "soc", "state", "fault", "temperature", "energy", "energy_in", "energy_out",
    "timer_left",
]  # fmt: skip

_MOST_COILS = 16


class Sign(Strict):
    """A register that tells which way a value without sign flows.

    Attributes:
        negative, positive: its bits; the value is 0 while neither has one set.
    """

    address: Address
    negative: Word
    positive: Word = 0xFFFF


class Point(Strict):
    """A value in registers: raw x ``scale`` in ``unit``.

    Attributes:
        table: which function reads it: 3 (holding), 4 (input), 1 (coil) or 2 (discrete).
        order: which word of several comes first.
        exponent: where a signed power of ten stands, in the same table, that is read beside it.
        sign: where its sign stands, in the same table.
        length: registers of a string; or coils of one number, the first in the lowest bit.
        missing: the raw values that mean that there is none.
        optional: of several points of one role this one may be without a value.
        values: raw value -> its name, or the number it stands for.
        bits: number of a bit -> its name.  The value names those that are set.
        asleep, faulty: raw values of a state in which the device sleeps, or is faulty.
        role: what it is to the gateway.  ``power`` is W into the device and the sum of all such
            points; ``energy_in`` and ``energy_out`` are counters of energy into and out of the
            device, ``energy`` the one counter of a device that does only either; ``fault`` is
            a fault while it has a value other than nothing; ``timer_left`` is what is left of
            the device's own countdown, s.
    """

    address: Address
    table: Table = "holding"
    type: Literal[
        "uint16", "int16", "uint32", "int32", "float32", "uint64", "float64", "string"
    ] = "uint16"
    order: Order = "big"
    scale: Number = 1.0
    exponent: Address | None = None
    sign: Sign | None = None
    unit: str = ""
    length: Annotated[int, Field(ge=1, le=64)] | None = None
    missing: int | tuple[int, ...] | None = None
    optional: bool = False
    values: dict[int, str | Number] = Field(default_factory=dict)
    bits: dict[Bit, str] = Field(default_factory=dict)
    asleep: tuple[int, ...] = ()
    faulty: tuple[int, ...] = ()
    role: Role | None = None

    @property
    def size(self) -> int:
        """In registers."""
        return self.length or SIZES[self.type]

    @property
    def of_bits(self) -> bool:
        """Whether its table holds coils, words of 0 or 1."""
        return self.table in {"coil", "discrete"}

    @property
    def sentinels(self) -> tuple[int, ...]:
        """Raw values that mean that there is none."""
        if self.missing is None:
            return ()
        return (self.missing,) if isinstance(self.missing, int) else self.missing

    @property
    def registers(self) -> tuple[tuple[int, int], ...]:
        """All that is read for it: address and count."""
        beside = (self.exponent, None if self.sign is None else self.sign.address)
        return ((self.address, self.size), *((at, 1) for at in beside if at is not None))

    @model_validator(mode="after")
    def _type_is_told(self) -> Self:
        if not self.of_bits and "type" not in self.model_fields_set:
            message = "type is needed, found nothing"
            raise ValueError(message)
        if self.of_bits and (self.type != "uint16" or self.size > _MOST_COILS):
            message = f"coils are a number of 1 to {_MOST_COILS} bits, without another type"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _length_is_of_strings_and_coils(self) -> Self:
        if not self.of_bits and (self.type == "string") != (self.length is not None):
            message = "length is needed for a string, allowed for coils, and for nothing else"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_one_meaning(self) -> Self:
        named = bool(self.values) + bool(self.bits)
        if named > 1 or (named and (self.type == "string" or self.type.startswith("float"))):
            message = "values or bits, either of them, belong to a whole number"
            raise ValueError(message)
        return self
