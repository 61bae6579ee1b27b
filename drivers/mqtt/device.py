"""A device that speaks MQTT: what it told last is its reading, a message is its setpoint."""

from collections.abc import Mapping
from typing import Final

from drivers.mqtt.control import achieved_w, capabilities, command
from drivers.mqtt.settings import GENERATING, Control, Settings
from drivers.mqtt.values import Known, known
from gateway.model.device import Description, Device, Identity, Role
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable
from gateway.model.message import Command, pick, word_of
from gateway.model.reading import Quality, Reading
from gateway.model.resource import OCCUPANCY, POWER, TEMPERATURE, Resource
from gateway.model.setpoint import Arming, Outcome, Setpoint, Written
from gateway.model.time import Duration, Instant, in_seconds
from gateway.ports.messages import Messages, obeyed

_STATES: Final[Mapping[str, Resource]] = {"temperature": TEMPERATURE, "occupancy": OCCUPANCY}
_SILENT: Final = 3  # times the expiry


class MqttDriver:
    """A ``Driver``: it reads what was heard, and never waits for that."""

    def __init__(self, device: Device, settings: Settings, messages: Messages) -> None:
        self._device = device
        self._settings = settings
        self._messages = messages
        self._told_gone = False
        self._asked: Command | None = None

    async def connect(self) -> Description:
        """Listen, and wait for the first word of it.

        Raises:
            DeviceUnavailable: the broker is away, the device says it is, or nothing was heard.
        """
        messages, control = self._messages, self._settings.control
        messages.listen(self._settings.topics)
        await messages.until(
            lambda: bool(self._known()) or self._is_offline(), timeout=self._device.timeout
        )
        self._check_there()
        heard = self._known()
        if not heard:
            topics = ", ".join(dict.fromkeys(value.topic for value in self._settings.values))
            message = f"nothing was heard of it yet on {topics}"
            raise DeviceUnavailable(message)
        states = tuple(resource for name, resource in _STATES.items() if _tells(heard.get(name)))
        notes = () if control else ("reading only: its settings have no control",)
        return Description(
            identity=Identity(model=self._settings.values[0].topic),
            capabilities=capabilities(self._device, control, states),
            notes=notes,
        )

    async def read(self) -> Reading:
        """The newest values, with the age of the one that counts.

        Raises:
            DeviceUnavailable: the broker is away, or the device was silent for long.
        """
        if self._is_offline() and not self._messages.away and not self._told_gone:
            # At once, not after the polls that make a device offline: what it told is over.
            self._told_gone = True
            note = "its availability topic says that it is offline"
            return self._reading({}, Quality.MISSING, self._messages.now(), note)
        self._check_there()
        self._told_gone = False
        found, expiry = self._known(), self._settings.expiry
        main = self._main(found)
        if main is not None and main.heard_for > _SILENT * expiry:
            message = f"it was silent for {in_seconds(main.heard_for):.0f} s"
            raise DeviceUnavailable(message)
        fresh = {name: one for name, one in found.items() if _young(one, expiry) or one is main}
        numbers = {name: one.number for name, one in fresh.items() if one.number is not None}
        at = self._messages.now()
        if main is not None:
            at = Instant(at - (main.heard_for if main.age is None else main.age))
        return self._reading(numbers, self._quality(main), at, _note(main, expiry))

    async def arm(self) -> Arming:
        """The commands that give it back; a message leaves no words behind to restore."""
        control = self._control()
        self._check_there()
        level_w = self._device.fallback.level_w
        level: tuple[Command, ...] = ()
        if level_w is not None:
            flow = -level_w if self._device.role in GENERATING else level_w
            level = (command(control, flow, 0),)
        return Arming(
            device=self._device.id,
            connection=self._device.line,
            unit=self._device.unit,
            at=self._messages.now(),
            identity=(),
            found=(),
            level=(),
            timeout=self._device.timeout,
            promise="`gridtender release` publishes it while the broker runs",
            found_by_message=(control.release,),
            level_by_message=level,
        )

    async def write(self, setpoint: Setpoint) -> Written:
        """Publish the command, then see that its state topic shows it."""
        control = self._control()
        self._check_there()
        self._asked = None
        quantity = None
        wanted = control.release
        if setpoint.quantity is not None:
            wanted = command(control, setpoint.quantity, setpoint.timer_s)
            quantity = achieved_w(control, setpoint.quantity)
        done = await obeyed(self._messages, wanted, timeout=self._device.timeout)
        told = f"{wanted.topic}: {wanted.payload}"
        if not done:
            detail = f"{told}; {wanted.state} shows {self._shown(wanted)}"
            return self._written(Outcome.REFUSED, None, detail)
        self._asked = None if quantity is None else wanted
        return self._written(Outcome.ACCEPTED, quantity, told)

    def _written(self, outcome: Outcome, quantity: float | None, detail: str) -> Written:
        at = self._messages.now()
        return Written(outcome=outcome, quantity=quantity, at=at, detail=detail)

    def _known(self) -> dict[str, Known]:
        found = {
            value.name: known(value, self._settings.time, self._messages)
            for value in self._settings.values
        }
        return {name: one for name, one in found.items() if one is not None}

    def _main(self, found: Mapping[str, Known]) -> Known | None:
        """The value that the reading stands for: power, of a sensor the youngest state."""
        if self._device.role is not Role.SENSOR:
            return found.get("power")
        states = [found[name] for name in _STATES if name in found]
        numbers = [one for one in states if one.number is not None]
        return min(numbers or states, key=lambda one: one.heard_for, default=None)

    def _quality(self, main: Known | None) -> Quality:
        if main is None or main.number is None:
            return Quality.MISSING
        return Quality.GOOD if _young(main, self._settings.expiry) else Quality.STALE

    def _reading(
        self, numbers: Mapping[str, float], quality: Quality, at: Instant, note: str
    ) -> Reading:
        flows = {resource: numbers[name] for name, resource in _STATES.items() if name in numbers}
        if "power" in numbers:
            flows[POWER] = self._settings.sign * numbers["power"] + 0.0
        generates = self._device.role in GENERATING
        counted = numbers.get("energy")
        return Reading(
            device=self._device.id,
            at=at,
            flows=flows,
            quality=quality,
            soc_pct=numbers.get("soc"),
            counted_in_wh=numbers.get("energy_in", None if generates else counted),
            counted_out_wh=numbers.get("energy_out", counted if generates else None),
            note=note,
            overridden=self._overridden(),
            good_for=self._settings.expiry,
            points=dict(numbers),
        )

    def _overridden(self) -> str | None:
        """What stands instead of the command that was shown last."""
        asked = self._asked
        heard = None if asked is None else self._messages.newest(asked.state)
        if asked is None or heard is None or asked.shown_by(heard.payload):
            return None
        return f"{asked.state} shows {self._shown(asked)}, told was {asked.payload}"

    def _shown(self, wanted: Command) -> str:
        heard = self._messages.newest(wanted.state)
        if heard is None:
            return "nothing"
        kept = ", which the broker had kept" if heard.retained else ""
        return f"{pick(heard.payload, wanted.path)!r}{kept}"

    def _is_offline(self) -> bool:
        said = self._settings.availability
        heard = None if said is None else self._messages.newest(said.topic)
        if said is None or heard is None:
            return False
        return word_of(pick(heard.payload, said.path)) == said.offline

    def _check_there(self) -> None:
        if self._messages.away:
            raise DeviceUnavailable(self._messages.away)
        if self._is_offline():
            message = "its availability topic says that it is offline"
            raise DeviceUnavailable(message)

    def _control(self) -> Control:
        if self._settings.control is None:
            message = f"{self._device.id}: cannot be controlled: its settings have no control"
            raise DeviceMisbehaves(message)
        return self._settings.control


def _tells(one: Known | None) -> bool:
    return one is not None and one.number is not None


def _young(one: Known, expiry: Duration) -> bool:
    return one.age is not None and one.age <= expiry


def _note(main: Known | None, expiry: Duration) -> str:
    if main is None or _young(main, expiry):
        return ""
    if main.age is None:
        return "what the broker kept of it is of unknown age"
    if main.heard_for <= expiry:
        old = f"by the time it gives it is {in_seconds(main.age):.0f} s old"
        return f"{old}: the broker kept it, or the device's clock is wrong"
    return f"it told nothing for {in_seconds(main.age):.0f} s"
