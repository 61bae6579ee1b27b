"""One house: sun, clouds, devices and the electric truth, in steps of 100 ms.

Passive sign: the devices' powers sum to the grid's, which is positive on import.
"""

from collections.abc import Callable, Mapping
from typing import Any

from drivers.simulated.battery import Storage
from drivers.simulated.boiler import Boiler
from drivers.simulated.charger import Plug
from drivers.simulated.generator import Genset
from drivers.simulated.happenings import Happening
from drivers.simulated.heatpump import Compressor
from drivers.simulated.meter import Meter
from drivers.simulated.modern_battery import ModernBattery
from drivers.simulated.modern_roof import ModernRoof
from drivers.simulated.roof import Roof
from drivers.simulated.settings import HouseSettings
from gateway.model.time import MILLISECOND, SECOND, Instant
from gateway.physics.charger import Charger
from gateway.physics.generator import GeneratorSet
from gateway.physics.load import COOKER_W, base_load_w, cooking
from gateway.physics.noise import uniform
from gateway.physics.solar import SLOT_S, Inverter, Passage, clear_sky, passage
from gateway.physics.storage import Battery
from gateway.physics.tank import Tank
from gateway.physics.thermal import AIR_CONDITIONER, Building, HeatPump

_RAMP_PER_S = 0.2  # of the inverter's rating
_BASE_PHASES = (0.45, 0.30, 0.25)  # how the base load sits on the phases; the cooker is on A
_GRID_STREAM, _HOUSE_STREAM, _PHASE_STREAM = 301, 302, 303


