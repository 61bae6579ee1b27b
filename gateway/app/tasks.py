"""The supervised tasks of a gateway, stopped together."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from gateway.ports.clock import Clock
from gateway.runtime.supervisor import supervise


class Tasks:
    """A TaskGroup that can be told to stop."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
        # An error of the body is its own and travels on unwrapped.
        await self._group.__aexit__(None, None, None)

    def start(self, name: str, run: Callable[[], Awaitable[None]], clock: Clock) -> None:
        """Supervise a station."""
        self._tasks.append(self._group.create_task(supervise(name, run, clock), name=name))

    async def stop(self) -> None:
        """Cancel all and wait."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()
