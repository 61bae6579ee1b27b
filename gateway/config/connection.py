"""Connection URLs: the line that devices share, and the unit on it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from gateway.config.problem import closest, listed
from gateway.config.scalars import refusal

_LAST_UNIT: Final = 255
_PORTS: Final = {"tcp": 502, "rtu+tcp": 502, "tls": 802, "mqtt": 1883, "mqtts": 8883}
OWN_BROKER: Final = "mqtt://"
"""The connection of a device on the broker of the gateway, whichever that is."""
_EXAMPLES: Final = {
    "tcp": "tcp://HOST:PORT?unit=N, e.g. tcp://192.168.1.20:502?unit=1",
    "rtu+tcp": "rtu+tcp://HOST:PORT?unit=N, e.g. rtu+tcp://192.168.1.30:502?unit=3",
    "tls": "tls://HOST:PORT?unit=N, e.g. tls://192.168.1.20:802?unit=1&ca=/etc/gridtender/ca.pem",
    "mqtt": "mqtt:// (the gateway's broker) or mqtt://HOST:PORT, e.g. mqtt://192.168.1.5:1883",
    "mqtts": "mqtts://HOST:PORT, e.g. mqtts://broker.example:8883?user=gridtender",
    "rtu": "rtu:///dev/PORT?unit=N, e.g. rtu:///dev/ttyUSB0?baud=9600&unit=3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """A key after the question mark; its default is what leaving it out means."""

    pattern: str
    allowed: str
    default: str = ""


_FILE: Final = _Option(pattern=r"/.+", allowed="a file by its absolute name")
_RECONNECT: Final = _Option(
    pattern=r"[1-9][0-9]*(s|min|h|d)", allowed="a duration such as 30s, 15min, 1h or 1d"
)
_TRANSACTION: Final = _Option(pattern="any", allowed="any")
_PAUSE: Final = _Option(pattern=r"[0-9]+(ms|s)", allowed="a duration such as 50ms or 2s")
_PAUSES: Final[Mapping[str, _Option]] = {
    "delay": _PAUSE,
    "gap": _PAUSE,
    "settle": _PAUSE,
    "close": _Option(pattern="reset", allowed="reset"),
}
_LOGIN: Final[Mapping[str, _Option]] = {
    "user": _Option(pattern=r"[^\s+#/]{1,64}", allowed="a user name"),
    "password_file": _FILE,
}
_OPTIONS: Final[Mapping[str, Mapping[str, _Option]]] = {
    "tcp": {"reconnect": _RECONNECT, "transaction": _TRANSACTION, **_PAUSES},
    "rtu+tcp": {"reconnect": _RECONNECT, **_PAUSES},
    "mqtt": _LOGIN,
    "mqtts": {**_LOGIN, "ca": _FILE},
    "tls": {
        "ca": _FILE,
        "cert": _FILE,
        "key": _FILE,
        "name": _Option(pattern=r"[\w.:-]+", allowed="the name in the device's certificate"),
        "reconnect": _RECONNECT,
        "transaction": _TRANSACTION,
        **_PAUSES,
    },
    "rtu": {
        "baud": _Option(
            pattern="1200|2400|4800|9600|19200|38400|57600|115200|230400",
            allowed="1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200 or 230400",
            default="9600",
        ),
        "parity": _Option(pattern="none|even|odd", allowed="none, even or odd", default="none"),
        "stopbits": _Option(pattern="1|2", allowed="1 or 2", default="1"),
    },
}


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a device is.

    Attributes:
        line: ``scheme://host:port`` or ``rtu://PATH`` with the options that are not usual, the
            same text for all devices on one connection.
        unit: Modbus address on the line, 0..255.
    """

    line: str
    unit: int


def place(line: str) -> str:
    """Where a line goes, whatever its options."""
    return line.partition("?")[0]


