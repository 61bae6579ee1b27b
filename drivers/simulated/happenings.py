"""What befalls a simulated house at set times: a cooker, a cloud, a car that arrives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import SettingsError

_NUMBERS = (int, float)
WHAT: Final = ("load_w", "cooker", "solar_w", "car_wh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One change, which stays until the next of its kind.

    Attributes:
        after_s: since the house's start.
        what: ``load_w`` and ``solar_w`` hold the load and what the roof could put out, ``cooker``
            switches it, ``car_wh`` is a car that arrives and takes so much.
        value: None lets load, cooker and sun go as the day goes.
    """

    after_s: float
    what: str
    value: float | bool | None


def happenings(value: object) -> tuple[Happening, ...]:
    """From a list of ``{after_s: 60, cooker: true}``, in order of time.

    Raises:
        SettingsError: an entry that is wrong.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise SettingsError(path=("happens",), found=repr(value), allowed="a list")
    found = [one for place, entry in enumerate(value) for one in _read(place, entry)]
    return tuple(sorted(found, key=lambda one: one.after_s))


def _read(place: int, entry: object) -> list[Happening]:
    """All that an entry says."""
    given = dict(entry) if isinstance(entry, Mapping) else {}
    after_s = given.pop("after_s", None)
    fine = _number(after_s) and given and all(_right(*pair) for pair in given.items())
    if not fine:
        allowed = f"after_s in seconds, with {', '.join(WHAT)}"
        raise SettingsError(path=("happens", place), found=repr(entry), allowed=allowed)
    return [Happening(after_s=float(after_s), what=k, value=v) for k, v in given.items()]


def _right(what: str, value: object) -> bool:
    if what == "cooker":
        return value is None or isinstance(value, bool)
    return what in WHAT and (_number(value) or (value is None and what != "car_wh"))


def _number(value: object) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool) and value >= 0
