"""Decoding one inverter and one meter: the words of models 103 and 203 to scaled points.

Method: words of a real-looking device, every point implemented; the median of 21 rounds of
2000 decodes of both, in one process, garbage collection off.
"""

import gc
import statistics
import time

from drivers.sunspec.codec import layout

ROUNDS = 21
TIMES = 2000


def words(model: int, length: int) -> tuple[int, ...]:
    """Plausible words: every value 1, scale factors -2."""
    shape = layout(model, length)
    made = [model, length, *([0, 1] * length)][: shape.registers]
    for point in shape.points:
        if point.type == "sunssf":
            made[point.offset] = 0xFFFE
    return tuple(made)


def measure() -> list[float]:
    inverter, meter = layout(103, 50).decode, layout(203, 105).decode
    first, second = words(103, 50), words(203, 105)
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TIMES):
            inverter(first)
            meter(second)
        rounds.append((time.perf_counter() - start) / TIMES * 1e6)
    return rounds


def main() -> None:
    gc.disable()
    rounds = measure()
    print(__doc__)
    median, best = statistics.median(rounds), min(rounds)
    print(f"103 + 203: median {median:.1f} us, best {best:.1f} us; must: 15 us")


if __name__ == "__main__":
    main()
