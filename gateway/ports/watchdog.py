"""The watchdog port: who is told that the dispatch loop is alive."""

from typing import Protocol


class Watchdog(Protocol):
    """The service supervisor (systemd), or nobody."""

    @property
    def interval_s(self) -> float | None:
        """WatchdogSec in seconds, None when nobody watches."""
        ...

    def ready(self, status: str) -> None:
        """The daemon is up."""
        ...

    def feed(self) -> None:
        """One healthy pass of the dispatch loop."""
        ...

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        ...

    def stopping(self) -> None:
        """The daemon goes down on purpose."""
        ...
