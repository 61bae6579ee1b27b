"""Limits the owner set while the gateway ran, beside the configured ones."""

from collections.abc import Iterator

from gateway.model.limit import CONNECTION, LimitKey, Wishes
from gateway.model.site import Site


def wishes_text(site: Site, wishes: Wishes) -> list[str]:
    """A heading and a line for each; nothing where none is set."""
    lines = list(_lines(site, wishes))
    return ["Limits set since (they narrow the configured ones)", *lines] if lines else []


def _lines(site: Site, wishes: Wishes) -> Iterator[str]:
    known = {CONNECTION, *(one.device.id for one in site.devices)}
    for name, wish in wishes.items():
        for key, value in wish.items():
            unit = "%" if key in {LimitKey.MIN_SOC_PCT, LimitKey.MAX_SOC_PCT} else "W"
            gone = "" if name in known else "  (not configured: waits)"
            yield f"  {name:<14}{key} {value:g} {unit}{gone}"
