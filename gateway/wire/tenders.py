"""Refusals at the border, and instants, intervals and scales between model and payload."""

from gateway.model.event import Detail, ResponseCode
from gateway.model.time import (
    Duration,
    Instant,
    Interval,
    iso_duration,
    parse_iso_duration,
    parse_rfc3339,
    rfc3339,
)
from gateway.wire.payloads import IntervalPayload

_LAST = 2**63  # nanoseconds; the year 2262


class Refusal(Exception):
    """A request that is answered at the border.

    Attributes:
        term: the rule it broke, empty where the code says all.
    """

    def __init__(
        self, code: ResponseCode, detail: Detail, description: str, *, term: str = ""
    ) -> None:
        super().__init__(description)
        self.code = code
        self.detail = detail
        self.description = description
        self.term = term


def invalid(description: str) -> Refusal:
    """400: the artifact cannot be understood."""
    return Refusal(ResponseCode.INVALID_ARTIFACT, Detail.INVALID_ARTIFACT, description)


def violates(description: str, term: str) -> Refusal:
    """422: understood, and against a rule."""
    return Refusal(ResponseCode.RULES_VIOLATION, Detail.RULES_VIOLATION, description, term=term)


def unknown(detail: Detail, description: str) -> Refusal:
    """404: what it speaks of does not exist here."""
    return Refusal(ResponseCode.NOT_FOUND, detail, description)


def decode_instant(text: str, path: str) -> Instant:
    """An RFC 3339 instant with an offset, between 1970 and 2262.

    Raises:
        Refusal: 400, naming the field.
    """
    try:
        instant = parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        message = f"{path}: {text!r} is not an RFC 3339 instant with an offset"
        raise invalid(message) from error
    if not 0 <= instant < _LAST:
        message = f"{path}: {text!r} lies outside 1970 to 2262"
        raise invalid(message)
    return instant


def decode_duration(text: str, path: str) -> Duration:
    """An ISO 8601 duration.

    Raises:
        Refusal: 400, naming the field.
    """
    try:
        return parse_iso_duration(text)
    except ValueError as error:
        message = f"{path}: {text!r} is not an ISO 8601 duration such as PT10S"
        raise invalid(message) from error


def decode_interval(payload: IntervalPayload, path: str) -> Interval:
    """A half-open interval that ends before 2262.

    Raises:
        Refusal: 400, naming the field.
    """
    start = decode_instant(payload["dtStart"], f"{path}.dtStart")
    duration = decode_duration(payload["duration"], f"{path}.duration")
    return Interval(start, decode_end(start, duration, f"{path}.duration"))


def decode_end(start: Instant, duration: Duration, path: str) -> Instant:
    """``start + duration`` if that is later and before 2262.

    Raises:
        Refusal: 400, naming the field.
    """
    if not 0 < duration < _LAST - start:
        message = f"{path}: a duration longer than 0 that ends before 2262 is taken"
        raise invalid(message)
    return Instant(start + duration)


def encode_interval(interval: Interval) -> IntervalPayload:
    """Start and duration; both exact to the millisecond."""
    return {"dtStart": rfc3339(interval.start), "duration": iso_duration(interval.duration)}


def rescale(value: int, scale: int, target: int, term: str) -> int:
    """The integer that means the same at another scale.

    Raises:
        Refusal: 422 when it cannot be written exactly.
    """
    if scale >= target:
        return int(value * 10 ** (scale - target))
    quotient, rest = divmod(value, 10 ** (target - scale))
    if rest:
        message = f"{value} at {term} {scale} cannot be written exactly at this product's {target}"
        raise violates(message, term)
    return int(quotient)
