"""Terms of a product in the file: lists of words, and bounds by the name of a term."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.config.problem import closest, describe
from gateway.config.scalars import Flag, Real, Scalar, Span, refusal
from gateway.model.terms import ALL_OR_NONE, DURATIONS, NUMBERS

_WORD: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_MOST: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Scalar):
    """A list of different words, or one word."""

    what: str

    @property
    def allowed(self) -> str:
        """The form."""
        return f"a list of {self.what}: up to {_MOST} words of A-Z, a-z, 0-9, . _ ~ and -"

    def parse(self, value: object) -> tuple[str, ...]:
        """The words in their order."""
        words = value if isinstance(value, list | tuple) else [value]
        for word in words:
            if not isinstance(word, str) or not _WORD.fullmatch(word):
                raise refusal(value, self.allowed, found=describe(word))
        if len(set(words)) < len(words) or len(words) > _MOST:
            raise refusal(value, f"{self.allowed}, each once")
        return tuple(words)

    def schema(self) -> dict[str, object]:
        """Both forms."""
        word = {"type": "string", "pattern": f"^{_WORD.pattern}$"}
        return {"anyOf": [word, {"type": "array", "items": word, "maxItems": _MOST}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Scalar):
    """``{price: 0.4, minimumNotificationDuration: 5min}``: a bound for each term."""

    @property
    def kinds(self) -> Mapping[str, Scalar]:
        """What the bound of each term is."""
        numbers: dict[str, Scalar] = dict.fromkeys(NUMBERS, Real())
        return numbers | dict.fromkeys(DURATIONS, Span())

    @property
    def allowed(self) -> str:
        """The terms."""
        return f"bounds by term, out of {', '.join(self.kinds)}"

    def parse(self, value: object) -> dict[str, float | int]:
        """The bounds: real numbers, nanoseconds of durations, 0 or 1 of truths."""
        if not isinstance(value, Mapping):
            raise refusal(value, self.allowed)
        kinds, found = self.kinds, dict[str, float | int]()
        for term, bound in value.items():
            kind = kinds.get(term) if isinstance(term, str) else None
            if kind is None:
                hint = closest(str(term), kinds)
                raise refusal(value, self.allowed, found=f"the term {term}", hint=hint)
            parsed = kind.parse(bound)
            found[term] = int(parsed) if isinstance(parsed, bool) else parsed  # type: ignore[assignment]
        return found

    def schema(self) -> dict[str, object]:
        """An object."""
        terms = {term: kind.schema() for term, kind in self.kinds.items()}
        return {"type": "object", "properties": terms, "additionalProperties": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced(Bounds):
    """``{price: 0.1, allOrNone: false}``: what each term becomes."""

    @property
    def kinds(self) -> Mapping[str, Scalar]:
        """What each may become."""
        numbers: dict[str, Scalar] = dict.fromkeys(NUMBERS, Real())
        return numbers | {ALL_OR_NONE: Flag()}
