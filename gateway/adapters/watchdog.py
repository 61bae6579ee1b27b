"""The service supervisor: systemd's notification socket, or nobody.

Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from gateway.ports.watchdog import Watchdog

_MICROSECONDS = 1e6


class NoWatchdog:
    """Nobody watches: the daemon was started by hand or in a test."""

    interval_s: float | None = None

    def ready(self, status: str) -> None:
        """Nobody to tell."""

    def feed(self) -> None:
        """Nobody to tell."""

    def status(self, text: str) -> None:
        """Nobody to tell."""

    def stopping(self) -> None:
        """Nobody to tell."""


class SystemdWatchdog:
    """Datagrams to ``$NOTIFY_SOCKET``; a supervisor that does not listen is not an error."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ["NOTIFY_SOCKET"]
        # A leading @ names a socket in the abstract namespace.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._interval_s = _interval_s(environ)

    @property
    def interval_s(self) -> float | None:
        """WatchdogSec in seconds, None when the unit has none or means another process."""
        return self._interval_s

    def ready(self, status: str) -> None:
        """READY=1 with the first status line."""
        self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def feed(self) -> None:
        """WATCHDOG=1."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """STATUS= and the text, on one line."""
        self._send(f"STATUS={_one_line(text)}")

    def stopping(self) -> None:
        """STOPPING=1."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.settimeout(0)  # a full queue must never hold up dispatch
            with suppress(OSError):
                notify.sendto(message.encode(), self._address)


def open_watchdog(environ: Mapping[str, str]) -> Watchdog:
    """Systemd if it started this process and listens, else nobody."""
    if environ.get("NOTIFY_SOCKET", "").startswith(("/", "@")):
        return SystemdWatchdog(environ)
    return NoWatchdog()


def _interval_s(environ: Mapping[str, str]) -> float | None:
    """WATCHDOG_USEC in seconds, when WATCHDOG_PID is this process or is not set."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    pid = environ.get("WATCHDOG_PID") or str(os.getpid())
    if not microseconds.isdecimal() or int(microseconds) == 0 or pid != str(os.getpid()):
        return None
    return int(microseconds) / _MICROSECONDS


def _one_line(text: str) -> str:
    """A newline would begin another assignment."""
    return " ".join(text.split())
