"""How far the newest setpoint of one device came, and what is published of it."""

from dataclasses import dataclass, field, replace

from gateway.dispatch.contest import Contest
from gateway.dispatch.effect import Command, judge
from gateway.dispatch.guard import Held
from gateway.dispatch.lease import LeaseTerms, renew_due
from gateway.model.device import ContestPolicy, Control, Device
from gateway.model.event import FaultChanged
from gateway.model.reading import Reading
from gateway.model.setpoint import Outcome, SetpointStatus, Written
from gateway.model.time import HOUR, SECOND, Duration, Instant

_JUDGED = frozenset({Outcome.ACCEPTED, Outcome.EFFECTIVE, Outcome.NO_EFFECT})
_FAULT = "SETPOINT_NOT_FOLLOWED"
# Smaller changes are not written: well below what the re-entry rule allows per poll.
DEAD_BAND_W = 20.0
# Words that are read back at every poll need not be renewed by writing, but now and then.
_LONGEST_UNWRITTEN = HOUR
# A device that takes requests and keeps none of it is tried ever more slowly: it may wear out.
_FIRST_PAUSE, _LONGEST_PAUSE = SECOND, Duration(30 * SECOND)


@dataclass(slots=True)
class Progress:
    """Wanted, commanded, accepted, effective; powers in W, passive sign.

    Attributes:
        held: what was last commanded; after a failed attempt again what stood before it.
            None when nothing was ever in force.
        again: whether it must be written in the next pass whatever the lease says.
        told_failure: why the last attempt failed, empty after a success.
        changed_at: when another value than the one before was commanded.
        observed_s: what the last drill measured, seconds from a renewal to the fall-back.
        contest: who else writes to it.
    """

    device: str
    contest: Contest = field(default_factory=lambda: Contest(policy=ContestPolicy.YIELD))
    wanted: float | None = None
    because: str = ""
    held: Held | None = None
    terms: LeaseTerms | None = None
    again: bool = False
    outcome: Outcome | None = None
    detail: str = ""
    told_failure: str = ""
    changed_at: Instant = Instant(0)
    observed_s: float | None = None
    _confirmed: Instant | None = None
    _in_vain: int = 0
    _pause_until: Instant = Instant(0)
    _faulty: bool = False
    _stood: Held | None = None
    _accepted: Written | None = None
    _since: Instant = Instant(0)  # that value was accepted, or last seen to be followed
    _effective: float | None = None
    _flow: float | None = None
    _left_s: float | None = None
    _before: float | None = None

    @property
    def lease(self) -> Duration:
        """How long one setpoint is meant."""
        return self.terms.lease if self.terms else Duration(0)

    def command(self, quantity: float | None, now: Instant) -> None:
        """A setpoint is on its way to the device."""
        if self.held is None or self.held.quantity != quantity:
            self._before, self.changed_at = self._flow, now
        self._confirmed = None
        self.held, self.again = self._next_held(quantity, now), False
        self.outcome = Outcome.COMMANDED
        self._effective = None

    def _next_held(self, quantity: float | None, now: Instant) -> Held:
        held = self.held
        before, after = (held.quantity if held else None) or 0.0, quantity or 0.0
        turned = before * after < 0 or (before == 0) != (after == 0)
        turned_at = now if held is None or turned else held.turned_at
        return Held(quantity=quantity, at=now, turned_at=turned_at)

    def attempted(self, written: Written) -> bool:
        """The device answered; False: it is not in force, so that the next pass writes again."""
        self.outcome, self.detail = written.outcome, written.detail
        if written.outcome is Outcome.ACCEPTED:
            if self._accepted is None or self._accepted.quantity != written.quantity:
                self._since = written.at
            self._accepted, self._stood, self.told_failure = written, self.held, ""
            self._in_vain = 0
            return True
        if written.taken:
            self._hold_back(written.at)
        if written.outcome is Outcome.OVERRIDDEN:
            self._struck(written.detail, written.at)
        self.held, self.again, self.told_failure = self._stood, True, written.detail
        self._accepted = self._effective = None
        return False

    def overridden(self, detail: str, at: Instant, *, restarted: bool = False) -> bool:
        """Other words than ours stand in the device: write again; whether that is news.

        It is none while our own writes fail: then our words cannot stand there.  A device that
        ``restarted``, or whose timer ended, has forgotten; else somebody else wrote.
        """
        if self.outcome is Outcome.COMMANDED or self.contest.yields(at):
            return False  # what was read is older than our word, or is not ours to say
        self.again = True
        if self.told_failure or self.outcome is Outcome.OVERRIDDEN:
            return False
        self.outcome, self.detail = Outcome.OVERRIDDEN, detail
        self._accepted = self._effective = None
        if not restarted and not self._timer_ended(at):
            self._struck(detail, at)
        return True

    def _hold_back(self, at: Instant) -> None:
        """Wait 1 s, 2 s, 4 s, ... 30 s between requests that change nothing."""
        pause = min(_LONGEST_PAUSE, Duration(_FIRST_PAUSE << min(self._in_vain, 8)))
        self._in_vain, self._pause_until = self._in_vain + 1, Instant(at + pause)

    def _struck(self, detail: str, at: Instant) -> None:
        ours = at if self.held is None else self.held.at
        self.contest = self.contest.struck(detail, at, ours)

    def _timer_ended(self, now: Instant) -> bool:
        """Whether the device's own countdown is over: renewals did not reach it."""
        if self.held is None or self.terms is None or not self.terms.timer_s:
            return False
        return now - self.held.at >= self.terms.timer_s * SECOND

    @property
    def accepted_at(self) -> Instant | None:
        """When what stands was read back."""
        return None if self._accepted is None else self._accepted.at

    def due(self, quantity: float | None, now: Instant, *, since: Instant, armed: bool) -> bool:
        """Whether to write: the value moved, half of the lease is over, or it may be lost.

        ``since``: when the device entered its state; one that came back may have forgotten.
        ``armed``: whether a life of the gateway ever wrote to it without letting go.
        """
        held = self.held
        if not self.contest.may_write(now) or (self._in_vain and now < self._pause_until):
            return False
        if held is None:
            return quantity is not None or armed
        if self.again or since > held.at:
            return True
        if held.quantity is None or quantity is None:
            return held.quantity is not quantity
        change = abs(quantity - held.quantity)
        moved = change > DEAD_BAND_W or (change > 0 and quantity == 0)
        return moved or renew_due(self._renewed_at(held), self.lease, now)

    def confirm(self, reading: Reading) -> None:
        """A setpoint without timer is renewed by seeing that it stands and works: no write."""
        held = self.held
        if held is None or self.outcome is not Outcome.EFFECTIVE or self.terms is None:
            return
        if self.terms.timer_s == 0 and reading.at - held.at < _LONGEST_UNWRITTEN:
            self._confirmed = reading.at

    def _renewed_at(self, held: Held) -> Instant:
        return held.at if self._confirmed is None else max(held.at, self._confirmed)

    def refuse(self, why: str) -> bool:
        """It may not be driven; whether that is news."""
        news = self.outcome is not Outcome.REFUSED
        self.outcome, self.detail = Outcome.REFUSED, why
        return news

    def forget(self) -> bool:
        """It was released by somebody else; whether something had been in force or tried."""
        told = self.outcome is not None or self.held is not None
        self.wanted, self.because, self.detail = None, "released", ""
        self.held = self._stood = self._accepted = self._effective = self.outcome = None
        self.again, self._in_vain = False, 0
        self.contest = Contest(policy=self.contest.policy)
        return told

    def step(self, by: int) -> None:
        """The wall clock was stepped: leases keep their length."""
        self.held, self._stood = _shifted(self.held, by), _shifted(self._stood, by)
        self.contest = self.contest.shifted(by)
        self.changed_at = Instant(self.changed_at + by)
        self._pause_until = Instant(self._pause_until + by)
        self._since = Instant(self._since + by)
        if self._confirmed is not None:
            self._confirmed = Instant(self._confirmed + by)
        if self._accepted is not None:
            self._accepted = replace(self._accepted, at=Instant(self._accepted.at + by))

    def judge(
        self, device: Device, control: Control, reading: Reading, settle: Duration
    ) -> FaultChanged | None:
        """Take a new sample; a fault when the device stops, or begins again, to follow."""
        self._flow, self._left_s = reading.power_w, reading.timer_left_s
        if self._accepted is None or self.outcome not in _JUDGED:
            return None
        command = Command(
            device=device,
            control=control,
            quantity=self._accepted.quantity,
            at=self._since,
            before=self._before,
        )
        verdict = judge(command, reading, settle)
        if verdict.outcome is Outcome.EFFECTIVE:
            self._since = reading.at
        if verdict.outcome is None or verdict.outcome is self.outcome:
            return None
        self.outcome, self.detail = verdict.outcome, verdict.reason
        bad = verdict.outcome is Outcome.NO_EFFECT
        self._effective = None if bad else self._accepted.quantity
        if bad == self._faulty:
            return None
        self._faulty = bad
        return FaultChanged(
            device=self.device,
            code=_FAULT,
            active=bad,
            at=reading.at,
            text=verdict.reason,
            expected=self._accepted.quantity,
            observed=reading.power_w,
        )

    def status(self, now: Instant, *, acting: bool) -> SetpointStatus:
        """What is published; while the gateway only advises nothing is commanded."""
        held = self.held if acting else None
        lease_until = timer_until = None
        if held is not None and held.quantity is not None and self.terms is not None:
            lease_until = Instant(self._renewed_at(held) + self.terms.lease)
            if self.terms.timer_s:
                timer_until = Instant(held.at + self.terms.timer_s * SECOND)
        return SetpointStatus(
            device=self.device,
            at=now,
            wanted=self.wanted,
            commanded=None if held is None else held.quantity,
            accepted=None if self._accepted is None else self._accepted.quantity,
            effective=self._effective,
            outcome=self.outcome if acting else None,
            lease_until=lease_until,
            timer_until=timer_until,
            timer_left_s=None if held is None else self._left_s,
            because=self.because,
            detail=self.detail,
        )


def _shifted(held: Held | None, by: int) -> Held | None:
    if held is None:
        return None
    return replace(held, at=Instant(held.at + by), turned_at=Instant(held.turned_at + by))
