"""An AC battery: SunSpec 1, 103 (its AC power), 120 and 124.

It has no current transformer of its own, so its own rule is to stand still.  The rates of 124
bound its power to the window [-OutWRte, InWRte]; it goes to the point of the window nearest to
standstill.  A negative rate therefore forces it the other way: OutWRte -40 % is charging with
at least 40 %, InWRte -40 % discharging with at least 40 %.  It charges by force only when
ChaGriSet allows the grid as a source.
"""

from collections.abc import Mapping, Sequence
from math import inf

from drivers.simulated.countdown import Countdown
from drivers.sunspec.bank import Bank, check_ranges
from gateway.physics.inertia import Delayed
from gateway.physics.storage import Battery, BatteryState, step_battery

_FULL_PCT = 100.0
_HOUR_S = 3600.0
_BEFORE_WH = 2_310_700.0  # no counter starts at zero, which means "not implemented"
_CHARGE, _DISCHARGE = 1, 2  # 124 StorCtl_Mod
_PV_STOR = 82  # 120 DERTyp
_MPPT, _STANDBY = 4, 8  # 103 St
_EMPTY, _DISCHARGING, _CHARGING, _FULL, _HOLDING = 2, 3, 4, 5, 6  # 124 ChaSt
_IDLE_W = 5.0
_NEARLY = 0.001  # of the capacity: close enough to full or empty
_VOLTS = 230.0
_DC_VOLTS = 400.0
_HERTZ = 50.0
_RATES = {"124.OutWRte", "124.InWRte", "124.StorCtl_Mod"}


