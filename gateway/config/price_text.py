"""The tariff of the next hours as ``check`` shows it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.model.site import CalendarPrice, PriceSource, Site
from gateway.model.time import HOUR, SECOND, Instant, Interval, rfc3339

Steps = Sequence[tuple[Instant, float | None]]
StepsOf = Callable[[CalendarPrice, Interval], Steps]

_AHEAD = 24 * HOUR


def tariff_ahead(site: Site, now: Instant, steps_of: StepsOf) -> dict[str, Steps]:
    """By key, the prices of the next 24 h, of those that come from a calendar."""
    interval = Interval(now, Instant(now + _AHEAD))
    sources: dict[str, PriceSource] = {
        "import_price": site.tariff.import_price,
        "export_price": site.tariff.export_price,
    }
    return {
        key: steps_of(source, interval)
        for key, source in sources.items()
        if isinstance(source, CalendarPrice)
    }


def tariff_text(site: Site, ahead: dict[str, Steps]) -> list[str]:
    """A line per price, in the time of the house."""
    zone = ZoneInfo(site.timezone)
    lines = list[str]()
    for key, steps in ahead.items():
        lines.append(f"{key} in the next 24 h, {site.currency}/kWh, time of {site.timezone}:")
        for begin, price in steps:
            clock = datetime.fromtimestamp(begin // SECOND, tz=UTC).astimezone(zone)
            told = "not known" if price is None else f"{price:g}"
            lines.append(f"  {clock:%a %H:%M}  {told}")
    return lines


def tariff_json(ahead: dict[str, Steps]) -> dict[str, object]:
    """The same for programs; a price nobody knows is null."""
    return {
        key: [{"time": rfc3339(begin), "price": price} for begin, price in steps]
        for key, steps in ahead.items()
    }
