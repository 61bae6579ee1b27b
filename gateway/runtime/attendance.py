"""Which parties are there: who falls silent, and who comes back."""

import structlog

from gateway.model.time import Duration, in_seconds
from gateway.ports.clock import Clock
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.ration import TokenBucket
from gateway.runtime.register import Register


class Attendance:
    """Hears of parties, and lets go of what those have open that are not heard of.

    Args:
        silence: so long parties without an allowance of their own may be silent; None: for ever.
    """

    def __init__(
        self, register: Register, marketplace: Marketplace, clock: Clock, silence: Duration | None
    ) -> None:
        self._register = register
        self._marketplace = marketplace
        self._clock = clock
        self._silence = silence
        self._began = clock.monotonic()
        self._silent: set[str] = set()
        self._returns: dict[str, TokenBucket] = {}
        self._log = structlog.get_logger()

    def hear(self, party: str) -> None:
        """Something came from the party."""
        self._register.hear(party, self._clock.monotonic())
        self._silent.discard(party)

    def is_back(self, party: str) -> bool:
        """Whether a party that says it is there is told again: not over and over."""
        if self._register.party(party) is None:
            return False
        return self._returns.setdefault(party, TokenBucket()).take(self._clock.now())

    def watch(self) -> None:
        """Withdraw what is tendered by whom nothing was heard of for as long as allowed."""
        now = self._clock.monotonic()
        for party in self._register.parties:
            allowed = self._register.allowance(party.id).silence or self._silence
            if allowed is None or party.id in self._silent:
                continue
            heard = self._register.heard(party.id)
            if now - (self._began if heard is None else heard) <= allowed:
                continue
            self._silent.add(party.id)
            if count := self._marketplace.open_tenders(party.id):
                self._log.warning(
                    "party.silent", party=party.id, after_s=in_seconds(allowed), tenders=count
                )
            self._marketplace.withdraw(party.id)
