"""An AC battery of the newer models: SunSpec 1, 701, 702, 704, 713, 714, 715 and 802.

Its own rule is to stand still.  WSet is power out of it, so charging is negative; the reserve of
802 and the connection of its bank bound what it does.
"""

from collections.abc import Sequence

from drivers.simulated.reversion import Reversion
from drivers.simulated.supervision import MODEL, Supervision
from drivers.sunspec.bank import Bank, check_ranges
from gateway.physics.inertia import Delayed
from gateway.physics.storage import Battery, BatteryState, step_battery

_FULL_PCT = 100.0
_HOUR_S = 3600.0
_WATTS = 1  # 704 WSetMod
_RUNNING, _STANDBY = 3, 7  # 701 InvSt
_DISCHARGING, _CHARGING, _HOLDING = 3, 4, 6  # 802 ChaSt
_DISCONNECTED, _CONNECTED = 1, 3  # 802 State
_CONNECT, _DISCONNECT = 1, 2  # 802 SetOp
_STORAGE = 1  # 714 PrtTyp
_THREE_PHASES = 2  # 701 ACType
_IDLE_W = 5.0
_VOLTS = 230.0
_DC_VOLTS = 400.0
_HERTZ = 50.0


class ModernBattery:
    """The battery's registers and what is behind them.

    Args:
        battery: its rating and inertia.
        soc_pct: charge at the start, 0..100.
        patience_s: how long it goes on under a command without a heartbeat; None: for ever.
    """

    def __init__(self, battery: Battery, *, soc_pct: float, patience_s: float | None) -> None:
        self.battery = battery
        self.bank = Bank(_models(battery))
        self.state = BatteryState(soc_pct / _FULL_PCT * battery.capacity_wh, 0.0, Delayed(0.0))
        self.supervision = Supervision(self.bank, patience_s=patience_s)
        self._set = Reversion(self.bank, "WSet", ["WSet", "WSetPct"])
        self._charged_ws = self._discharged_ws = 1000 * _HOUR_S
        self._now_s = 0.0

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
        """Let ``dt_s`` pass; the timer ends by itself."""
        self._now_s = now_s
        self._set.step(now_s)
        reserve_pct = self.bank.get("802.SoCRsvMin") or 0.0
        self.state = step_battery(
            self.battery,
            self.state,
            command_w=self._command(),
            reserve_wh=reserve_pct / _FULL_PCT * self.battery.capacity_wh,
            dt_s=dt_s,
        )
        self._charged_ws += max(0.0, self.state.power_w) * dt_s
        self._discharged_ws += max(0.0, -self.state.power_w) * dt_s

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers, measured now."""
        self._measure()
        return self.bank.read(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take settings and commands."""
        wanted = self.bank.offered(address, words)
        self.supervision.check(wanted)
        check_ranges(wanted, {
            "704.WSetEna": (0, 1), "704.WSetEnaRvrt": (0, 1), "704.WSetMod": (0, _WATTS),
            "704.WSetPct": (-_FULL_PCT, _FULL_PCT), "802.SoCRsvMin": (0, _FULL_PCT),
            "802.SetOp": (_CONNECT, _DISCONNECT),
        })  # fmt: skip
        for name, value in wanted.items():
            self.bank.put(name, value)
        if "802.SetOp" in wanted:
            closed = wanted["802.SetOp"] == _CONNECT
            self.bank.put("802.State", _CONNECTED if closed else _DISCONNECTED)
        self._set.written(wanted, self._now_s)
        self.supervision.written(wanted, self._now_s)

    def _command(self) -> float:
        dead = self._set.counting and self.supervision.lost(self._now_s)
        if dead or not self._set.enabled or self.bank.get("802.State") != _CONNECTED:
            return 0.0
        if self.bank.get("704.WSetMod") == _WATTS:
            return -(self.bank.get("704.WSet") or 0.0)
        rated_w = self.bank.get("702.WMax") or 0.0
        return -(self.bank.get("704.WSetPct") or 0.0) * rated_w / _FULL_PCT

    def _measure(self) -> None:
        put, power_w = self.bank.put, self.state.power_w
        running = abs(power_w) >= _IDLE_W
        put("701.W", -power_w)
        put("701.VA", abs(power_w))
        put("701.A", -power_w / _VOLTS)
        put("701.InvSt", _RUNNING if running else _STANDBY)
        put("701.TotWhInj", self._discharged_ws / _HOUR_S)
        put("701.TotWhAbs", self._charged_ws / _HOUR_S)
        put("713.SoC", self.soc_pct)
        put("713.WHAvail", self.state.energy_wh)
        put("714.DCW", -power_w)
        put("714.1.DCW", -power_w)
        put("802.SoC", self.soc_pct)
        put("802.W", -power_w)
        put("802.A", -power_w / _DC_VOLTS)
        direction = _CHARGING if power_w > 0 else _DISCHARGING
        put("802.ChaSt", direction if running else _HOLDING)
        put("802.Hb", int(self._now_s) % 0xFFFF)
        self._set.measure(self._now_s)
        self.supervision.measure(self._now_s)


