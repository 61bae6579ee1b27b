"""Where trials take place: each on a virtual loop of its own, one for every storm."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import ParamSpec, TypeVar

from gateway.testing.virtual import VirtualLoop
from gateway.testing.weather import Fault, Weather

_P = ParamSpec("_P")
_T = TypeVar("_T")


def on_virtual_time(
    trial: Callable[_P, Coroutine[object, object, _T]], *args: _P.args, **more: _P.kwargs
) -> _T:
    """Run one trial from the beginning of its own time; nothing is left over for the next."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(trial(*args, **more))


def storms(requests: int, faults: Iterable[Fault], first: int = 0) -> Iterator[Weather]:
    """Every fault at every request from ``first`` on; those that last, for good too."""
    for fault in faults:
        for begins in range(first, requests):
            for lasting in (False, True) if fault.may_last else (False,):
                yield Weather(fault=fault, begins=begins, lasting=lasting)
