"""Model 715: a device that shows its own heartbeat and may listen for its controller's."""

from collections.abc import Collection

from drivers.sunspec.bank import ILLEGAL_VALUE, Bank
from gateway.model.errors import RequestRefused

MODEL: tuple[int, int, dict[str, float | str]] = (
    715, 0, {"LocRemCtl": 0, "DERHb": 0, "ControllerHb": 0, "AlarmReset": 0, "OpCtl": 1},
)  # fmt: skip
_WRAP = 1 << 31


class Supervision:
    """Counts both heartbeats.

    Args:
        patience_s: how long the controller's may stand still; None: the device does not listen.

    Attributes:
        hung: whether the device's own heartbeat stands still.
        local: whether somebody at the device took control: commands are refused.
    """

    def __init__(self, bank: Bank, *, patience_s: float | None) -> None:
        self.hung = False
        self.local = False
        self._bank = bank
        self._patience_s = patience_s
        self._heard_s = 0.0

    def check(self, names: Collection[str]) -> None:
        """Refuse commands with code 3 while the device is in local control."""
        if self.local and any(name.startswith("704.") for name in names):
            message = "the device is in local control"
            raise RequestRefused(message, code=ILLEGAL_VALUE)

    def written(self, names: Collection[str], now_s: float) -> None:
        """Points were written."""
        if "715.ControllerHb" in names:
            self._heard_s = now_s

    def lost(self, now_s: float) -> bool:
        """Whether the controller's heartbeat stands still for too long."""
        return self._patience_s is not None and now_s - self._heard_s > self._patience_s

    def measure(self, now_s: float) -> None:
        """Show the own heartbeat and who is in control."""
        self._bank.put("715.LocRemCtl", 1 if self.local else 0)
        if not self.hung:
            self._bank.put("715.DERHb", int(now_s) % _WRAP)
