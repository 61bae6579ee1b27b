"""Wall and scaled clocks: the only place that asks the system what time it is."""

import asyncio
import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.event import ClockStepped
from gateway.model.time import MILLISECOND, Duration, Instant, in_seconds
from gateway.ports.clock import Clock

_STEP = Duration(250 * MILLISECOND)
_STA_UNSYNC = 0x40  # linux/timex.h: no time server disciplines the clock


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read; the rest is padding."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def kernel_says_synchronised() -> bool:
    """Whether a time daemon disciplines the kernel's clock; reading needs no privilege."""
    timex = _Timex()
    if ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) < 0:
        return False
    return not timex.status & _STA_UNSYNC


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Simulated time runs from ``epoch_sim`` at ``speed`` since real ``epoch_real``."""

    epoch_real: Instant
    epoch_sim: Instant
    speed: float


class WallClock:
    """The system's time as anchor + monotonic; stepped only by ``reanchor``."""

    def __init__(self, synchronised: Callable[[], bool] = kernel_says_synchronised) -> None:
        self._anchor = time.time_ns() - time.monotonic_ns()
        self._is_synchronised = synchronised

    @property
    def synchronised(self) -> bool:
        """Whether a time server has confirmed the clock."""
        return self._is_synchronised()

    def now(self) -> Instant:
        """UTC nanoseconds."""
        return Instant(self._anchor + time.monotonic_ns())

    def monotonic(self) -> Duration:
        """Nanoseconds of CLOCK_MONOTONIC."""
        return Duration(time.monotonic_ns())

    def reanchor(self) -> ClockStepped | None:
        """Follow the system clock when it was set by more than 250 ms, and say so."""
        by = time.time_ns() - time.monotonic_ns() - self._anchor
        if abs(by) < _STEP:
            return None
        self._anchor += by
        return ClockStepped(at=self.now(), by=by)

    async def sleep_until(self, instant: Instant) -> None:
        """Wake at the instant; a step of the clock while asleep is not seen before."""
        while (left := instant - self.now()) > 0:
            await asyncio.sleep(in_seconds(left))

    async def sleep(self, duration: Duration) -> None:
        """Sleep on CLOCK_MONOTONIC."""
        await asyncio.sleep(in_seconds(duration))


class ScaledClock:
    """Simulated time at a multiple of real time; house and gateway share the same ``Scale``."""

    synchronised = True

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self._offset = time.time_ns() - time.monotonic_ns()

    def now(self) -> Instant:
        """epoch_sim + speed x real time since epoch_real."""
        real = self._offset + time.monotonic_ns() - self.scale.epoch_real
        return Instant(self.scale.epoch_sim + int(real * self.scale.speed))

    def monotonic(self) -> Duration:
        """CLOCK_MONOTONIC at simulated speed."""
        return Duration(int(time.monotonic_ns() * self.scale.speed))

    def reanchor(self) -> None:
        """Simulated time is never stepped."""

    async def sleep_until(self, instant: Instant) -> None:
        """Wake at the simulated instant."""
        while (left := instant - self.now()) > 0:
            await asyncio.sleep(in_seconds(left) / self.scale.speed)

    async def sleep(self, duration: Duration) -> None:
        """Sleep a simulated duration."""
        await asyncio.sleep(in_seconds(duration) / self.scale.speed)


def scale_of(clock: Clock) -> str:
    """``epoch_real,epoch_sim,speed`` of a scaled clock, empty of any other."""
    if not isinstance(clock, ScaledClock):
        return ""
    scale = clock.scale
    return f"{scale.epoch_real},{scale.epoch_sim},{scale.speed}"


def scaled_clock(text: str) -> ScaledClock:
    """The inverse of ``scale_of``.

    Raises:
        ValueError: not three numbers.
    """
    real, sim, speed = text.split(",")
    return ScaledClock(
        Scale(epoch_real=Instant(int(real)), epoch_sim=Instant(int(sim)), speed=float(speed))
    )


def real_now() -> Instant:
    """What the system says, for commands that run without a clock of their own."""
    return Instant(time.time_ns())