class World:
    """Everything that is true of the house, whether anybody asks or not.

    Attributes:
        roof, battery, heatpump, grid, house: the devices; ``car``, ``genset``, ``boiler``: a
            charger, a generator, hot water, where there is one.
        load_w: base load; ``cooker_w`` on top of it.
        available_w: what the roof could put out.
        grid_w: at the connection point, import positive.
    """

    def __init__(self, settings: HouseSettings, start: Instant) -> None:
        self._settings = settings
        self._start = start
        self._step = 0
        self._step_ns = settings.step_ms * MILLISECOND
        self._dt_s = self._step_ns / SECOND
        self._slot: int | None = None
        self._clouds: tuple[Passage, ...] = _windows(settings)
        self._passing = settings.cloud == "passing" or (
            settings.cloud is None and settings.solar_w is None
        )
        self._sun_w = 0.0
        self._coming = list(settings.happens)
        self._forced_sun_w: float | None = None
        self._forced_load_w = settings.load_w
        self._cooker = settings.cooker
        self.load_w = self.cooker_w = self.available_w = self.grid_w = 0.0
        self._renew()
        self._shine()
        self._build()

    def advance(self, now: Instant) -> None:
        """Let time pass up to ``now``, in whole steps."""
        target = (now - self._start) // self._step_ns
        while self._step < target:
            self._tick()

    def force_load(self, load_w: float | None) -> None:
        """Hold the house's load (cooker included) from now on; None: as the day goes."""
        self._forced_load_w = load_w
        self._renew()

    def force_cooker(self, on: bool | None) -> None:  # noqa: FBT001 - a switch
        """Switch the cooker; None: at meal times, or off under a constant load."""
        self._cooker = on
        self._renew()

    def force_sun(self, available_w: float | None) -> None:
        """Hold what the roof could put out, without clouds; None: as the day goes."""
        self._forced_sun_w = available_w
        self._shine()

    def receive_car(self, takes_wh: float) -> None:
        """A car that takes so much is plugged in, where there is a charger."""
        if self.car is not None:
            self.car.receive(takes_wh)

    def truth(self) -> Mapping[str, float]:
        """Powers in W (passive), state of charge in pct, temperature in C."""
        return {
            "roof_w": self.roof.power_w,
            "battery_w": self.battery.power_w,
            "house_w": self.load_w + self.cooker_w,
            "heatpump_w": self.heatpump.power_w,
            **({} if self.car is None else {"car_w": self.car.power_w}),
            **({} if self.genset is None else {"genset_w": self.genset.power_w}),
            **(
                {}
                if self.boiler is None
                else {"boiler_w": self.boiler.power_w, "water_c": self.boiler.state.water_c}
            ),
            "grid_w": self.grid_w,
            "cooker_w": self.cooker_w,
            "available_w": self.available_w,
            "limit_w": self.roof.limit_w,
            "battery_soc_pct": self.battery.soc_pct,
            "temperature_c": self.heatpump.state.temperature_c,
        }

    def _build(self) -> None:
        given = self._settings
        rated_w = given.solar_peak_w
        inverter = Inverter(rated_w=rated_w, ramp_w_per_s=_RAMP_PER_S * rated_w)
        output_w, patience_s = min(self.available_w, rated_w), given.heartbeat_s
        self.roof = (
            ModernRoof(inverter, output_w=output_w, patience_s=patience_s)
            if given.modern
            else Roof(inverter, output_w=output_w, tells_available=given.tells_available)
        )
        cells = Battery(
            capacity_wh=given.battery_capacity_wh,
            charge_w=given.battery_w,
            discharge_w=given.battery_w,
            round_trip=given.battery_round_trip,
            ramp_w_per_s=given.battery_w,
        )
        soc_pct = given.battery_soc_pct
        self.battery = (
            ModernBattery(cells, soc_pct=soc_pct, patience_s=patience_s)
            if given.modern
            else Storage(cells, soc_pct=soc_pct)
        )
        pump = AIR_CONDITIONER if given.cooling else HeatPump()
        self.heatpump = Compressor(pump, Building(), temperature_c=given.temperature_c)
        self.car = None if given.car_wh is None else Plug(Charger(room_wh=given.car_wh))
        self.genset = Genset(GeneratorSet()) if given.genset else None
        water_c = given.water_c
        self.boiler = None if water_c is None else Boiler(Tank(), water_c=water_c)
        seed, noise_w = given.seed, given.meter_noise_w
        self.grid = Meter("Simulated meter", seed=seed, stream=_GRID_STREAM, noise_w=noise_w)
        self.house = Meter("Simulated meter", seed=seed, stream=_HOUSE_STREAM, noise_w=noise_w)
        self._period = max(1, round(given.meter_period_s / self._dt_s))
        self._grid_phase, self._house_phase = (
            int(uniform(seed, _PHASE_STREAM, index) * self._period) for index in range(2)
        )
        self._balance()
        self._sample_grid()
        self._sample_house()

    def _tick(self) -> None:
        self._step += 1
        now_s = self._step * self._dt_s
        if self._step * self._step_ns % SECOND == 0:
            self._renew()
        while self._coming and self._coming[0].after_s <= now_s:
            self._befall(self._coming.pop(0))
        self._shine()
        self.roof.step(self.available_w, now_s, self._dt_s)
        self.battery.step(now_s, self._dt_s)
        self.heatpump.step(self._settings.outside_c, now_s, self._dt_s)
        if self.car is not None:
            self.car.step(now_s, self._dt_s)
        if self.genset is not None:
            self.genset.step(now_s, self._dt_s)
        if self.boiler is not None:
            self.boiler.step(self._at_s(), now_s, self._dt_s)
        self._balance()
        self.grid.count(self.grid_w, self._dt_s)
        self.house.count(self.load_w + self.cooker_w, self._dt_s)
        beat = self._step % self._period
        if beat == self._grid_phase:
            self._sample_grid()
        if beat == self._house_phase:
            self._sample_house()

    def _befall(self, one: Happening) -> None:
        acts: dict[str, Callable[[Any], None]] = {
            "load_w": self.force_load,
            "cooker": self.force_cooker,
            "solar_w": self.force_sun,
            "car_wh": self.receive_car,
        }
        acts[one.what](one.value)

    def _balance(self) -> None:
        self.grid_w = (
            self.roof.power_w
            + self.battery.power_w
            + self.heatpump.power_w
            + self._extra_w
            + self.load_w
            + self.cooker_w
        )

    @property
    def _extra_w(self) -> float:
        """Of what not every house has."""
        return sum(one.power_w for one in (self.car, self.genset, self.boiler) if one is not None)

    def _renew(self) -> None:
        """What changes by the second: the sun's height, the clouds of the slot, the load."""
        given, at_s = self._settings, self._at_s()
        base_w = given.solar_w
        self._sun_w = clear_sky(at_s) * given.solar_peak_w if base_w is None else base_w
        if self._passing and (slot := int(at_s // SLOT_S)) != self._slot:
            self._slot = slot
            cloud = passage(given.seed, slot)
            self._clouds = () if cloud is None else (cloud,)
        forced_w = self._forced_load_w
        self.load_w = base_load_w(given.seed, at_s) if forced_w is None else forced_w
        on = self._cooker
        if on is None:
            on = forced_w is None and cooking(given.seed, at_s)
        self.cooker_w = COOKER_W if on else 0.0

    def _shine(self) -> None:
        if self._forced_sun_w is not None:
            self.available_w = self._forced_sun_w
            return
        self.available_w = self._sun_w
        if self._clouds:
            at_s = self._at_s() if self._passing else self._step * self._dt_s
            for cloud in self._clouds:
                self.available_w *= cloud.shade(at_s)

    def _at_s(self) -> float:
        return self._start / SECOND + self._step * self._dt_s

    def _sample_grid(self) -> None:
        steered_w = self.roof.power_w + self.battery.power_w + self.heatpump.power_w
        three_w = (steered_w + self._extra_w) / 3
        a_w, b_w, c_w = self._load_phases()
        self.grid.sample((three_w + a_w, three_w + b_w, three_w + c_w), self._step)

    def _sample_house(self) -> None:
        self.house.sample(self._load_phases(), self._step)

    def _load_phases(self) -> tuple[float, float, float]:
        a, b, c = _BASE_PHASES
        return self.load_w * a + self.cooker_w, self.load_w * b, self.load_w * c


def _windows(settings: HouseSettings) -> tuple[Passage, ...]:
    if isinstance(settings.cloud, tuple):
        return tuple(Passage(*window) for window in settings.cloud)
    return ()
