"""Connection URLs: the line that devices share, and the unit on it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from gateway.config.problem import listed
from gateway.config.scalars import refusal

MODBUS_PORT: Final = 502
_LAST_UNIT: Final = 255
_TCP: Final = "tcp://HOST:PORT?unit=N, e.g. tcp://192.168.1.20:502?unit=1"


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a device is.

    Attributes:
        line: ``scheme://host:port``, the same text for all devices on one connection.
        unit: Modbus address on the line, 0..255.
    """

    line: str
    unit: int


def parse_connection(text: object, schemes: Collection[str]) -> Connection:
    """The line and unit of a connection URL whose scheme is installed.

    Raises:
        PydanticCustomError: a ``refusal`` that says what is wrong with the URL.
    """
    if not isinstance(text, str) or not text.isprintable() or " " in text:
        raise refusal(text, _TCP)
    if "://" not in text:
        raise refusal(text, _TCP, hint=f"did you mean 'tcp://{text}'?" if text else "")
    scheme = text.partition("://")[0].lower()
    if scheme not in schemes:
        found = f"{scheme}://, which is not supported by this installation"
        raise refusal(
            text, f"one of {listed(f'{name}://' for name in sorted(schemes))}", found=found
        )
    url, port = _split(text)
    return Connection(line=_line(text, scheme, url, port), unit=_unit(text, url))


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:  # brackets that do not close, a port out of range
        raise refusal(text, _TCP, found=f"{text!r} ({error})") from None
    return url, port


def _line(text: str, scheme: str, url: SplitResult, port: int | None) -> str:
    if url.username is not None or url.password is not None or url.fragment:
        raise refusal(text, "a URL without user, password and fragment")
    if scheme != "tcp":
        name = text.partition("://")[2].partition("?")[0]
        if not name:
            raise refusal(text, f"{scheme}://NAME")
        return f"{scheme}://{name}"
    port = MODBUS_PORT if port is None else port
    if not url.hostname or url.path not in {"", "/"} or port == 0:
        raise refusal(text, _TCP)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"tcp://{host}:{port}"


def _unit(text: str, url: SplitResult) -> int:
    unit = "1"
    for key, value in parse_qsl(url.query, keep_blank_values=True):
        if key != "unit":
            raise refusal(text, "?unit=N and nothing else", found=f"{key!r} in {text!r}")
        unit = value
    if not (unit.isascii() and unit.isdigit() and len(unit) <= len("255")):
        raise refusal(text, f"a unit from 0 to {_LAST_UNIT}", found=f"unit {unit!r}")
    if int(unit) > _LAST_UNIT:
        raise refusal(text, f"a unit from 0 to {_LAST_UNIT}", found=f"unit {unit}")
    return int(unit)
