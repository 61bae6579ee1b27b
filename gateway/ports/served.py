"""The other side of a line: registers that answer clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from gateway.model.time import Duration


class Registers(Protocol):
    """The devices behind one connection, as holding registers.

    Both calls answer at once; a device with physics advances itself when it is asked.

    Raises (of read and write):
        RequestRefused: with the Modbus exception code: 2 for a hole, 0x0B for a unit that
            is not there.
        DeviceUnavailable: the device stays silent (the asker waits for its timeout).
    """

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """Return ``count`` words from protocol ``address`` on."""
        ...

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """Take the words, all or none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of a client.

    Attributes:
        client: its IP address.
        function: 1 to 4 read, 5, 6, 15 and 16 write.
        count: of registers or coils; ``words``: to write, 0 or 1 for coils, empty for a read.
    """

    client: str
    unit: int
    function: int
    address: int
    count: int
    words: tuple[int, ...] = ()


@runtime_checkable
class Desk(Protocol):
    """What takes its time to answer, and looks who asks: a device behind a line, for one."""

    async def answer(self, asked: Asked) -> Sequence[int]:
        """The words of a read, nothing for a write.

        Raises:
            RequestRefused: with the exception code to answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A recorded device that answers again.

    Attributes:
        name: maker and model; ``unit``: its Modbus address.
        delay: how long each answer took.
    """

    name: str
    unit: int
    registers: Registers
    delay: Duration


class Served(Protocol):
    """A listening socket; closed by leaving ``async with``.

    Attributes:
        port: where it listens.
    """

    port: int

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class ServerFactory(Protocol):
    """Entry point group ``gridtender.servers``: URL scheme -> factory."""

    async def __call__(
        self,
        registers: Registers | Desk,
        port: int,
        host: str,
        *,
        delay: Duration = Duration(0),
        most: int | None = None,
    ) -> Served:
        """Listen for clients, ``most`` at a time; port 0 takes any free one.

        Raises:
            OSError: the port is taken, or the host is none of this machine's.
        """
        ...
