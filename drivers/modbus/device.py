"""A device behind a register map: its points become a reading, its recipe takes setpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.modbus.map import RegisterMap
from drivers.modbus.measure import Measurer
from drivers.modbus.recipe import Ratings, Recipe
from drivers.modbus.requests import plan
from drivers.modbus.steering import Steering
from drivers.modbus.unit import Unit
from gateway.model.device import Capabilities, Description, Device, Identity, Role
from gateway.model.errors import DeviceMisbehaves
from gateway.model.reading import PointValue, Reading
from gateway.model.setpoint import Arming, Setpoint, Written
from gateway.model.time import in_seconds
from gateway.ports.line import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The driver's own keys.

    Attributes:
        map: already read.
        sign: -1 where the device, as it was wired, counts power the other way than its map says.
    """

    map: RegisterMap
    sign: float = 1.0

    def turned(self, role: Role) -> Mapping[str, str]:
        """The key that counts power the other way round; none where setpoints go by that sign."""
        del role
        return {} if self.map.control else {"sign": "1" if self.sign < 0 else "-1"}


class MapDriver:
    """A ``Driver`` by register map."""

    def __init__(self, device: Device, settings: Settings, line: Line) -> None:
        self._device = device
        self._map = settings.map
        self._unit = Unit(device, settings.map, line)
        self._requests = plan(settings.map)
        self._measurer = Measurer(device, settings.map, settings.sign)
        self._steering: Steering | None = None
        self._record: Arming | None = None

    async def connect(self) -> Description:
        """See that it is the map's kind of device, and read it once."""
        self._unit.slow_down()
        await self._unit.check_mark()
        reading = await self.read()
        recipe = self._bind(reading.points)
        serial = reading.points.get("serial")
        return Description(
            identity=Identity(
                maker=self._map.maker, model=self._map.model, serial=str(serial or "")
            ),
            capabilities=Capabilities() if recipe is None else recipe.capabilities(),
            notes=self._notes(recipe),
        )

    async def read(self) -> Reading:
        """Every point of the map."""
        steering = self._steering
        before = steering.asked if steering else ()
        words, at = await self._unit.words(self._requests)
        # A write since then, even one under way, has made these words old.
        as_before = steering is not None and before is steering.asked
        overridden = steering.other(words) if steering is not None and as_before else None
        return self._measurer.reading(words, at, overridden)

    def recall(self, arming: Arming | None) -> None:
        """What an earlier life found is what a release gives back."""
        self._record = arming
        if self._steering is not None:
            self._steering.recall(arming)

    async def arm(self) -> Arming:
        """The words that give it back, as they were found."""
        return await (await self._control()).arm()

    async def write(self, setpoint: Setpoint) -> Written:
        """By the map's recipe, and read back."""
        return await (await self._control()).write(setpoint)

    async def _control(self) -> Steering:
        if self._map.control is None:
            message = f"{self._unit}: cannot be controlled: its map has no control"
            raise DeviceMisbehaves(message)
        if self._steering is None:
            self._bind((await self.read()).points)
        if self._steering is None:
            message = f"{self._unit}: cannot be controlled: it does not tell its rating"
            raise DeviceMisbehaves(message)
        return self._steering

    def _bind(self, points: Mapping[str, PointValue]) -> Recipe | None:
        """The recipe with this device's ratings; None without one of them that it needs."""
        control = self._map.control
        if control is None:
            return None
        ratings = Ratings(
            rating_w=_rating(control.rating_w, points),
            charge_w=_rating(control.charge_w, points),
            discharge_w=_rating(control.discharge_w, points),
        )
        if control.rating_w is not None and ratings.rating_w is None:
            # By night it may not tell; what it told by day holds.
            return None if self._steering is None else self._steering.recipe
        recipe = Recipe(control, ratings, gives=self._device.role is Role.GENERATOR)
        if self._steering is None or self._steering.recipe.ratings != ratings:
            self._steering = Steering(self._unit, recipe)
            self._steering.recall(self._record)
        return recipe

    def _notes(self, recipe: Recipe | None) -> tuple[str, ...]:
        control, after_s = self._map.control, in_seconds(self._device.fallback.after)
        if control is None:
            return ("reading only: its map has no control",)
        if recipe is None:
            return (f"reading only: it does not tell its {control.rating_w}",)
        if control.watchdog_s is not None and control.watchdog_s > after_s:
            note = (
                f"its watchdog is {control.watchdog_s} s and cannot be set: it falls back later "
                f"than fallback.after, {after_s:g} s"
            )
            return (note,)
        return ()


def _rating(told: float | str | None, points: Mapping[str, PointValue]) -> float | None:
    """In W; a point that has no value, or none above 0, tells nothing."""
    found = points.get(told) if isinstance(told, str) else told
    return float(found) if isinstance(found, int | float) and found > 0 else None
