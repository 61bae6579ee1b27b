"""The situation a simulated house starts in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import cast

from drivers.simulated.happenings import Happening, happenings
from gateway.model.errors import SettingsError

_NUMBERS = (int, float)
_WINDOW = 3  # start_s, end_s, factor


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSettings:
    """All optional; powers in W, positive.

    Attributes:
        seed: of clouds, noise, cooker and the meters' phases.
        solar_peak_w: rating of the inverter and peak of a clear day.
        solar_w: a constant sun instead of the day's curve.
        cloud: ``none``, ``passing`` (seeded), or windows (start_s, end_s, factor) counted from the
            house's start; omitted: ``passing`` under the day's sun, ``none`` under a constant one.
        tells_available: whether the inverter implements 122 WAval.
        modern: roof and battery by the models 701-715 and 802 instead of 103, 123 and 124;
            ``heartbeat_s``: how long those go on under a command without a heartbeat of their
            controller (715), omitted: they do not listen for one.
        battery_soc_pct, battery_capacity_wh, battery_w, battery_round_trip: the battery.
        load_w: a constant load instead of base load and cooker.
        cooker: on or off for good; omitted: at meal times.
        car_wh: a car that takes so much hangs on a charger; None: there is no charger.
        genset: whether there is a generator, of 5 kW, 1.5 kW at least.
        water_c: of the 300 l of a boiler at the start; None: there is no boiler.
        temperature_c: in the house at the start; ``outside_c`` stays.
        cooling: the heat pump takes heat out of the house instead of bringing it.
        happens: what befalls the house, such as ``{after_s: 60, cooker: true}``.
        meter_period_s: how often the meters renew their values; ``meter_noise_w`` +-.
        step_ms: how finely the physics is followed, 1..1000; long runs take coarse steps.
    """

    seed: int = 1
    solar_peak_w: float = 8000.0
    solar_w: float | None = None
    cloud: str | tuple[tuple[float, float, float], ...] | None = None
    tells_available: bool = False
    modern: bool = False
    heartbeat_s: float | None = None
    battery_soc_pct: float = 50.0
    battery_capacity_wh: float = 10_000.0
    battery_w: float = 5000.0
    battery_round_trip: float = 0.9
    load_w: float | None = None
    cooker: bool | None = None
    car_wh: float | None = None
    genset: bool = False
    water_c: float | None = None
    temperature_c: float = 20.3
    outside_c: float = 8.0
    cooling: bool = False
    happens: tuple[Happening, ...] = ()
    meter_period_s: float = 1.0
    meter_noise_w: float = 10.0
    step_ms: int = 100


def parse_settings(mapping: Mapping[str, object]) -> HouseSettings:
    """Settings from a plain mapping.

    Raises:
        SettingsError: the first key or value that is wrong.
    """
    values: dict[str, object] = {}
    for key, value in mapping.items():
        if key not in _KINDS:
            raise SettingsError(path=(key,), found="an unknown key", allowed=", ".join(_KINDS))
        values[key] = _LISTS[key](value) if key in _LISTS else _checked(key, value)
    settings = HouseSettings(**values)  # type: ignore[arg-type]
    if settings.car_wh is None and any(one.what == "car_wh" for one in settings.happens):
        allowed = "a charger to arrive at: car_wh, 0 for an empty place"
        raise SettingsError(path=("happens",), found="a car that arrives", allowed=allowed)
    return settings


_KINDS = {field.name: field.default for field in fields(HouseSettings)}
_WHOLE = ("seed", "step_ms")
_COARSEST_MS = 1000
_SWITCHES = ("tells_available", "cooker", "modern", "cooling", "genset")


def _checked(key: str, value: object) -> object:
    if value is None and _KINDS[key] is None:
        return None
    if key in _SWITCHES:
        if isinstance(value, bool):
            return value
        raise SettingsError(path=(key,), found=repr(value), allowed="true or false")
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise SettingsError(path=(key,), found=repr(value), allowed="a number")
    if key == "step_ms" and not 1 <= value <= _COARSEST_MS:
        allowed = f"a number from 1 to {_COARSEST_MS}"
        raise SettingsError(path=(key,), found=repr(value), allowed=allowed)
    return round(value) if key in _WHOLE else float(value)


def _cloud(value: object) -> object:
    if value in (None, "none", "passing"):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        windows = tuple(tuple(window) for window in value)
        if all(len(window) == _WINDOW for window in windows):
            return cast("tuple[tuple[float, float, float], ...]", windows)
    allowed = "none, passing, or a list of [start_s, end_s, factor]"
    raise SettingsError(path=("cloud",), found=repr(value), allowed=allowed)


_LISTS = {"cloud": _cloud, "happens": happenings}
