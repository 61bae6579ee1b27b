"""Values out of messages: numbers in the project's units, yes and no, and how old each is."""

from dataclasses import dataclass
from typing import Final

from drivers.mqtt.settings import Value
from gateway.model.message import number_of, pick, word_of
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant, parse_rfc3339
from gateway.ports.messages import Heard, Messages

_MILLISECONDS_FROM: Final = 1e11  # a larger number of seconds is in the year 5138
_LARGEST: Final = 1e12
_POSSIBLE: Final = {"temperature": (-90.0, 500.0), "soc": (0.0, 100.0)}


@dataclass(frozen=True, slots=True)
class Known:
    """A value and its age; None: it was retained, nobody knows since when."""

    number: float | None
    age: Duration | None
    heard_for: Duration


def known(value: Value, time: str, messages: Messages) -> Known | None:
    """What the newest message of its topic says, None without one."""
    heard = messages.newest(value.topic)
    if heard is None:
        return None
    return Known(read(value, heard.payload), _age(heard, time, messages), messages.age(heard))


def read(value: Value, payload: bytes) -> float | None:
    """The value in the project's unit; None where the payload has none that can be."""
    found = pick(payload, value.path)
    if value.on:
        word = word_of(found)
        return 1.0 if word == value.on else 0.0 if word == value.off else None
    number = number_of(found)
    if number is None:
        return None
    number = (number + value.offset) * value.scale
    least, most = _POSSIBLE.get(value.name, (-_LARGEST, _LARGEST))
    return number if least <= number <= most else None


def _age(heard: Heard, time: str, messages: Messages) -> Duration | None:
    arrived = messages.age(heard)
    stamp = _stamp(heard.payload, time) if time else None
    if stamp is None:
        return None if heard.retained else arrived
    since = Duration(messages.now() - stamp)
    # A device whose clock is ahead says nothing of the age.
    if since < -10 * SECOND:
        return None if heard.retained else arrived
    return max(arrived, since)


def _stamp(payload: bytes, time: str) -> Instant | None:
    """When the payload says it was made."""
    said = pick(payload, time)
    number = number_of(said)
    if number is not None:
        seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
        if not 0 < seconds < _MILLISECONDS_FROM / 10:
            return None
        return Instant(int(seconds * 1000) * MILLISECOND)
    try:
        return parse_rfc3339(said) if isinstance(said, str) else None
    except ValueError:
        return None