def _models(battery: Battery) -> list[tuple[int, int, dict[str, float | str]]]:
    rated_w = max(battery.charge_w, battery.discharge_w)
    return [
        (1, 0, {"Mn": "Gridtender", "Md": "Modern battery", "Vr": "1", "SN": "SIM-BATTERY-7"}),
        (701, 0, {
            "A_SF": -2, "V_SF": -1, "Hz_SF": -2, "W_SF": 0, "VA_SF": 0, "TotWh_SF": 0,
            "ACType": _THREE_PHASES, "St": 1, "ConnSt": 1, "Alrm": 0, "LNV": _VOLTS,
            "Hz": _HERTZ,
        }),
        (702, 0, {
            "W_SF": 0, "WMaxRtg": rated_w, "WMax": rated_w,
            "WChaRteMaxRtg": battery.charge_w, "WDisChaRteMaxRtg": battery.discharge_w,
            "WChaRteMax": battery.charge_w, "WDisChaRteMax": battery.discharge_w,
        }),
        (704, 0, {
            "WSet_SF": 0, "WSetPct_SF": -2, "WSetEna": 0, "WSetMod": 0, "WSet": 0, "WSetRvrt": 0,
            "WSetPct": 0, "WSetPctRvrt": 0, "WSetEnaRvrt": 0, "WSetRvrtTms": 0, "WSetRvrtRem": 0,
        }),
        (713, 0, {"WH_SF": 0, "Pct_SF": -2, "WHRtg": battery.capacity_wh, "SoH": 100, "Sta": 0}),
        (714, 1, {
            "DCA_SF": -2, "DCV_SF": -1, "DCW_SF": 0, "PrtAlrms": 0, "NPrt": 1,
            "1.PrtTyp": _STORAGE, "1.ID": 1, "1.IDStr": "Cells", "1.DCV": _DC_VOLTS, "1.DCSta": 1,
        }),
        MODEL,
        (802, 0, {
            "AHRtg_SF": -1, "WHRtg_SF": 0, "WChaDisChaMax_SF": 0, "SoC_SF": -2, "V_SF": -1,
            "A_SF": -2, "W_SF": 0, "AHRtg": battery.capacity_wh / _DC_VOLTS,
            "WHRtg": battery.capacity_wh, "WChaRteMax": battery.charge_w,
            "WDisChaRteMax": battery.discharge_w, "SocRsvMax": _FULL_PCT, "SoCRsvMin": 0,
            "LocRemCtl": 0, "Hb": 0, "CtrlHb": 0, "State": _CONNECTED, "Evt1": 0, "Evt2": 0,
            "V": _DC_VOLTS, "SetOp": _CONNECT,
        }),
    ]  # fmt: skip
