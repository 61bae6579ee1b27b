"""The lines of a site: one per line key, shared by the devices on it."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Self

from gateway.app.gateway import World
from gateway.model.site import Site
from gateway.ports.line import Line
from gateway.ports.messages import Messages


async def open_lines(settings: Site, world: World, stack: AsyncExitStack) -> Mapping[str, Line]:
    """One line per line key, shared by the devices on it."""
    lines: dict[str, Line] = {}
    for item in settings.devices:
        key = item.device.line
        if key not in lines:
            factory = world.lines[key.partition("://")[0]]
            lines[key] = await stack.enter_async_context(factory(key, world.clock))
    return lines


def borrow(url: str, lines: Mapping[str, Line], world: World) -> Line:
    """The open line of a connection, or one of its own for a device no longer configured."""
    line = lines.get(url)
    if line is not None:
        return BorrowedBroker(line, line) if isinstance(line, Messages) else BorrowedLine(line)
    return world.lines[url.partition("://")[0]](url, world.clock)


class BorrowedLine:
    """An open line that somebody else will close."""

    def __init__(self, line: Line) -> None:
        self.read = line.read
        self.write = line.write

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Leave it open."""


class BorrowedBroker(BorrowedLine):
    """The same of a line to a broker."""

    def __init__(self, line: Line, messages: Messages) -> None:
        super().__init__(line)
        self._messages = messages
        self.now = messages.now
        self.age = messages.age
        self.listen = messages.listen
        self.newest = messages.newest
        self.publish = messages.publish
        self.until = messages.until

    @property
    def away(self) -> str:
        """Why the broker does not hear us; empty while it does."""
        return self._messages.away
