"""Randomness without state: the same (seed, stream, index) is always the same number.

Source: the SplitMix64 finaliser, Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014.
"""

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_SCALE = 2.0**-53


def uniform(seed: int, stream: int, index: int) -> float:
    """A number in [0, 1); streams of one seed are independent of each other."""
    return (_mix(_mix(_mix(seed) ^ stream) + index * _GOLDEN) >> 11) * _SCALE


def between(low: float, high: float, *, seed: int, stream: int, index: int) -> float:
    """A number in [low, high)."""
    return low + (high - low) * uniform(seed, stream, index)


def _mix(value: int) -> int:
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
