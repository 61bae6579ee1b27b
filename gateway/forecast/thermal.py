"""How a room answers to power: recursive least squares with forgetting.

dT/dt = a + b (T - 20) + c P over a quarter of an hour each; from it the pull b to where it rests,
and the gain c.  Source: L. Ljung, System Identification, section 11.2, "The RLS algorithm".
"""

from math import sqrt
from typing import Final

from gateway.model.comfort import UNSURE, Learned, Matrix, Thermal, Vector

_AT_C: Final = 20.0
_FORGETS: Final = 0.998  # a quarter of an hour counts half after three and a half days
_NOISE: Final = 0.04  # (K/h)^2: a sensor of 0.1 K, read twice in a quarter of an hour
_SLOWEST, _FASTEST = 1 / 400, 2.0  # of the pull to where it rests, 1/h
_ENOUGH: Final = 48  # quarters of an hour
_SURE: Final = 0.35  # of the gain


def learn(so_far: Learned, *, from_c: float, to_c: float, power_w: float, hours: float) -> Learned:
    """Take in one span of ``hours`` > 0 with its mean power, W.

    Nothing is forgotten that the span tells nothing about, so a summer without heating is no loss.
    """
    x: Vector = (1.0, (from_c + to_c) / 2 - _AT_C, power_w / 1000)
    rate = (to_c - from_c) / hours
    px = tuple(sum(p * v for p, v in zip(row, x, strict=True)) for row in so_far.unsure)
    spread = _NOISE + sum(v * p for v, p in zip(x, px, strict=True))
    miss = rate - sum(t * v for t, v in zip(so_far.theta, x, strict=True))
    theta = tuple(t + p / spread * miss for t, p in zip(so_far.theta, px, strict=True))
    shrunk = [
        [p - px[i] * px[j] / spread for j, p in enumerate(row)]
        for i, row in enumerate(so_far.unsure)
    ]
    return Learned(
        theta=(theta[0], theta[1], theta[2]),
        unsure=_forget(shrunk),
        samples=so_far.samples + 1,
    )


def thermal(learned: Learned, *, cooling: bool) -> Thermal | None:
    """The body, once what was learned is enough to steer by."""
    a, b, c = learned.theta
    gain = -c if cooling else c
    sure = sqrt(max(learned.unsure[2][2], 0.0)) <= _SURE * gain
    if learned.samples < _ENOUGH or gain <= 0 or not sure:
        return None
    pull = min(max(-b, _SLOWEST), _FASTEST)
    return Thermal(keeps_h=1 / pull, rest_c=_AT_C + a / pull, gain_k_per_kwh=c)


def _forget(shrunk: list[list[float]]) -> Matrix:
    """Grow a little less sure again, of each parameter at most as unsure as at first."""
    factors = [
        min(1 / sqrt(_FORGETS), UNSURE[i] / sqrt(max(shrunk[i][i], 1e-12))) for i in range(3)
    ]
    rows = [
        (
            shrunk[i][0] * factors[i] * factors[0],
            shrunk[i][1] * factors[i] * factors[1],
            shrunk[i][2] * factors[i] * factors[2],
        )
        for i in range(3)
    ]
    return (rows[0], rows[1], rows[2])
