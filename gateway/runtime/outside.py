"""Forecasts of others: what was said last of load and of sun, while it is valid."""

import structlog

from gateway.model.forecast import Foreseen, OutsideForecast, TakenBack
from gateway.model.time import Instant, rfc3339


class OutsideForecasts:
    """The newest of each; ``heard`` tells that one came since it was last asked."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()
        self._told: dict[Foreseen, OutsideForecast] = {}
        self._came = False

    def hear(self, told: OutsideForecast | TakenBack) -> None:
        """Somebody foresees something, or takes back what was foreseen."""
        self._came = True
        if isinstance(told, TakenBack):
            if self._told.pop(told.what, None) is not None:
                self._log.info("forecast.ended", what=told.what.value, reason="it was taken back")
            return
        self._told[told.what] = told
        self._log.info("forecast.taken", what=told.what.value, until=rfc3339(told.until))

    @property
    def heard(self) -> bool:
        """Whether something came since this was last asked."""
        came, self._came = self._came, False
        return came

    def of(self, what: Foreseen, now: Instant) -> OutsideForecast | None:
        """What is valid now; of what no longer is, that is said once."""
        told = self._told.get(what)
        if told is not None and told.until <= now:
            if self._told.get(what) is told:  # forecasts are made beside the loop
                self._told.pop(what, None)
            reason = "no newer one came: the own forecast holds again"
            self._log.warning("forecast.ended", what=what.value, reason=reason)
            return None
        return told
