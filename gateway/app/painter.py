"""Puts the picture on the output: in place on a terminal, as plain lines elsewhere."""

import asyncio
import shutil
from collections.abc import Callable
from typing import Final, TextIO

_REDRAW_S: Final = 0.5
_PLAIN_S: Final = 5.0
_WIDTH: Final = 99

# Renders in so many columns at most.
Picture = Callable[[int], list[str]]


class Painter:
    """Draws on ``out``, at most ``width`` wide, and says sentences above or below the picture."""

    def __init__(self, out: TextIO, width: int = _WIDTH) -> None:
        self._out = out
        self._width = width
        self._terminal = out.isatty()
        self._drawn = 0

    def say(self, text: str) -> None:
        """A sentence that stays; the next picture is drawn below it."""
        self._drawn = 0
        self._out.write(f"{text}\n")
        self._out.flush()

    async def run(self, picture: Picture) -> None:
        """Draw for ever."""
        while True:
            await asyncio.sleep(_REDRAW_S if self._terminal else _PLAIN_S)
            self.draw(picture)

    def draw(self, picture: Picture) -> None:
        """Draw once, over the last picture where that is possible."""
        if not self._terminal:
            self.say("\n".join((*picture(self._width), "")))
            return
        columns, rows = shutil.get_terminal_size()
        # One column less: a full line would wrap on some terminals.
        shown = picture(min(self._width, columns - 1))[: rows - 1]
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        self._out.write(up + "".join(f"{line}\x1b[K\n" for line in shown) + "\x1b[J")
        self._out.flush()
        self._drawn = len(shown)
