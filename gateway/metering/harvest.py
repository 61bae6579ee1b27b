"""The day of a roof as it goes on and ends."""

from dataclasses import replace

from gateway.metering.expectation import Quarter, Sky, close, expect, learn
from gateway.model.roof import Harvest, Source


def after(source: Source, quarter: Quarter, sky: Sky | None) -> Source:
    """With one more quarter hour that may be compared and learned from."""
    seen = expect(source.roof, source.today, quarter, sky)
    return replace(source, today=seen, roof=learn(source.roof, quarter, sky))


def next_day(harvest: Harvest, counted_wh: float | None, sky: Sky | None) -> Harvest:
    """At the beginning of a day; ``counted_wh``: its counted total now."""
    return Harvest(
        whole=_closed(harvest.whole, sky),
        strings={name: _closed(one, sky) for name, one in harvest.strings.items()},
        began_wh=counted_wh,
        low_days=harvest.low_days,
        why=harvest.why,
    )


def _closed(source: Source, sky: Sky | None) -> Source:
    return Source(roof=close(source.roof, sky))
