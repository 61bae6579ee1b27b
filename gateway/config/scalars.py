"""What one value of the configuration may be: numbers, words, durations, choices.

Each class is put into ``Annotated[...]`` of a shape.  It turns a value of the file into the
model's, or says what was found and what is allowed; the same text describes it in the JSON
Schema.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway.config.problem import closest, describe, listed
from gateway.model.time import HOUR, Duration, parse_duration, short_duration

DECADE: Final = Duration(3653 * 24 * HOUR)
_LARGEST: Final = 1e12
_LAST_PORT: Final = 65_535
_ADDRESS: Final = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})"
_BARE = re.compile(r"[0-9]+(\.[0-9]+)?")
_ALMOST_DURATION = re.compile(r"([0-9]+) *(m|mins?|minutes?|secs?|seconds?|hours?|hrs?|days?)")
_ALMOST_NUMBER = re.compile(r"[-+]?0*[0-9_]+([.,][0-9_]+)?")


def refusal(value: object, allowed: str, *, found: str = "", hint: str = "") -> PydanticCustomError:
    """The error of a scalar, with all that a ``Finding`` needs."""
    context = {"found": found or describe(value), "allowed": allowed, "hint": hint}
    return PydanticCustomError("refused", "{found}: {allowed}", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(ABC):
    """One kind of value."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """What is accepted, as a phrase."""

    @abstractmethod
    def parse(self, value: object) -> object:
        """The model's value.

        Raises:
            PydanticCustomError: a ``refusal``.
        """

    @abstractmethod
    def schema(self) -> dict[str, object]:
        """Its JSON Schema."""

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Pydantic asks nothing but ``parse``."""
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        """Pydantic hands on ``schema``."""
        return self.schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Real(Scalar):
    """A finite number with its unit and inclusive bounds (``above``: exclusive)."""

    unit: str = ""
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None

    @property
    def allowed(self) -> str:
        """E.g. ``a number in W, at least 0``."""
        return self._phrase("a number")

    def _phrase(self, kind: str) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        if self.minimum is not None and self.maximum is not None:
            return f"{kind}{unit} from {self.minimum:g} to {self.maximum:g}"
        bounds = [
            f", {word} {bound:g}"
            for word, bound in (
                ("at least", self.minimum),
                ("above", self.above),
                ("at most", self.maximum),
            )
            if bound is not None
        ]
        return kind + unit + "".join(bounds)

    def parse(self, value: object) -> float:
        """The number as float."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refusal(value, self.allowed, hint=_number_hint(value))
        if not abs(value) <= _LARGEST or not self._inside(value):
            raise refusal(value, self.allowed)
        return float(value)

    def _inside(self, value: float) -> bool:
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
        )

    def schema(self) -> dict[str, object]:
        """A number with its bounds."""
        return {"type": "number"} | self._bounds()

    def _bounds(self) -> dict[str, object]:
        bounds = {
            "minimum": self.minimum,
            "exclusiveMinimum": self.above,
            "maximum": self.maximum,
        }
        return {name: bound for name, bound in bounds.items() if bound is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Real):
    """A whole number; ``1e3`` and ``10.0`` are whole."""

    @property
    def allowed(self) -> str:
        """E.g. ``a whole number from 0 to 65535``."""
        return self._phrase("a whole number")

    def parse(self, value: object) -> int:
        """The number as int."""
        number = Real.parse(self, value)
        if not number.is_integer():
            raise refusal(value, self.allowed)
        return int(number)

    def schema(self) -> dict[str, object]:
        """An integer with its bounds."""
        return {"type": "integer"} | self._bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Scalar):
    """True or false, in these words only."""

    @property
    def allowed(self) -> str:
        """The two words."""
        return "true or false"

    def parse(self, value: object) -> bool:
        """The truth value."""
        if isinstance(value, bool):
            return value
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}
        word = meant.get(str(value).lower())
        raise refusal(value, self.allowed, hint=f"write {word}" if word else "")

    def schema(self) -> dict[str, object]:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Scalar):
    """Printable text that matches a pattern; ``what`` names it for a person."""

    what: str
    pattern: str = r"[^\x00-\x1f\x7f]+"

    @property
    def allowed(self) -> str:
        """Its name."""
        return self.what

    def parse(self, value: object) -> str:
        """The text, unchanged."""
        if isinstance(value, bool | int | float):
            raise refusal(value, self.allowed, hint="put it in quotes to make it text")
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise refusal(value, self.allowed)
        return value

    def schema(self) -> dict[str, object]:
        """A string with its pattern."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True, slots=True)
