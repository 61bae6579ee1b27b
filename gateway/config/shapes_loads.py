"""Keys of loads: what the owner wishes of one, and what a charger can."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from gateway.config.scalars import Choice, Real, Scalar, Span, Text, Whole, refusal
from gateway.config.shape import Shape, key
from gateway.model.errors import SettingsError
from gateway.model.programme import ALLOWED as ALLOWED_PROGRAMME
from gateway.model.programme import Programme, programme_of
from gateway.model.time import HOUR, Duration
from gateway.model.wish import ALLOWED, Wish, WishMode, wish_of

VOLTS = 230.0
_TEMPLATES = (".ics", ".json")


class WishText(Scalar):
    """A wish, as a mapping or in plain words."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """Its parts."""
        return ALLOWED

    def parse(self, value: object) -> Wish:
        """The wish."""
        try:
            return wish_of(value)
        except SettingsError as error:
            where = f"{error.path[0]}: " if error.path else ""
            found = f"{where}{error.found}"
            raise refusal(value, error.allowed, found=found) from None

    def schema(self) -> dict[str, object]:
        """The two forms."""
        text: dict[str, object] = {"type": "string"}
        number: dict[str, object] = {"type": "number"}
        keys = {
            "energy": text,
            "soc": {"type": "number", "minimum": 0, "maximum": 100},
            "start": text,
            "by": text,
            "price_cap": number,
            "mode": {"enum": list(WishMode)},
        }
        mapping = {"type": "object", "properties": keys, "additionalProperties": False}
        return {"oneOf": [text, mapping]}


@dataclass(frozen=True, slots=True)
class ProgrammeFile:
    """A template that has yet to be read."""

    file: str


def is_template(said: str) -> bool:
    """Whether it is the name of a template, not a programme in words."""
    return said.lower().endswith(_TEMPLATES)


class ProgrammeText(Scalar):
    """A programme in plain words, or the name of its template."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """Its stretches."""
        return f"{ALLOWED_PROGRAMME}; or a calendar file such as washing.ics"

    def parse(self, value: object) -> Programme | ProgrammeFile:
        """The programme, or where it stands."""
        if isinstance(value, str) and is_template(value):
            return ProgrammeFile(value)
        try:
            return programme_of(value)
        except ValueError:
            raise refusal(value, self.allowed) from None

    def schema(self) -> dict[str, object]:
        """A string."""
        return {"type": "string"}


class ChargerShape(Shape):
    """How a charger is connected."""

    phases: Annotated[int, Whole(minimum=1, maximum=3)] = key(1, "on how many phases it charges")
    min_current: Annotated[float, Real(unit="A", minimum=0)] = key(
        6, "smallest current of a phase; no car knows less than 6 A"
    )
    max_current: Annotated[float, Real(unit="A", above=0)] | None = key(
        None, "largest current of a phase; default: what the device tells, or max_w"
    )

    def power_w(self, current: float) -> float:
        """Of so many amperes on each phase, W."""
        return self.phases * current * VOLTS


class ComfortShape(Shape):
    """The temperatures a heat pump, a fridge or an air conditioner keeps."""

    wish: Annotated[float, Real(unit="C", minimum=-60, maximum=120)] = Field(
        description="what is kept while the price does not matter"
    )
    low: Annotated[float, Real(unit="C", minimum=-60, maximum=120)] = Field(
        description="never colder, at any price up to price_cap"
    )
    high: Annotated[float, Real(unit="C", minimum=-60, maximum=120)] = Field(
        description="never warmer, at any price up to price_cap"
    )
    mode: Annotated[str, Choice(words=("heat", "cool"))] = key(
        "heat", "whether the load brings heat or takes it out"
    )
    sensor: Annotated[str, Text(what="the name of a device")] | None = key(
        None, "the device that tells the temperature; default: the load itself"
    )


class WaterShape(Shape):
    """Hot water: a tank and what warms it."""

    litres: Annotated[float, Real(unit="l", above=0)] = Field(description="what the tank holds")
    low: Annotated[float, Real(unit="C", minimum=0, maximum=95)] = key(
        45, "never colder, at any price up to price_cap"
    )
    high: Annotated[float, Real(unit="C", minimum=0, maximum=95)] = key(60, "never warmer")
    cop: Annotated[float, Real(above=0, maximum=10)] = key(
        1, "heat by electricity: 1 of a rod, 3 or so of a heat pump"
    )
    rise: Annotated[float, Real(unit="C", minimum=0, maximum=95)] | None = key(
        None, "against legionella: reached once in rise_every, when that costs least"
    )
    rise_every: Annotated[Duration, Span(minimum=HOUR)] = key("7d", "see rise")
    sensor: Annotated[str, Text(what="the name of a device")] | None = key(
        None, "the device that tells the temperature; default: the load itself"
    )
