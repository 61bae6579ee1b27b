"""gridtender driver for the Acme H3, an immersion heater with three rods (an invented device).

| register | what |
|---|---|
| 0 | 0xAC03: it is an H3 |
| 1, 2 | serial number, uint32, high word first |
| 10 | power, W; 0xFFFF: not measured |
| 11 | water, 0.1 degrees Celsius, int16; 0x8000: no sensor |
| 20 | rods that are on, 0 to 3; 0xFFFF: the heater's own thermostat decides |
| 21 | seconds until the thermostat decides again; 0: never; written before 20 |
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.device import Capabilities, Control, Description, Device, Identity, Timer
from gateway.model.errors import DeviceMisbehaves, RequestRefused, SettingsError
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Arming, Outcome, RegisterWrite, Setpoint, TakenWrite, Written
from gateway.ports.line import Block, Line

H3, KIND, MEASURED, COMMAND = 0xAC03, 0, 10, 20
THERMOSTAT, LONGEST_S, RODS = 0xFFFF, 0xFFFE, 3
NO_POWER, NO_SENSOR = 0xFFFF, 0x8000
LEAST_W, USUAL_W, MOST_W = 100, 1000, 4000  # one rod


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The driver's own keys: what one rod draws, W; the heater does not tell."""

    rod_w: int


class Heater:
    """One configured H3.  It holds nothing but what was written last."""

    def __init__(self, device: Device, settings: Settings, line: Line) -> None:
        self._device, self._rod_w, self._line = device, settings.rod_w, line
        self._asked: tuple[int, int] | None = None  # timer and rods, as they were read back

    async def connect(self) -> Description:
        """See that it is an H3, and say what it can do."""
        kind, high, low = (await self._read(KIND, 3)).words
        if kind != H3:
            message = f"{self._device.id}: register {KIND} reads {kind:#06x}, an H3 has {H3:#06x}"
            raise DeviceMisbehaves(message)
        stages = tuple(float(rods * self._rod_w) for rods in range(1, RODS + 1))
        return Description(
            identity=Identity(maker="Acme", model="H3", serial=str(high << 16 | low)),
            capabilities=Capabilities(
                control=Control.TARGET,
                rating_w=stages[-1],
                stages_w=stages,
                resolution_w=self._rod_w,
                timer=Timer(max_s=LONGEST_S),
            ),
        )

    async def read(self) -> Reading:
        """Power flows into a heater, so it is positive as it stands; what is missing stays out."""
        asked = self._asked
        block = await self._read(MEASURED, COMMAND + 2 - MEASURED)
        power, water, (rods, timer_s) = block.words[0], block.words[1], block.words[-2:]
        here = asked is None or asked is not self._asked or self._stands(asked, rods, timer_s)
        known = power != NO_POWER
        return Reading(
            device=self._device.id,
            at=block.at,
            flows={POWER: float(power)} if known else {},
            quality=Quality.GOOD if known else Quality.MISSING,
            overridden=None if here else f"register {COMMAND} reads {rods}",
            points={"water": None if water == NO_SENSOR else _signed(water) / 10},
        )

    async def arm(self) -> Arming:
        """The words found are the way back; the level is a number of rods for good."""
        kind = await self._read(KIND, 3)
        rods, timer_s = (await self._read(COMMAND, 2)).words
        level_w = self._device.fallback.level_w
        return Arming(
            device=self._device.id,
            connection=self._device.line,
            unit=self._device.unit,
            at=kind.at,
            identity=(RegisterWrite(address=KIND, words=kind.words),),
            found=_writes(rods, timer_s),
            level=() if level_w is None else _writes(self._rods(level_w), 0),
            timeout=self._device.timeout,
            promise="its own timer gives it back to its thermostat",
        )

    async def write(self, setpoint: Setpoint) -> Written:
        """Timer, then rods, then both read back."""
        release = setpoint.quantity is None
        rods = THERMOSTAT if setpoint.quantity is None else self._rods(setpoint.quantity)
        timer_s = 0 if release else min(setpoint.timer_s, LONGEST_S)
        self._asked, taken, refusal = None, [], ""
        try:
            for write in _writes(rods, timer_s):
                await self._line.write(
                    self._device.unit, write.address, write.words, timeout=self._device.timeout
                )
                taken.append(TakenWrite(address=write.address, count=1, lapses=timer_s > 0))
        except RequestRefused as error:
            refusal = str(error)
        now = await self._read(COMMAND, 2)
        stands = self._stands((timer_s, rods), *now.words)
        if stands and not release:
            self._asked = (timer_s, rods)
        return Written(
            outcome=Outcome.ACCEPTED if stands and not refusal else Outcome.REFUSED,
            quantity=None if now.words[0] > RODS else float(now.words[0] * self._rod_w),
            at=now.at,
            detail=refusal or f"rods {now.words[0]}, timer {now.words[1]} s",
            taken=tuple(taken),
        )

    def _rods(self, watts: float) -> int:
        """As many as draw no more than was meant."""
        return max(0, min(RODS, int(watts / self._rod_w + 1e-9)))

    def _stands(self, asked: tuple[int, int], rods: int, timer_s: int) -> bool:
        """Whether the registers hold what was written; the timer counts down in its register."""
        return rods == asked[1] and (0 < timer_s <= asked[0] or timer_s == asked[0])

    async def _read(self, address: int, count: int) -> Block:
        return await self._line.read(
            self._device.unit, address, count, timeout=self._device.timeout
        )


def _writes(rods: int, timer_s: int) -> tuple[RegisterWrite, ...]:
    return (
        RegisterWrite(address=COMMAND + 1, words=(timer_s,)),
        RegisterWrite(address=COMMAND, words=(rods,)),
    )


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word


class AcmePackage:
    """What the entry point names."""

    def parse(
        self,
        device: Device,  # noqa: ARG002 - the port's
        mapping: Mapping[str, object],
    ) -> Settings | tuple[SettingsError, ...]:
        """Errors are returned: the gateway shows them all, with their place in the file."""
        rod_w = mapping.get("rod_w", USUAL_W)
        if type(rod_w) is int and LEAST_W <= rod_w <= MOST_W:  # true is no number
            return Settings(rod_w=rod_w)
        allowed = f"what one rod draws: whole watts, {LEAST_W} to {MOST_W}"
        return (SettingsError(path=("rod_w",), found=repr(rod_w), allowed=allowed),)

    def json_schema(self) -> Mapping[str, object]:
        """For editors, and for ``gridtender check`` to know the keys."""
        return {
            "rod_w": {
                "type": "integer",
                "minimum": LEAST_W,
                "maximum": MOST_W,
                "default": USUAL_W,
                "description": "what one rod draws, W",
            },
        }

    def open(self, device: Device, settings: object, line: Line) -> Heater:
        """No I/O here: the station connects when it is ready."""
        if not isinstance(settings, Settings):
            raise TypeError(settings)
        return Heater(device, settings, line)


package = AcmePackage()
