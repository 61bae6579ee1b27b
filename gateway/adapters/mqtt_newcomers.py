"""How often strangers are listened to: a flood of them costs nothing but the look at its topic."""

import asyncio
from typing import Final

import structlog

_A_MINUTE: Final = 30
_MINUTE_S: Final = 60.0


class Newcomers:
    """A bucket for all strangers together; what is beyond it is dropped unread."""

    def __init__(self) -> None:
        self._left = float(_A_MINUTE)
        self._at_s = 0.0
        self._told_s = -_MINUTE_S
        self._log = structlog.get_logger()

    def admit(self) -> bool:
        """Whether one more is listened to; that one is not is said once a minute."""
        now_s = asyncio.get_running_loop().time()
        gained = (now_s - self._at_s) * _A_MINUTE / _MINUTE_S
        self._left, self._at_s = min(_A_MINUTE, self._left + gained), now_s
        if self._left >= 1:
            self._left -= 1
            return True
        if now_s - self._told_s >= _MINUTE_S:
            self._told_s = now_s
            self._log.warning("registration.dropped", reason=f"more than {_A_MINUTE} a minute")
        return False
