"""What a household draws: a base load with a daily pattern, and a cooker."""

from math import exp

from gateway.physics.noise import between, uniform

DAY_S = 86_400
COOKER_W = 2000.0
BURST_SLOT_S = 600
_HOUR_S = 3600.0
_STANDBY_W = 180.0
# (middle, width, height): breakfast, noon, evening.
_PEAKS = ((7.5, 1.0, 220.0), (12.5, 0.8, 120.0), (19.5, 2.0, 380.0))
_FRIDGE_W, _FRIDGE_CYCLE_S, _FRIDGE_ON_S = 90.0, 2400.0, 900.0
_FLICKER_W, _FLICKER_S = 15.0, 10
_MEALS_H = ((11.5, 13.0), (17.5, 19.0))
_COOKED = 0.8  # share of slots in which the burner is used
_FLICKER, _WHETHER, _START, _LENGTH = range(201, 205)


def base_load_w(seed: int, at_s: float) -> float:
    """Lights, fridge, standby and the like, ``at_s`` seconds since the epoch (UTC)."""
    hour = at_s % DAY_S / _HOUR_S
    peaks_w = sum(
        height * exp(-(((hour - middle) / width) ** 2)) for middle, width, height in _PEAKS
    )
    fridge_w = _FRIDGE_W if at_s % _FRIDGE_CYCLE_S < _FRIDGE_ON_S else 0.0
    flicker_w = between(
        -_FLICKER_W, _FLICKER_W, seed=seed, stream=_FLICKER, index=int(at_s // _FLICKER_S)
    )
    return _STANDBY_W + peaks_w + fridge_w + flicker_w


def cooking(seed: int, at_s: float) -> bool:
    """Whether the cooker is on: at meal times, once per slot of ten minutes, 1..5 minutes."""
    hour = at_s % DAY_S / _HOUR_S
    if not any(start <= hour < end for start, end in _MEALS_H):
        return False
    slot, offset_s = divmod(at_s, BURST_SLOT_S)
    index = int(slot)
    if uniform(seed, _WHETHER, index) >= _COOKED:
        return False
    start_s = between(0.0, 240.0, seed=seed, stream=_START, index=index)
    length_s = between(60.0, 300.0, seed=seed, stream=_LENGTH, index=index)
    return start_s <= offset_s < start_s + length_s