def parse_connection(text: object, schemes: Collection[str]) -> Connection:
    """The line and unit of a connection URL whose scheme is installed.

    Raises:
        PydanticCustomError: a ``refusal`` that says what is wrong with the URL.
    """
    if not isinstance(text, str) or not text.isprintable() or " " in text:
        raise refusal(text, _EXAMPLES["tcp"])
    if "://" not in text:
        hint = ""
        if text:
            hint = f"did you mean '{'rtu' if text.startswith('/') else 'tcp'}://{text}'?"
        raise refusal(text, _EXAMPLES["tcp"], hint=hint)
    scheme = text.partition("://")[0].lower()
    if scheme not in schemes:
        found = f"{scheme}://, which is not supported by this installation"
        raise refusal(
            text, f"one of {listed(f'{name}://' for name in sorted(schemes))}", found=found
        )
    url, port = _split(text, scheme)
    given = dict(parse_qsl(url.query, keep_blank_values=True))
    unit = _unit(text, given.pop("unit", "1"))
    query = "&".join(_options(text, scheme, given))
    line = _place(text, scheme, url, port)
    return Connection(line=f"{line}?{query}" if query else line, unit=unit)


def _split(text: str, scheme: str) -> tuple[SplitResult, int | None]:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:  # brackets that do not close, a port out of range
        raise refusal(text, _example(scheme), found=f"{text!r} ({error})") from None
    if url.username is not None or url.password is not None:
        # What is secret in it is not told again.
        found = f"{scheme}://...@{url.netloc.rpartition('@')[2]}"
        raise refusal(text, "a URL without user, password and fragment", found=found)
    if url.fragment:
        raise refusal(text, "a URL without user, password and fragment")
    return url, port


def _place(text: str, scheme: str, url: SplitResult, port: int | None) -> str:
    if scheme == "rtu":
        return _serial_port(text, url)
    if scheme not in _PORTS:
        name = text.partition("://")[2].partition("?")[0]
        if not name:
            raise refusal(text, _example(scheme))
        return f"{scheme}://{name}"
    if scheme == "mqtt" and not (url.netloc or url.path or url.query):
        return OWN_BROKER
    port = _PORTS[scheme] if port is None else port
    if not url.hostname or url.path not in {"", "/"} or port == 0:
        raise refusal(text, _example(scheme))
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{scheme}://{host}:{port}"


def _serial_port(text: str, url: SplitResult) -> str:
    if url.netloc:
        right = f"rtu:///{url.netloc}{url.path}"
        raise refusal(text, _EXAMPLES["rtu"], hint=f"did you mean '{right}', with three '/'?")
    if not url.path.strip("/"):
        raise refusal(text, _EXAMPLES["rtu"])
    return f"rtu://{url.path}"


def _options(text: str, scheme: str, given: Mapping[str, str]) -> Iterator[str]:
    """``key=value`` of all that is not as usual, in one order."""
    known = _OPTIONS.get(scheme, {})
    for key in given:
        if key not in known:
            names = [*known, "unit"]
            allowed = f"{listed(f'{name}=' for name in names)} after the question mark"
            found = f"{key!r} in {text!r}"
            raise refusal(text, allowed, found=found, hint=closest(key, names))
    if "key" in given and "cert" not in given:
        raise refusal(text, "cert= as well: a key without certificate proves nothing")
    for key, option in known.items():
        if key not in given or given[key] == option.default:
            continue
        if not re.fullmatch(option.pattern, given[key]):
            raise refusal(text, option.allowed, found=f"{key}={given[key]}")
        yield f"{key}={quote(given[key], safe='/:')}"


def _unit(text: str, unit: str) -> int:
    allowed = f"a unit from 0 to {_LAST_UNIT}"
    if not (unit.isascii() and unit.isdigit() and len(unit) <= len("255")):
        raise refusal(text, allowed, found=f"unit {unit!r}")
    if int(unit) > _LAST_UNIT:
        raise refusal(text, allowed, found=f"unit {unit}")
    return int(unit)


def _example(scheme: str) -> str:
    return _EXAMPLES.get(scheme, f"{scheme}://NAME")