class Storage:
    """The battery's registers and what is behind them.

    Args:
        battery: its rating and inertia.
        soc_pct: charge at the start, 0..100.
    """

    def __init__(self, battery: Battery, *, soc_pct: float) -> None:
        self.battery = battery
        self.bank = Bank(_models(battery))
        self.state = BatteryState(soc_pct / _FULL_PCT * battery.capacity_wh, 0.0, Delayed(0.0))
        self._command_w = 0.0
        self._reserve_wh = 0.0
        self._discharged_ws = _BEFORE_WH * _HOUR_S
        self._now_s = 0.0
        self._timer = Countdown()

    @property
    def power_w(self) -> float:
        """Power into the device at the AC side, charging positive."""
        return self.state.power_w

    @property
    def soc_pct(self) -> float:
        """State of charge, 0..100."""
        return self.state.energy_wh / self.battery.capacity_wh * _FULL_PCT

    def set_soc(self, soc_pct: float) -> None:
        """Put so much energy into the cells."""
        self.state = self.state._replace(energy_wh=soc_pct / _FULL_PCT * self.battery.capacity_wh)

    def step(self, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass; the timer of the rates ends by itself."""
        self._now_s = now_s
        if self._timer.ended(now_s):
            for rate in ("124.OutWRte", "124.InWRte"):
                self.bank.put(rate, _FULL_PCT)
            self.bank.put("124.StorCtl_Mod", 0)
            self._command_w = 0.0
        self.state = step_battery(
            self.battery,
            self.state,
            command_w=self._command_w,
            reserve_wh=self._reserve_wh,
            dt_s=dt_s,
        )
        self._discharged_ws += max(0.0, -self.state.power_w) * dt_s

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers, measured now."""
        self._measure()
        return self.bank.read(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take settings and commands; rewritten rates restart their timer."""
        wanted = self.bank.offered(address, words)
        _check(wanted)
        for name, value in wanted.items():
            self.bank.put(name, value)
        if not wanted.keys().isdisjoint(_RATES):
            runs = self.bank.get("124.StorCtl_Mod")
            seconds = self.bank.get("124.InOutWRte_RvrtTms") if runs else 0
            self._timer.restart(seconds, self._now_s)
        reserve_pct = self.bank.get("124.MinRsvPct") or 0.0
        self._reserve_wh = reserve_pct / _FULL_PCT * self.battery.capacity_wh
        self._command_w = self._command()

    def _command(self) -> float:
        mode = int(self.bank.get("124.StorCtl_Mod") or 0)
        most_w, least_w = inf, -inf
        if mode & _CHARGE:
            most_w = self._rate("124.InWRte") * self.battery.charge_w
        if mode & _DISCHARGE:
            least_w = -self._rate("124.OutWRte") * self.battery.discharge_w
        if not self.bank.get("124.ChaGriSet"):
            least_w = min(least_w, 0.0)
        # Rates that contradict each other leave no window: it stands still.
        return max(least_w, min(most_w, 0.0)) if least_w <= most_w else 0.0

    def _rate(self, name: str) -> float:
        return (self.bank.get(name) or 0.0) / _FULL_PCT

    def _measure(self) -> None:
        put, power_w = self.bank.put, self.state.power_w
        running = abs(power_w) >= _IDLE_W
        put("103.W", -power_w)
        put("103.VA", abs(power_w))
        put("103.A", abs(power_w) / _VOLTS)
        for phase in ("103.AphA", "103.AphB", "103.AphC"):
            put(phase, abs(power_w) / _VOLTS / 3)
        put("103.WH", self._discharged_ws / _HOUR_S)
        put("103.TmpCab", 25.0 + 15.0 * abs(power_w) / self.battery.charge_w)
        put("103.St", _MPPT if running else _STANDBY)
        put("124.ChaState", self.soc_pct)
        put("124.StorAval", self.state.energy_wh / _DC_VOLTS)
        put("124.ChaSt", self._charge_status())

    def _charge_status(self) -> int:
        if self.state.power_w >= _IDLE_W:
            return _CHARGING
        if self.state.power_w <= -_IDLE_W:
            return _DISCHARGING
        share = self.state.energy_wh / self.battery.capacity_wh
        if share >= 1.0 - _NEARLY:
            return _FULL
        return _EMPTY if share <= _NEARLY else _HOLDING


def _check(wanted: Mapping[str, float]) -> None:
    check_ranges(
        wanted,
        {
            "124.OutWRte": (-_FULL_PCT, _FULL_PCT),
            "124.InWRte": (-_FULL_PCT, _FULL_PCT),
            "124.MinRsvPct": (0.0, _FULL_PCT),
            "124.StorCtl_Mod": (0, _CHARGE | _DISCHARGE),
            "124.ChaGriSet": (0, 1),
            "124.InOutWRte_WinTms": (0, 0),  # new rates act at once
            "124.InOutWRte_RmpTms": (0, 0),  # and along the battery's own ramp
        },
    )


def _models(battery: Battery) -> list[tuple[int, int, dict[str, float | str]]]:
    rated_w = max(battery.charge_w, battery.discharge_w)
    gradient_pct = battery.ramp_w_per_s / battery.charge_w * _FULL_PCT
    return [
        (1, 0, {"Mn": "Gridtender", "Md": "Simulated battery", "Vr": "1", "SN": "SIM-BATTERY"}),
        (103, 0, {
            "A_SF": -2, "V_SF": -1, "W_SF": 0, "Hz_SF": -2, "VA_SF": 0, "WH_SF": 0, "Tmp_SF": -1,
            "PhVphA": _VOLTS, "PhVphB": _VOLTS, "PhVphC": _VOLTS, "Hz": _HERTZ, "Evt1": 0,
            "Evt2": 0,
        }),
        (120, 0, {
            "DERTyp": _PV_STOR, "WRtg_SF": 0, "WRtg": rated_w, "VARtg_SF": 0, "VARtg": rated_w,
            "ARtg_SF": -1, "ARtg": rated_w / _VOLTS, "WHRtg_SF": 1, "WHRtg": battery.capacity_wh,
            "MaxChaRte_SF": 0, "MaxChaRte": battery.charge_w,
            "MaxDisChaRte_SF": 0, "MaxDisChaRte": battery.discharge_w,
        }),
        (124, 0, {
            "WChaMax_SF": 0, "WChaMax": battery.charge_w, "WChaDisChaGra_SF": 0,
            "WChaGra": gradient_pct, "WDisChaGra": gradient_pct, "StorCtl_Mod": 0,
            "MinRsvPct_SF": -2, "MinRsvPct": 0, "ChaState_SF": -2, "StorAval_SF": -1,
            "InBatV_SF": -1, "InBatV": _DC_VOLTS, "InOutWRte_SF": -2, "OutWRte": _FULL_PCT,
            "InWRte": _FULL_PCT, "InOutWRte_WinTms": 0, "InOutWRte_RvrtTms": 0,
            "InOutWRte_RmpTms": 0, "ChaGriSet": 0,
        }),
    ]  # fmt: skip
