"""Is somebody else steering the device too?  Overrides are counted; a few make a fight.

Once is an accident: a restart, a timer that ended, an installer at work.  It is written again
at once.  Several times within minutes is another controller, and two that write by turns wear
the device out and serve nobody.  Then the gateway yields, or insists ever more slowly.
"""

from dataclasses import dataclass, replace
from typing import Final

from gateway.model.device import ContestPolicy
from gateway.model.time import MINUTE, SECOND, Duration, Instant, rfc3339, short_duration

CODE: Final = "SETPOINT_CONTESTED"
# So many overrides within the window are a fight.  Vendors' clouds write every few minutes.
OVERRIDES: Final = 3
WINDOW: Final = Duration(15 * MINUTE)
# Yielding: so long the device is left to the other; twice as long each time it goes on.
_FIRST_REST: Final = Duration(5 * MINUTE)
_LONGEST_REST: Final = Duration(60 * MINUTE)
# Insisting: a limit is worth a write, but not one at every poll.
_FIRST_PAUSE: Final = Duration(2 * SECOND)
_LONGEST_PAUSE: Final = Duration(30 * SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What is known of one device's other master.

    Attributes:
        overrides: when our words were found replaced, within the window, oldest first.
        what: which register, what we wrote and what stands, as last found.
        fight: whether it is one now.
        turns: how often the gateway held back in this fight.
        pause: between two words of ours; ``until``: none before.  None outside a fight.
    """

    policy: ContestPolicy
    overrides: tuple[Instant, ...] = ()
    what: str = ""
    fight: bool = False
    turns: int = 0
    pause: Duration | None = None
    until: Instant | None = None

    def yields(self, now: Instant) -> bool:
        """Whether the device is left to the other."""
        return self.policy is ContestPolicy.YIELD and not self.may_write(now)

    def may_write(self, now: Instant) -> bool:
        """Whether the gateway's next word is due."""
        return self.until is None or now >= self.until

    def struck(self, what: str, at: Instant, ours: Instant) -> "Contest":
        """Somebody else's words stand in place of those that we wrote at ``ours``.

        Who yields rests from now on; who insists keeps the pause between his own words, so a
        stranger who writes once a minute is answered at once.
        """
        overrides = (*(then for then in self.overrides if at - then < WINDOW), at)
        fight = self.fight or len(overrides) >= OVERRIDES
        # The newest few tell as much as all.
        found = replace(self, overrides=overrides[-OVERRIDES:], what=what, fight=fight)
        if not fight:
            return found
        pause, since = _pause(self), ours if self.policy is ContestPolicy.INSIST else at
        until = Instant(max(at, since + pause))
        return replace(found, turns=self.turns + 1, pause=pause, until=until)

    def settled(self, now: Instant) -> "Contest":
        """The fight is over once our words stood for the window after the last pause."""
        if not self.overrides or now - max(self.until or 0, self.overrides[-1]) < WINDOW:
            return self
        return Contest(policy=self.policy)

    def shifted(self, by: int) -> "Contest":
        """The wall clock was stepped: pauses keep their length."""
        overrides = tuple(Instant(then + by) for then in self.overrides)
        until = None if self.until is None else Instant(self.until + by)
        return replace(self, overrides=overrides, until=until)

    @property
    def text(self) -> str:
        """For the owner: who writes what, and what the gateway does about it; empty: no fight."""
        if self.until is None or self.pause is None:
            return ""
        last = self.overrides[-1]
        seen = f"somebody else steers this device too: {self.what} ({rfc3339(last)})"
        if self.policy is ContestPolicy.YIELD:
            return (
                f"{seen}; it is left alone until {rfc3339(self.until)}; switch off the other "
                "controller, or set contest: insist"
            )
        return (
            f"{seen}; ours is written again, at most every {short_duration(self.pause)}, so limits "
            "at the connection point may not hold; switch off the other controller, or set "
            "contest: yield"
        )


def _pause(contest: Contest) -> Duration:
    """How long to hold back now: it doubles with every turn."""
    first, most = _FIRST_REST, _LONGEST_REST
    if contest.policy is ContestPolicy.INSIST:
        first, most = _FIRST_PAUSE, _LONGEST_PAUSE
    return min(most, Duration(first << min(contest.turns, 16)))
