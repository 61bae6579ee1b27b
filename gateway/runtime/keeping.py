"""What was said last reaches the disk; nobody waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from gateway.model.errors import GridtenderError

_PATIENCE_S: Final = 5.0  # a disk works in real time

_Content = TypeVar("_Content")


class Keeping(Generic[_Content]):
    """One write after another; of what is said meanwhile only the newest is written.

    ``store`` writes, ``on_fault`` is told in a sentence why something is not on the disk (yet).
    """

    def __init__(
        self,
        store: Callable[[_Content], Awaitable[None]],
        on_fault: Callable[[str], None],
    ) -> None:
        self._store = store
        self._on_fault = on_fault
        self._next: list[_Content] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether something is not written yet."""
        return self._writing is not None

    def keep(self, content: _Content) -> None:
        """Have it written in its turn."""
        self._next = [content]
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write(), name="keeping")

    async def _write(self) -> None:
        try:
            while self._next:
                content = self._next.pop()
                try:
                    await self._patiently(content)
                except GridtenderError as fault:
                    self._on_fault(str(fault))
        finally:
            self._writing = None

    async def _patiently(self, content: _Content) -> None:
        """Say when it takes long; a second write beside a stuck one could end before it."""
        loop = asyncio.get_running_loop()
        slow = f"the disk has not answered for {_PATIENCE_S:.0f} s"
        patience = loop.call_later(_PATIENCE_S, self._on_fault, slow)
        try:
            await self._store(content)
        finally:
            patience.cancel()
