"""Register maps: what a device's registers mean, written as YAML and read once.

A map is data of the device, not of the site: `docs` of the vendor turned into points, with a
link to where they stand.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.modbus.control import Control
from drivers.modbus.points import Point
from drivers.modbus.strict import Address, Strict, Word
from gateway.model.time import SECOND, Duration
from gateway.ports.line import MAX_READ, Pacing

Pause = Annotated[float, Field(ge=0, le=60)]


class Mark(Strict):
    """Words that tell this kind of device from another at the same address."""

    address: Address
    words: Annotated[tuple[Word, ...], Field(min_length=1, max_length=32)]


class Pauses(Strict):
    """How gently it wants to be spoken to, s.

    Attributes:
        connect: from a made connection to the first request; ``between``: from an answer to
            the next request; ``settle``: the same after a write.
    """

    connect: Pause = 0.0
    between: Pause = 0.0
    settle: Pause = 0.0

    @property
    def pacing(self) -> Pacing:
        """As a line takes them."""
        return Pacing(
            connect_delay=_duration(self.connect),
            gap=_duration(self.between),
            settle=_duration(self.settle),
        )


class RegisterMap(Strict):
    """A whole device.

    Attributes:
        source: where its facts stand; ``facts`` says whether its maker or its users wrote that.
        together: the most registers of one request; ``gap``: unused ones read along.
        control: how it is steered; a map without one only reads.
    """

    map: str
    maker: str = ""
    model: str = ""
    source: str = ""
    facts: Literal["vendor", "community"] = "vendor"
    together: Annotated[int, Field(ge=1, le=MAX_READ)] = MAX_READ
    gap: Annotated[int, Field(ge=0, le=MAX_READ)] = 16
    pauses: Pauses | None = None
    roles: tuple[str, ...] = ()
    identity: Mark | None = None
    points: Annotated[dict[str, Point], Field(min_length=1)]
    control: Control | None = None

    @model_validator(mode="after")
    def _has_power(self) -> Self:
        if all(point.role != "power" for point in self.points.values()):
            message = "at least one point has role power, found none"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _points_fit(self) -> Self:
        for name, point in self.points.items():
            if not point.of_bits and point.size > self.together:
                message = f"{name} has {point.size} registers, together are {self.together}"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _ratings_are_points(self) -> Self:
        control = self.control
        if control is None:
            return self
        for told in (control.rating_w, control.charge_w, control.discharge_w):
            if isinstance(told, str) and self.points.get(told) is None:
                message = f"control: {told} is no point, have {', '.join(self.points)}"
                raise ValueError(message)
        return self


def _duration(seconds: float) -> Duration:
    return Duration(round(seconds * SECOND))