class Address(Scalar):
    """Where something listens: ``HOST:PORT``."""

    @property
    def allowed(self) -> str:
        """The form."""
        return "HOST:PORT such as 127.0.0.1:9464, with a port from 0 to 65535"

    def parse(self, value: object) -> tuple[str, int]:
        """Host and port."""
        match = re.fullmatch(_ADDRESS, value) if isinstance(value, str) else None
        if match is None or int(match[2]) > _LAST_PORT:
            hint = f"write 127.0.0.1:{value}" if isinstance(value, int) else ""
            raise refusal(value, self.allowed, hint="" if isinstance(value, bool) else hint)
        return match[1].strip("[]"), int(match[2])

    def schema(self) -> dict[str, object]:
        """A string with its pattern."""
        return {"type": "string", "pattern": f"^{_ADDRESS}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Scalar):
    """One of a few words."""

    words: tuple[str, ...]
    hints: Mapping[str, str] | None = None

    @property
    def allowed(self) -> str:
        """The words."""
        return listed(self.words)

    def parse(self, value: object) -> str:
        """The word."""
        if isinstance(value, str) and value in self.words:
            return value
        text = str(value)
        hint = (self.hints or {}).get(text) or closest(text.lower(), self.words)
        raise refusal(value, self.allowed, hint=hint)

    def schema(self) -> dict[str, object]:
        """An enumeration."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Scalar):
    """A duration with its unit: ``500ms``, ``10s``, ``15min``, ``1h``, ``30d``."""

    minimum: Duration = Duration(0)
    maximum: Duration = DECADE
    step: Duration = Duration(1)
    step_text: str = ""

    @property
    def allowed(self) -> str:
        """The notation and the bounds."""
        text = "a duration such as 500ms, 10s, 15min or 1h"
        if self.step_text:
            text = f"a duration in {self.step_text} such as 10s, 15min or 1h"
        if self.minimum:
            text += f", at least {short_duration(self.minimum)}"
        return text if self.maximum == DECADE else f"{text}, at most {short_duration(self.maximum)}"

    def parse(self, value: object) -> Duration:
        """The duration in nanoseconds."""
        try:
            duration = parse_duration(value if isinstance(value, str) else "")
        except ValueError:
            raise refusal(value, self.allowed, hint=_duration_hint(value)) from None
        if not self.minimum <= duration <= self.maximum or duration % self.step:
            raise refusal(value, self.allowed)
        return duration

    def schema(self) -> dict[str, object]:
        """A string in the notation."""
        return {"type": "string", "pattern": "^[0-9]+(ms|s|min|h|d)$"}


def _duration_hint(value: object) -> str:
    if isinstance(value, bool):
        return ""
    text = str(value).strip()
    if _BARE.fullmatch(text):
        return f"a bare number has no unit: did you mean '{text}s'?"
    if match := _ALMOST_DURATION.fullmatch(text):
        unit = {"m": "min", "s": "s", "h": "h", "d": "d"}[match[2][0]]
        return f"did you mean '{match[1]}{unit}'?"
    return ""


def _number_hint(value: object) -> str:
    """What a text that looks like a number probably is, without guessing about units."""
    if not isinstance(value, str) or not _ALMOST_NUMBER.fullmatch(value):
        return ""
    plain = value.replace("_", "").replace(",", ".")
    return f"write {float(plain):g}, without quotes, leading zeros, commas or underscores"
