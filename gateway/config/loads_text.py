"""Loads on the page of ``gridtender check``: what each pays, what is wished, who goes first."""

from collections.abc import Iterator

from gateway.config.priorities import LOADS
from gateway.config.wording import duration_text
from gateway.model.comfort import WH_PER_LITRE_K, Comfort, Tank
from gateway.model.device import Device
from gateway.model.site import Site
from gateway.model.wish import Wish, WishMode, clock_of

_HOW = {
    WishMode.CHEAPEST: "when it costs least, at any price up to its cap once time is short",
    WishMode.SURPLUS: "only of what would be fed in, whatever the deadline",
    WishMode.NOW: "at once, at any price up to its cap",
}


def load_texts(site: Site) -> Iterator[tuple[str, str]]:
    """A line or more for each load that an agent tenders for."""
    loads = {
        one.device.id: one.device
        for one in site.devices
        if one.device.role in LOADS and one.device.tender
    }
    for device in loads.values():
        yield device.id, "; ".join(_parts(device, site.currency))
        for name in device.before:
            yield "", _before(device, loads.get(name), name, site.currency)


def _parts(device: Device, currency: str) -> Iterator[str]:
    given_up = device.gives_up_at
    cap = _cap(device)
    yield "pays any price" if cap is None else f"pays at most {cap:g} {currency}/kWh"
    if given_up is not None:
        yield f"gives up what it has bought where somebody pays {given_up:g} {currency}/kWh"
    if device.limits.min_w:
        yield f"runs from {device.limits.min_w:.0f} W"
    if device.limits.min_run or device.limits.min_rest:
        run, rest = duration_text(device.limits.min_run), duration_text(device.limits.min_rest)
        yield f"at least {run} on and {rest} off"
    if device.programme:
        yield f"draws {device.programme} once it has begun"
    if device.comfort:
        yield _comfort_text(device.comfort)
        return
    yield wish_text(device.wish) if device.wish else "no wish: runs whenever the price allows it"


def _cap(device: Device) -> float | None:
    return device.gives_up_at if device.price_cap is None else device.price_cap


def _comfort_text(comfort: Comfort) -> str:
    if comfort.tank:
        return _tank_text(comfort, comfort.tank)
    kept = f"keeps {comfort.low_c:g} to {comfort.high_c:g} C, {comfort.wish_c:g} at a mean price"
    sensor = f", by {comfort.sensor}" if comfort.sensor else ""
    return f"{kept}{sensor}"


def _tank_text(comfort: Comfort, tank: Tank) -> str:
    holds_kwh = (comfort.high_c - comfort.low_c) * tank.litres * WH_PER_LITRE_K / 1000
    sensor = f", by {comfort.sensor}" if comfort.sensor else ""
    kept = (
        f"keeps {tank.litres:g} l of water at {comfort.low_c:g} to {comfort.high_c:g} C{sensor}, "
        f"{holds_kwh:.1f} kWh of heat between them"
    )
    if tank.rise_c is None:
        return kept
    return f"{kept}; at {tank.rise_c:g} C once in {duration_text(tank.every)}"


def wish_text(wish: Wish) -> str:
    """What is wished, and how it is had."""
    words = str(wish).removesuffix(wish.mode.value).rstrip(", ")
    every = "every day " if clock_of(wish.by) or clock_of(wish.start) else ""
    how = "at any price up to its cap" if wish.start else _HOW[wish.mode]
    return f"wish: {every}{words}{', ' if words else ''}{how}"


def _before(device: Device, other: Device | None, name: str, currency: str) -> str:
    """Who goes first, and from which price on that is turned round."""
    text = f"goes before {name} at one price"
    mine, theirs = _cap(device), None if other is None else _cap(other)
    if mine is None or (theirs is not None and theirs <= mine):
        return text
    pays = "any price" if theirs is None else f"up to {theirs:g}"
    return f"{text}; above {mine:g} {currency}/kWh {name} goes first, since it pays {pays}"
