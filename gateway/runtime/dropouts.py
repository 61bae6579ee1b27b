"""A device that drops out: nobody may count on what it stood for.

What it tenders is withdrawn, SUPERVISORY, and what it holds is traded back at once: its agent
states that it wants nothing for what is left of the interval, and an opposite transaction follows.
What was traded is not undone.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from gateway.market import Market
from gateway.model.device import DeviceState
from gateway.model.event import Fact, FaultChanged, StateChanged
from gateway.model.time import Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock

LOST: Final = "DEVICE_LOST"
_GONE: Final = frozenset({DeviceState.OFFLINE, DeviceState.FAULTY})


class Dropouts:
    """Listens for devices that go while they hold a position in what is dispatched.

    Args:
        market: of the dispatched product.
        withdraw: cancel all that a party tenders.
        auction: clear the running interval for a reason; False: too little of it is left.
    """

    def __init__(
        self,
        *,
        market: Market,
        withdraw: Callable[[str], None],
        auction: Callable[[str, str], bool],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._market = market
        self._withdraw = withdraw
        self._auction = auction
        self._bus = bus
        self._clock = clock
        self._lost: set[str] = set()
        bus.listen(self._hear)

    def _hear(self, fact: Fact) -> None:
        if not isinstance(fact, StateChanged):
            return
        if fact.state not in _GONE:
            self._back(fact.device)
        elif fact.device not in self._lost and self._held(fact.device):
            self._lost.add(fact.device)
            # Who tells it is in the middle of something.
            asyncio.get_running_loop().call_soon(self._let_go, fact.device, fact.reason)

    def _held(self, device: str) -> float:
        """The device's position now, in the product's unit."""
        held = self._market.positions.at(device, self._clock.now())
        return self._market.product.real_quantity(held)

    def _let_go(self, device: str, why: str) -> None:
        held, product = self._held(device), self._market.product
        self._withdraw(device)
        at_once = self._auction(product.id, f"{device} dropped out")
        when = "now" if at_once else "at the next gate"
        structlog.get_logger().warning(
            "device.lost", device=device, position=held, compensated=when
        )
        text = (
            f"{why}; its tenders are withdrawn, its {held:g} {product.unit} are traded back {when}"
        )
        self._tell(device, active=True, text=text, expected=held)

    def _back(self, device: str) -> None:
        if device in self._lost:
            self._lost.discard(device)
            self._tell(device, active=False)

    def _tell(
        self, device: str, *, active: bool, text: str = "", expected: float | None = None
    ) -> None:
        now: Instant = self._clock.now()
        self._bus.publish(
            FaultChanged(
                device=device, code=LOST, active=active, at=now, text=text, expected=expected
            )
        )
