"""What is promised of connect and read, in fair weather and under every fault."""

import math
from collections.abc import Iterator, Mapping

from gateway.model.device import Description
from gateway.model.reading import PointValue, Reading
from gateway.testing.promises import Broken, Promise
from gateway.testing.specimen import Specimen
from gateway.testing.stage import on_virtual_time, storms
from gateway.testing.trial import Trial
from gateway.testing.weather import FAILURES, FAIR, GARBAGE, Weather

_READS = 2
_WHOLE_PCT = 100.0


def check_reading(specimen: Specimen, found: list[Broken]) -> Description | None:
    """Connect and read in fair weather; what the device says of itself, None where it failed."""

    async def once() -> tuple[Trial, Description | None, list[Reading | None]]:
        trial = Trial(specimen, found)
        description = await trial.connected()
        readings = [await trial.read() for _ in range(_READS)] if description else []
        for reading in readings:
            _check_healthy(trial, reading)
        for seen in trial.line.outside:
            trial.broken(Promise.LIMITS, seen)
        return trial, description, readings

    trial, description, readings = on_virtual_time(once)
    again, other, others = on_virtual_time(once)
    if (description, readings) != (other, others):
        trial.broken(Promise.SAME, f"first {readings}, then {others}")
    if trial.line.asked != again.line.asked:
        trial.broken(Promise.SAME, "the second time it asked for other registers")
    on_virtual_time(_missing, specimen, found)
    on_virtual_time(_frozen, specimen, found)
    return description


def check_reading_under_faults(specimen: Specimen, found: list[Broken]) -> None:
    """Strike every request of connect and read with every fault, once and for good."""

    async def fair() -> tuple[int, Mapping[str, PointValue]]:
        trial = Trial(specimen, found)
        await trial.connect()
        readings = [await trial.read() for _ in range(_READS)]
        whole = [dict(_values(reading)) for reading in readings if reading]
        return len(trial.line.asked), {name: one[name] for one in whole for name in one}

    requests, healthy = on_virtual_time(fair)
    for weather in storms(requests, (*FAILURES, *GARBAGE)):
        on_virtual_time(_under, specimen, found, weather, healthy)


def _values(reading: Reading) -> Iterator[tuple[str, PointValue]]:
    """Everything measured, by a name."""
    yield from ((f"flow {resource}", flow) for resource, flow in reading.flows.items())
    yield "soc_pct", reading.soc_pct
    yield "available_w", reading.available_w
    yield "counted_in_wh", reading.counted_in_wh
    yield "counted_out_wh", reading.counted_out_wh
    yield from ((f"point {name}", value) for name, value in reading.points.items())


async def _under(
    specimen: Specimen, found: list[Broken], weather: Weather, healthy: Mapping[str, PointValue]
) -> None:
    trial = Trial(specimen, found, weather)
    connected = await trial.connect() is not None
    for _ in range(_READS):
        reading = await trial.read() if connected else None
        if reading is None:
            break
        _check_numbers(trial, reading)
        if weather.fails:
            _check_not_made_up(trial, reading, healthy)
    trial.line.weather = FAIR
    await _check_again(trial, healthy)


async def _check_again(trial: Trial, healthy: Mapping[str, PointValue]) -> None:
    """In fair weather again, it connects and reads what a healthy device reads."""
    if await trial.connect() is None or (reading := await trial.read()) is None:
        trial.broken(Promise.AGAIN, f"once all was well again it said: {trial.failed}")
        return
    for name, value in _values(reading):
        if name in healthy and value != healthy[name]:
            trial.broken(Promise.AGAIN, f"{name} read {value} instead of {healthy[name]}")


def _check_healthy(trial: Trial, reading: Reading | None) -> None:
    expected = trial.specimen.power_w
    if reading is None:
        trial.broken(Promise.HEALTHY, f"read failed: {trial.failed}")
        return
    _check_numbers(trial, reading)
    if reading.device != trial.device.id:
        trial.broken(Promise.KINDS, f"the reading is of {reading.device!r}")
    if not 0 < reading.at <= trial.clock.now():
        trial.broken(Promise.ANSWERED, f"the reading is stamped {reading.at}, not by its block")
    if expected is None or reading.power_w is None:
        if expected != reading.power_w:
            trial.broken(Promise.SIGN, f"read {reading.power_w} W, expected {expected}")
    elif not math.isclose(reading.power_w, expected, rel_tol=1e-6, abs_tol=1e-6):
        turned = math.isclose(-reading.power_w, expected, rel_tol=1e-6)
        hint = ": the sign is turned" if turned else ""
        trial.broken(Promise.SIGN, f"read {reading.power_w:g} W, expected {expected:g} W{hint}")


def _check_numbers(trial: Trial, reading: Reading) -> None:
    for name, value in _values(reading):
        if isinstance(value, float) and not math.isfinite(value):
            trial.broken(Promise.NUMBERS, f"{name} is {value}")
        elif name.startswith("flow") and not isinstance(value, int | float):
            trial.broken(Promise.MISSING, f"{name} is {value!r}: leave it out")
    soc = reading.soc_pct
    if soc is not None and not 0 <= soc <= _WHOLE_PCT:
        trial.broken(Promise.NUMBERS, f"soc_pct is {soc}")


def _check_not_made_up(trial: Trial, reading: Reading, healthy: Mapping[str, PointValue]) -> None:
    for name, value in _values(reading):
        if value is not None and value != healthy.get(name):
            true = healthy.get(name, "nothing")
            trial.broken(Promise.MISSING, f"{name} became {value!r} (in truth {true})")


async def _missing(specimen: Specimen, found: list[Broken]) -> None:
    """The device says that it has no power, from the beginning or from now on."""
    if not specimen.missing:
        return
    for later in (False, True):
        trial = Trial(specimen, found)
        if later:
            await trial.connect()
        for address, word in specimen.missing.items():
            trial.registers.write(trial.device.unit, address, (word,))
        reading = await trial.read() if later or await trial.connect() else None
        if reading is not None and reading.power_w is not None:
            seen = f"the power reads {reading.power_w:g} W where the device says it has none"
            trial.broken(Promise.MISSING, seen)


async def _frozen(specimen: Specimen, found: list[Broken]) -> None:
    trial = Trial(specimen, found)
    returned = [await trial.connect(), await trial.read()]
    before = repr(returned)
    trial.line.weather = Weather(fault=GARBAGE[-1], begins=0, lasting=True)
    await trial.read()
    trial.line.weather = FAIR
    if repr(returned) != before:
        trial.broken(Promise.FROZEN, f"{before} became {returned} when it read again")
