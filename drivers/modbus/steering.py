"""Steering: a setpoint goes out by the recipe and is read back; somebody else's hand shows."""

from collections.abc import Sequence
from contextlib import suppress

from drivers.modbus.recipe import Recipe, Wish
from drivers.modbus.registers import Words, places, stands
from drivers.modbus.steps import Step
from drivers.modbus.unit import Unit
from gateway.model.device import Device, Role
from gateway.model.errors import RequestRefused
from gateway.model.setpoint import Arming, Outcome, RegisterWrite, Setpoint, TakenWrite, Written
from gateway.model.time import in_seconds
from gateway.ports.line import WRITE_COIL, WRITE_COILS

Plan = Sequence[tuple[Step, RegisterWrite]]


class Steering:
    """The control of one device.

    What was found before the first write of all is what a release gives back; an arming record
    that stands tells it to a later life.

    Attributes:
        recipe: the map's, with this device's ratings.
    """

    def __init__(self, unit: Unit, recipe: Recipe) -> None:
        self._unit = unit
        self.recipe = recipe
        self._found: Words = {}
        self._asked: Plan = ()

    @property
    def asked(self) -> Plan:
        """What was written and read back last; nothing after a release or a failure."""
        return self._asked

    def recall(self, arming: Arming | None) -> None:
        """Take what an earlier life found as what is given back."""
        found = () if arming is None else arming.found
        self._found = {
            (_table(part), at): word
            for part in found
            for at, word in enumerate(part.words, part.address)
        }

    async def arm(self) -> Arming:
        """The words that give the device back, and those of its fall-back level."""
        control, device = self.recipe.control, self._unit.device
        self._found, at = await self._unit.registers(control.release)
        return Arming(
            device=device.id,
            connection=device.line,
            unit=device.unit,
            at=at,
            identity=await self._unit.identity(),
            found=tuple(write for _, write in self.recipe.release(self._found)),
            level=self._level(),
            timeout=device.timeout,
            promise=promise(device, self.recipe),
        )

    async def write(self, setpoint: Setpoint) -> Written:
        """In the recipe's order, then read back."""
        plan, flow = self._plan(setpoint)
        before, self._asked = self._asked, ()
        done: list[Step] = []
        taken: list[TakenWrite] = []
        try:
            for step, write in plan:
                if step.once and await self._stands(step, write):
                    continue
                await self._unit.put(write)
                done.append(step)
                taken.append(_taken(step, write, self.recipe, setpoint))
        except RequestRefused as refused:
            if flow is not None:
                taken += await self._put_back(done, before, setpoint)
            now, at = await self._unit.registers(step for step, _ in plan)
            return Written(
                outcome=Outcome.REFUSED,
                quantity=self.recipe.stage(now) if flow is not None else None,
                at=at,
                detail=str(refused),
                taken=tuple(taken),
            )
        return await self._read_back(plan, flow, tuple(taken))

    async def _put_back(
        self, done: Sequence[Step], before: Plan, setpoint: Setpoint
    ) -> list[TakenWrite]:
        """What stood: half a setpoint can be another, an amount with the old direction."""
        places = {step.place for step in done}
        taken: list[TakenWrite] = []
        with suppress(RequestRefused):
            for step, write in before or self.recipe.release(self._found):
                if step.place in places:
                    await self._unit.put(write)
                    taken.append(_taken(step, write, self.recipe, setpoint))
            self._asked = before
        return taken

    def other(self, words: Words) -> str | None:
        """What stands instead of the words that were written and read back."""
        other = [
            f"{write.address}: wrote {_told(write.words)}, reads {_told(_now(step, words))}"
            for step, write in self._asked
            if not stands(step, write, words)
        ]
        return f"someone changed register {', '.join(other)}" if other else None

    def _plan(self, setpoint: Setpoint) -> tuple[Plan, float | None]:
        if setpoint.quantity is None:
            return self.recipe.release(self._found), None
        flow = self.recipe.rounded(setpoint.quantity)
        level = self._unit.device.fallback.level_w
        wish = Wish(flow_w=flow, timer_s=self._timer_s(setpoint.timer_s), level_w=level)
        return self.recipe.writes(wish), flow

    def _timer_s(self, timer_s: int) -> int:
        timer = self.recipe.capabilities().timer
        return min(timer_s, timer.max_s) if timer else 0

    def _level(self) -> tuple[RegisterWrite, ...]:
        """It shall stand: without countdown, or with the longest one the device takes."""
        device, recipe = self._unit.device, self.recipe
        level_w = device.fallback.level_w
        if level_w is None:
            return ()
        timer, told = recipe.control.timer, recipe.capabilities().timer
        timer_s = told.max_s if told and timer and not timer.counts else 0
        source = recipe.control.kind == "limit" or device.role is Role.GENERATOR
        flow = recipe.rounded(-level_w if source else level_w)
        wish = Wish(flow_w=flow, timer_s=timer_s, level_w=level_w)
        return tuple(write for _, write in recipe.writes(wish))

    async def _stands(self, step: Step, write: RegisterWrite) -> bool:
        now, _ = await self._unit.registers((step,))
        return stands(step, write, now)

    async def _read_back(
        self, plan: Plan, flow: float | None, taken: tuple[TakenWrite, ...]
    ) -> Written:
        now, at = await self._unit.registers(step for step, _ in plan)
        wrong = [
            f"register {write.address}: wrote {_told(write.words)}, reads {_told(_now(step, now))}"
            for step, write in plan
            if not stands(step, write, now)
        ]
        if wrong:
            return Written(
                outcome=Outcome.OVERRIDDEN,
                quantity=self.recipe.stage(now),
                at=at,
                detail="; ".join(wrong),
                taken=taken,
            )
        self._asked = () if flow is None else plan
        detail = ", ".join(f"{write.address}={_told(write.words)}" for _, write in plan)
        return Written(outcome=Outcome.ACCEPTED, quantity=flow, at=at, detail=detail, taken=taken)


def promise(device: Device, recipe: Recipe) -> str:
    """What happens to an armed device when nobody writes any more."""
    fallback, timer = device.fallback, recipe.capabilities().timer
    if timer is None:
        return "it has no timer: `gridtender release` writes the words found"
    after = f"{in_seconds(fallback.after):g} s"
    if fallback.level_w is None:
        return f"its own timer gives it back to its own rule {after} after a renewal"
    if timer.reaches_level:
        return f"its own timer brings it to {fallback.level_w:g} W {after} after a renewal"
    return (
        "its timer ends at its own rule: `gridtender release` writes "
        f"{recipe.rounded(fallback.level_w):g} W"
    )


def _taken(step: Step, write: RegisterWrite, recipe: Recipe, setpoint: Setpoint) -> TakenWrite:
    timed = recipe.capabilities().timer is not None and setpoint.timer_s > 0
    lapses = timed and setpoint.quantity is not None and not step.once
    if step.volatile is not None:
        lapses = step.volatile
    return TakenWrite(address=write.address, count=len(write.words), lapses=lapses)


def _now(step: Step, words: Words) -> tuple[int, ...]:
    return tuple(words[step.table, at] for at in places(step))


def _told(words: Sequence[int]) -> str:
    return str(words[0]) if len(words) == 1 else str(list(words))


def _table(part: RegisterWrite) -> str:
    return "coil" if part.function in {WRITE_COIL, WRITE_COILS} else "holding"
