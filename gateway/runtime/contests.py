"""Fights over a device, told to the owner; and whether the gateway lets go of one for a while."""

import structlog

from gateway.dispatch.contest import CODE
from gateway.model.device import ContestPolicy
from gateway.model.event import FaultChanged
from gateway.model.time import Instant
from gateway.ports.bus import Bus
from gateway.runtime.progress import Progress


class Contests:
    """Looks after the contests that the devices' progress keeps."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._told: dict[str, tuple[int, str]] = {}
        self._log = structlog.get_logger()

    def review(self, progress: Progress, now: Instant) -> bool:
        """Say what is new; whether the device is left to the other controller now."""
        contest = progress.contest = progress.contest.settled(now)
        if contest.yields(now):
            progress.again = True  # when the pause is over, what the other wrote is replaced
        if contest.fight:
            self._tell(progress, now)
        elif self._told.pop(progress.device, None) is not None:
            self._log.info("setpoint.uncontested", device=progress.device)
            self._publish(progress.device, now, active=False)
        return contest.yields(now)

    def _tell(self, progress: Progress, now: Instant) -> None:
        """Each turn is told on the bus; in the log every pause of a gateway that yields."""
        device, contest = progress.device, progress.contest
        turn = (contest.turns, contest.text)
        before = self._told.get(device)
        if turn == before:
            return
        self._told[device] = turn
        self._publish(device, now, active=True, text=contest.text)
        if before is None or contest.policy is ContestPolicy.YIELD:
            policy = contest.policy.value
            self._log.warning(
                "setpoint.contested", device=device, policy=policy, detail=contest.text
            )

    def _publish(self, device: str, at: Instant, *, active: bool, text: str = "") -> None:
        self._bus.publish(FaultChanged(device=device, code=CODE, active=active, at=at, text=text))
