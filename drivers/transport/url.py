"""What the text of a line says besides the scheme."""

from urllib.parse import parse_qsl, urlsplit

from drivers.transport.stream import Habits
from gateway.model.time import in_seconds, parse_duration


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
        renew_s=in_seconds(parse_duration(given["reconnect"])) if "reconnect" in given else 0.0,
    )
