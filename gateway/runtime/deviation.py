"""When the market must be asked again before its next gate."""

from dataclasses import dataclass, field

from gateway.model.site import DispatchSettings, GridLimits
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.ration import TokenBucket

# Beyond a limit by less than this is the meter's noise.
_IMPORT_SLACK_W = 20.0
_EXPORT_SLACK_W = 50.0
# Auctions for a deviation are rationed.  Those for limits are not, but an auction is for the next
# whole second, and one that did not help is repeated ever slower.
_MOST_PAUSE = Duration(8 * SECOND)


@dataclass(slots=True)
class DeviationWatch:
    """Compares the grid meter with the limits and with what the site has traded."""

    limits: GridLimits
    settings: DispatchSettings
    _since: Instant | None = None
    _bucket: TokenBucket = field(default_factory=TokenBucket)
    _limit_due_at: Instant = Instant(0)
    _limit_pause: Duration = SECOND
    _rest_until: Instant = Instant(0)

    def rest_until(self, instant: Instant) -> None:
        """An auction changed nothing: a deviation alone calls no other before ``instant``."""
        self._rest_until = instant

    def reason(self, meter_w: float, position_w: float, now: Instant) -> str:
        """Why an auction is due now, or empty.

        ``meter_w`` import +; ``position_w`` what the site has traded with the utility,
        import +.  A broken limit calls at once, a deviation when it outlasts the settle time.
        """
        broken = self._broken(meter_w)
        if not broken:
            self._limit_pause = SECOND
            return self._deviates(meter_w, position_w, now)
        if now < self._limit_due_at:
            return ""
        self._limit_due_at = Instant(now + self._limit_pause)
        self._limit_pause = min(_MOST_PAUSE, Duration(2 * self._limit_pause))
        return broken

    def _broken(self, meter_w: float) -> str:
        most, least = self.limits.import_w, self.limits.export_w
        if most is not None and meter_w > most + _IMPORT_SLACK_W:
            return f"import {meter_w:.0f} W above the limit of {most:.0f} W"
        if least is not None and -meter_w > least + _EXPORT_SLACK_W:
            return f"export {-meter_w:.0f} W above the limit of {least:.0f} W"
        return ""

    def _deviates(self, meter_w: float, position_w: float, now: Instant) -> str:
        if abs(meter_w - position_w) <= self.settings.deviation_w:
            self._since = None
            return ""
        self._since = now if self._since is None else self._since
        if now < self._rest_until or now - self._since <= self.settings.settle:
            return ""
        if not self._bucket.take(now):
            return ""
        self._since = None
        return f"grid meter {meter_w:.0f} W, position {position_w:.0f} W"
