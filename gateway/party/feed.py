"""Feeds: what is heard goes to callbacks and to whoever iterates."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Generic, TypeVar

_Item = TypeVar("_Item")
Callback = Callable[[_Item], Coroutine[Any, Any, None] | None]
"""A function or a coroutine function."""


class Feed(Generic[_Item]):
    """One kind of news.

    Attributes:
        newest: the last item; None before the first.
    """

    def __init__(self, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._start = start
        self._queues: list[asyncio.Queue[_Item]] = []
        self._callbacks: list[Callback[_Item]] = []
        self.newest: _Item | None = None

    def put(self, item: _Item) -> None:
        """Hand it to everybody; what a callback raises ends the party."""
        self.newest = item
        for queue in self._queues:
            queue.put_nowait(item)
        for callback in self._callbacks:
            work = callback(item)
            if work is not None:
                self._start(work)

    def call(self, callback: Callback[_Item]) -> None:
        """Call it with every item from now on."""
        self._callbacks.append(callback)

    async def items(self, *, from_newest: bool = False) -> AsyncIterator[_Item]:
        """Every item from now on; with ``from_newest`` first the one that stands."""
        queue: asyncio.Queue[_Item] = asyncio.Queue()
        if from_newest and self.newest is not None:
            queue.put_nowait(self.newest)
        self._queues.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.remove(queue)
