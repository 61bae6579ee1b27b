"""Holds drills: one device is left without renewals until it falls back, and then taken back."""

from collections.abc import Callable

import structlog

from gateway.dispatch.drill import Silence, Situation, beyond, finding, objection
from gateway.dispatch.lease import lease_terms
from gateway.model.device import Identity
from gateway.model.drill import DrillProgress, DrillRequest, DrillResult, DrillState
from gateway.model.errors import GridtenderError
from gateway.model.event import ClockStepped, Described, Fact
from gateway.model.reading import Quality, Reading
from gateway.model.site import ControlMode, DispatchSettings
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.drills import DrillBook
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.progress import Progress
from gateway.runtime.site import Site

_LOOK_EVERY = SECOND
_STEP = Duration(100 * MILLISECOND)
_READ_BACK_WITHIN = Duration(15 * SECOND)
# A limit that is broken in so many readings of the grid meter ends the drill.
_BROKEN_READINGS = 2


class _Aborted(Exception):
    """Why the gateway takes the device back before it fell back."""


class Drills:
    """Looks for the owner's requests, one after the other."""

    def __init__(
        self,
        *,
        book: DrillBook,
        site: Site,
        dispatcher: Dispatcher,
        settings: DispatchSettings,
        bus: Bus,
        clock: Clock,
        mode: Callable[[], ControlMode],
    ) -> None:
        self._book = book
        self._site = site
        self._dispatcher = dispatcher
        self._settings = settings
        self._clock = clock
        self._mode = mode
        self._identities: dict[str, Identity] = {}
        self._results = book.results()
        self._device = ""
        self._silence: Silence | None = None
        self._broken = 0
        self._stepped = False
        self._log = structlog.get_logger()
        bus.listen(self._hear)

    async def run(self) -> None:
        """Wait for requests; one that an earlier life left is not answered."""
        self._book.clear()
        while True:
            await self._clock.sleep(_LOOK_EVERY)
            request = self._book.request()
            if request is not None:
                try:
                    await self._answer(request)
                finally:
                    self._book.clear()

    async def _answer(self, request: DrillRequest) -> None:
        progress = self._dispatcher.progress.get(request.device)
        if progress is None:
            known = ", ".join(self._dispatcher.progress) or "none"
            text = f"there is no device of this name; there are: {known}"
            self._tell(request, DrillState.UNKNOWN_DEVICE, text)
            return
        why_not = objection(self._situation(request.device, progress))
        if why_not:
            self._tell(request, DrillState.REFUSED, why_not)
            return
        try:
            result = await self._hold(request, progress)
        except _Aborted as aborted:
            self._tell(request, DrillState.ABORTED, f"{aborted}; the gateway steers it again")
        else:
            self._results[result.device] = result
            self._remember(result)
            self._tell(request, DrillState.ENDED, finding(result), result=result)
            progress.observed_s = result.observed_s
        finally:
            self._silence, self._device = None, ""
            self._dispatcher.take_back(request.device)

    def _situation(self, device: str, progress: Progress) -> Situation:
        now = self._clock.now()
        grid = None if self._site.grid is None else self._site.view(self._site.grid, now).power_w
        contest = progress.contest
        return Situation(
            mode=self._mode(),
            device=self._dispatcher.device(device),
            view=self._site.view(device, now),
            terms=lease_terms(self._dispatcher.device(device), self._site.capabilities(device)),
            yielded=contest.text if contest.yields(now) else "",
            limits=self._dispatcher.limits,
            grid_w=None if self._site.meter_frozen else grid,
        )

    # While it lasts.

    async def _hold(self, request: DrillRequest, progress: Progress) -> DrillResult:
        device = request.device
        self._broken, self._stepped = 0, False
        self._silence = silence = await self._fall_silent(request, progress)
        self._device = device
        text = f"renewals stopped; its timer counts down from {silence.timer_s} s"
        self._tell(request, DrillState.RUNNING, text, timer_s=silence.timer_s)
        while not self._silence.over(self._clock.now(), self._settings.settle):
            await self._clock.sleep(_STEP)
            self._check(request)
        identity = self._identities.get(device, Identity())
        return self._silence.result(self._dispatcher.device(device), identity)

    async def _fall_silent(self, request: DrillRequest, progress: Progress) -> Silence:
        """One last renewal, read back; from then on only the device's own timer counts."""
        device, began = request.device, self._clock.now()
        quantity = self._dispatcher.leave(device)
        until = Instant(began + _READ_BACK_WITHIN)
        while progress.accepted_at is None or progress.accepted_at < began:
            if self._clock.now() > until or progress.told_failure:
                message = f"the last renewal was not read back: {progress.detail or 'no answer'}"
                raise _Aborted(message)
            await self._clock.sleep(_STEP)
            self._check(request)
        return Silence(
            control=self._site.capabilities(device).control,
            quantity=quantity,
            timer_s=0 if progress.terms is None else progress.terms.timer_s,
            began=began,
            accepted=progress.accepted_at,
            stood=progress.accepted_at,
        )

    def _check(self, request: DrillRequest) -> None:
        """End it when it costs more than it tells."""
        if self._mode() is not ControlMode.ACT:
            message = "the owner left act"
            raise _Aborted(message)
        if self._book.request() != request:
            message = "the request was withdrawn"
            raise _Aborted(message)
        if self._stepped:
            message = "the clock was set, so nothing can be measured"
            raise _Aborted(message)
        if self._broken >= _BROKEN_READINGS:
            message = "a limit at the connection point was broken"
            raise _Aborted(message)
        if self._site.view(request.device, self._clock.now()).power_w is None:
            message = "the device gives no fresh good reading any more"
            raise _Aborted(message)

    def _hear(self, fact: Fact) -> None:
        """Readings of the silent device and of the grid meter; who a device is; a set clock."""
        match fact:
            case Described(device=device, description=description):
                self._identities[device] = description.identity
                self._show_known(device)
            case Reading() if self._silence is not None:
                self._read(fact)
            case ClockStepped():
                self._stepped = True
            case _:
                pass

    def _read(self, reading: Reading) -> None:
        if reading.device == self._device and self._silence is not None:
            self._silence = self._silence.seen(reading)
        if reading.device == self._site.grid and reading.power_w is not None:
            broken = reading.quality is Quality.GOOD and beyond(
                reading.power_w, self._dispatcher.limits
            )
            self._broken = self._broken + 1 if broken else 0

    def _show_known(self, device: str) -> None:
        """What an earlier drill measured holds for the same device only."""
        progress, known = self._dispatcher.progress.get(device), self._results.get(device)
        if progress is not None and known is not None:
            same = known.identity == self._identities[device]
            progress.observed_s = known.observed_s if same else None

    # What is told.

    def _remember(self, result: DrillResult) -> None:
        try:
            self._book.keep(result)
        except GridtenderError as fault:
            self._log.error("drill.not_kept", device=result.device, reason=str(fault))

    def _tell(
        self,
        request: DrillRequest,
        state: DrillState,
        text: str,
        *,
        timer_s: int = 0,
        result: DrillResult | None = None,
    ) -> None:
        device = request.device
        if result is not None and not result.kept:
            self._log.warning("drill.late", device=device, reason=text)
        else:
            self._log.info("drill.told", device=device, state=state.value, text=text)
        self._book.tell(
            DrillProgress(
                id=request.id,
                device=device,
                state=state,
                text=text,
                timer_s=timer_s,
                result=result,
            )
        )
