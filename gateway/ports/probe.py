"""The probe port: what comes from an address of which nothing is known."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.model.time import Duration


class Heard(StrEnum):
    """What came, told apart by what a person would do about it."""

    NOTHING = "nothing listens"
    REFUSED = "refuses connections"
    SILENT = "accepts and is silent"
    HUNG_UP = "accepts and hangs up"
    LOGIN = "wants a login"
    FOREIGN = "speaks something other than Modbus"
    RTU = "sends RTU frames on TCP"
    EXCEPTION = "answers with an exception"
    WORDS = "answers"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came from one unit.

    Attributes:
        code: of an exception, else 0.
        detail: what came, for a person; empty if the kind says it all.
    """

    heard: Heard
    code: int = 0
    detail: str = ""


class Probe(Protocol):
    """Entry point group ``gridtender.probes``: URL scheme -> one request to one unit.

    One connection per call, closed before it returns; writes nothing.
    """

    async def __call__(self, host: str, port: int, unit: int | None, timeout: Duration) -> Answer:
        """Ask a unit for the two registers where a SunSpec marker mostly stands.

        Args:
            host: name or address.
            port: TCP port.
            unit: Modbus address, None = only connect (``WORDS`` where that works).
            timeout: for the connection, and again for the answer.
        """
        ...
