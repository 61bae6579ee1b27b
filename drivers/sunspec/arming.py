"""What must be known of a device to let go of it without this driver."""

from drivers.sunspec.blocks import Unit
from drivers.sunspec.codec import HEADER, layout
from drivers.sunspec.discovery import COMMON, Header
from drivers.sunspec.lever import Lever, runs
from drivers.sunspec.plan import Span
from drivers.sunspec.roles import Shape
from gateway.model.device import Device
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.time import Instant, in_seconds


async def record(device: Device, unit: Unit, shape: Shape, lever: Lever, at: Instant) -> Arming:
    """The words that stand, those of the fall-back level, and which device they belong to."""
    level_w = device.fallback.level_w
    return Arming(
        device=device.id,
        connection=device.line,
        unit=device.unit,
        at=at,
        identity=await _identity(unit, shape, lever.header),
        found=runs(lever.found()),
        level=() if level_w is None else runs(lever.level(level_w)),
        timeout=device.timeout,
        promise=_promise(device, lever),
    )


async def _identity(unit: Unit, shape: Shape, header: Header) -> tuple[RegisterWrite, ...]:
    """The control model's header and the serial number of the device it belongs to."""
    marks = [Span(header.address, HEADER)]
    common = shape.headers.get(COMMON)
    if common is not None:
        point = layout(COMMON, common.length).point("SN")
        if point is not None:
            marks.append(Span(common.address + point.offset, point.size))
    return tuple(
        [RegisterWrite(address=mark.address, words=(await unit.ask(mark)).words) for mark in marks]
    )


def _promise(device: Device, lever: Lever) -> str:
    """What happens when the gateway is gone, and who sees to it."""
    level_w, after = device.fallback.level_w, f"{in_seconds(device.fallback.after):g} s"
    model, timer = f"model {lever.header.model}", lever.timer
    if timer is None:
        words = "the words found" if level_w is None else f"{level_w:g} W"
        return f"{model} has no timer here: `gridtender release` writes {words}"
    if level_w is None:
        return f"its own timer ({model}) gives it back to its own rule {after} after a renewal"
    if timer.reaches_level:
        return f"its own timer ({model}) brings it to {level_w:g} W {after} after a renewal"
    return f"its timer cannot end at a level ({model}): `gridtender release` writes {level_w:g} W"
