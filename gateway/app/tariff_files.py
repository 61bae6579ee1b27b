"""Tariffs in calendar files are read again when the file changes; a wrong one changes nothing."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from gateway.adapters.calendar_prices import read_prices
from gateway.app.availability import file_mark
from gateway.config.calendars import calendar_text
from gateway.model.errors import WrongInput
from gateway.model.site import CalendarPrice, PriceSource, Tariff
from gateway.runtime.prices import Calendars, Prices


class TariffFiles:
    """Looks at the files of a running gateway's tariff.

    Args:
        take: has a changed tariff in force, with its calendars as they were understood.
        threaded: disk work beside the loop.
    """

    def __init__(
        self, prices: Prices, take: Callable[[Tariff, Calendars], None], *, threaded: bool
    ) -> None:
        self._prices = prices
        self._take = take
        self._threaded = threaded
        self._log = structlog.get_logger()
        self._marks = _marks(prices.tariff)

    async def look(self) -> None:
        """Take what changed since the last look."""
        tariff = self._prices.tariff
        if not _files(tariff):
            return
        marks = await asyncio.to_thread(_marks, tariff) if self._threaded else _marks(tariff)
        if marks != self._marks:
            self._marks = marks
            taken = (
                await asyncio.to_thread(self._read, tariff)
                if self._threaded
                else (self._read(tariff))
            )
            calendars = await calendars_of(taken, threaded=self._threaded)
            if taken != tariff and tariff is self._prices.tariff:
                self._take(taken, calendars)
                self._log.info("tariff.changed", files=", ".join(_files(taken)))

    def _read(self, tariff: Tariff) -> Tariff:
        return replace(
            tariff,
            import_price=self._again(tariff.import_price),
            export_price=self._again(tariff.export_price),
        )

    def _again(self, source: PriceSource) -> PriceSource:
        """The source as its file is now; as it was, where that is no tariff."""
        if not isinstance(source, CalendarPrice):
            return source
        try:
            text = calendar_text(Path(source.file))
            if text == source.text:
                return source
            dearest = read_prices(text, source.zone, source.default).dearest
        except WrongInput as error:
            self._log.error("tariff.refused", file=source.file, reason=str(error))
            return source
        return replace(source, text=text, dearest=dearest)


async def calendars_of(tariff: Tariff, *, threaded: bool) -> Calendars:
    """What is in the tariff's calendars, understood before the loop needs it."""
    sources = (tariff.import_price, tariff.export_price)
    wanted = tuple(dict.fromkeys(one for one in sources if isinstance(one, CalendarPrice)))
    if not wanted:
        return {}
    return await asyncio.to_thread(_understood, wanted) if threaded else _understood(wanted)


def _understood(wanted: tuple[CalendarPrice, ...]) -> Calendars:
    return {one: read_prices(one.text, one.zone, one.default) for one in wanted}


def _files(tariff: Tariff) -> tuple[str, ...]:
    sources = (tariff.import_price, tariff.export_price)
    return tuple(dict.fromkeys(one.file for one in sources if isinstance(one, CalendarPrice)))


def _marks(tariff: Tariff) -> Mapping[str, tuple[int, int, int] | None]:
    """By file, what changes whenever it is written."""
    return {file: file_mark(Path(file)) for file in _files(tariff)}
