"""Requests that wait: each party's in its own order, nobody's in the way of others."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

_PER_PARTY = 64
_IN_ALL = 1024

_Item = TypeVar("_Item")


class Inbox(Generic[_Item]):
    """Handles items one after another per party; a party's task lives while it has items."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        handle: Callable[[_Item], Awaitable[None]],
        *,
        per_party: int = _PER_PARTY,
        in_all: int = _IN_ALL,
    ) -> None:
        self._group = group
        self._handle = handle
        self._per_party = per_party
        self._in_all = in_all
        self._waiting: dict[str, deque[_Item]] = {}
        self._count = 0

    def put(self, party: str, item: _Item) -> bool:
        """Queue the item; False if the party, or all together, have too many waiting."""
        queue = self._waiting.get(party)
        full = queue is not None and len(queue) >= self._per_party
        if full or self._count >= self._in_all:
            return False
        self._count += 1
        if queue is None:
            self._waiting[party] = deque([item])
            self._group.create_task(self._drain(party), name=f"party[{party}]")
        else:
            queue.append(item)
        return True

    async def _drain(self, party: str) -> None:
        queue = self._waiting[party]
        try:
            while queue:
                self._count -= 1
                await self._handle(queue.popleft())
        finally:
            self._count -= len(queue)
            del self._waiting[party]
