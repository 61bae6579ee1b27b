"""What the text of a line says besides the scheme."""

from urllib.parse import parse_qsl, urlsplit

from drivers.transport.stream import Habits
from gateway.model.time import Duration, in_seconds, parse_duration
from gateway.ports.line import Pacing


def host_and_port(url: str, default_port: int) -> tuple[str, int]:
    """Where a line over a network goes.

    Raises:
        ValueError: the URL names no host, or no valid port.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        message = f"{url!r} names no host; write {parts.scheme}://192.168.1.20:{default_port}"
        raise ValueError(message)
    return parts.hostname, parts.port or default_port


def options(url: str) -> dict[str, str]:
    """The options after the question mark, percent signs decoded."""
    return dict(parse_qsl(url.partition("?")[2]))


def habits(url: str) -> Habits:
    """The options that any line over a network may have."""
    given = options(url)
    return Habits(
        any_transaction=given.get("transaction") == "any",
        renew_s=in_seconds(_duration(given, "reconnect")),
        pacing=_pacing(given),
    )


def _pacing(given: dict[str, str]) -> Pacing | None:
    """``delay`` after a connect, ``gap``, ``settle`` after a write, ``close=reset``."""
    if given.keys().isdisjoint({"delay", "gap", "settle", "close"}):
        return None
    return Pacing(
        connect_delay=_duration(given, "delay"),
        gap=_duration(given, "gap"),
        settle=_duration(given, "settle"),
        reset_close=given.get("close") == "reset",
    )


def _duration(given: dict[str, str], key: str) -> Duration:
    return parse_duration(given[key]) if key in given else Duration(0)
