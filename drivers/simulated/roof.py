"""A three-phase solar inverter: SunSpec 1, 103, 120, 121, 122, 123 and 160 (two strings)."""

from collections.abc import Mapping, Sequence

from drivers.simulated.countdown import Countdown
from drivers.sunspec.bank import Bank, check_ranges
from gateway.physics.inertia import Delayed
from gateway.physics.solar import Inverter, InverterState, step_inverter

_FULL_PCT = 100.0
_HOUR_S = 3600.0
_BEFORE_WH = 11_480_200.0  # no counter starts at zero, which means "not implemented"
_PV = 4  # 120 DERTyp
_SLEEPING, _MPPT, _THROTTLED, _STANDBY = 2, 4, 5, 8  # 103 St
_AC_DISCONNECT = 1 << 2  # 103 Evt1
_ASLEEP_W = 20.0  # with less sun than this it sleeps
_THROTTLE_W = 20.0
_DC_EFFICIENCY = 0.975
_STRINGS = ((1, 0.55, 620.0), (2, 0.45, 540.0))  # number, share of the sun, volts
_VOLTS = 230.0
_HERTZ = 50.0
_CONNECTED = 0b111  # 122 PVConn: connected, available, operating


class Roof:
    """The inverter's registers and what is behind them.

    Args:
        inverter: its rating and inertia.
        output_w: what it puts out at the start.
        tells_available: whether 122 WAval is implemented.
    """

    def __init__(self, inverter: Inverter, *, output_w: float, tells_available: bool) -> None:
        self.inverter = inverter
        self.bank = Bank(_models(inverter.rated_w))
        self.state = InverterState(output_w, Delayed(inverter.rated_w))
        self.limit_w = inverter.rated_w
        self.available_w = 0.0
        self._tells_available = tells_available
        self._energy_ws = _BEFORE_WH * _HOUR_S
        self._now_s = 0.0
        self._limit_timer = Countdown()
        self._connection_timer = Countdown()

    @property
    def power_w(self) -> float:
        """Power into the device: generation is negative."""
        return 0.0 - self.state.output_w

    def step(self, available_w: float, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass under the sun; timers end by themselves."""
        self._now_s = now_s
        self.available_w = available_w
        if self._limit_timer.ended(now_s):
            self.bank.put("123.WMaxLim_Ena", 0)
            self.limit_w = self._limit()
        if self._connection_timer.ended(now_s):
            self.bank.put("123.Conn", 1)
            self.limit_w = self._limit()
        self.state = step_inverter(
            self.inverter, self.state, available_w=available_w, limit_w=self.limit_w, dt_s=dt_s
        )
        self._energy_ws += self.state.output_w * dt_s

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers, measured now."""
        self._measure()
        return self.bank.read(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take settings and commands; a rewritten value restarts its timer."""
        wanted = self.bank.offered(address, words)
        _check(wanted)
        for name, value in wanted.items():
            self.bank.put(name, value)
        if not wanted.keys().isdisjoint({"123.WMaxLimPct", "123.WMaxLim_Ena"}):
            runs = self.bank.get("123.WMaxLim_Ena") == 1
            seconds = self.bank.get("123.WMaxLimPct_RvrtTms") if runs else 0
            self._limit_timer.restart(seconds, self._now_s)
        if "123.Conn" in wanted:
            seconds = 0 if wanted["123.Conn"] else self.bank.get("123.Conn_RvrtTms")
            self._connection_timer.restart(seconds, self._now_s)
        self.limit_w = self._limit()

    def _limit(self) -> float:
        if self.bank.get("123.Conn") == 0:
            return 0.0
        pct = self.bank.get("123.WMaxLimPct") if self.bank.get("123.WMaxLim_Ena") else _FULL_PCT
        base_w = self.bank.get("121.WMax") or self.inverter.rated_w
        return min(base_w, self.inverter.rated_w) * (pct or 0.0) / _FULL_PCT

    def _measure(self) -> None:
        put, output_w = self.bank.put, self.state.output_w
        asleep = self.available_w < _ASLEEP_W and output_w < _ASLEEP_W
        put("103.W", output_w)
        put("103.VA", output_w)
        put("103.A", output_w / _VOLTS)
        for phase in ("103.AphA", "103.AphB", "103.AphC"):
            put(phase, output_w / _VOLTS / 3)
        put("103.Hz", 0.0 if asleep else _HERTZ)
        put("103.WH", self._energy_ws / _HOUR_S)
        put("103.DCW", output_w / _DC_EFFICIENCY)
        put("103.TmpCab", 25.0 + 30.0 * output_w / self.inverter.rated_w)
        put("103.St", self._status(asleep=asleep))
        put("103.Evt1", 0 if self.bank.get("123.Conn") else _AC_DISCONNECT)
        put("122.ActWh", self._energy_ws / _HOUR_S)
        put("122.PVConn", 1 if asleep else _CONNECTED)
        put("122.WAval", self.available_w if self._tells_available else None)
        for number, share, volts in _STRINGS:
            dc_w = share * output_w / _DC_EFFICIENCY
            put(f"160.{number}.DCW", dc_w)
            put(f"160.{number}.DCA", dc_w / volts)
            put(f"160.{number}.DCWH", share * self._energy_ws / _HOUR_S / _DC_EFFICIENCY)

    def _status(self, *, asleep: bool) -> int:
        if self.bank.get("123.Conn") == 0:
            return _STANDBY
        if asleep:
            return _SLEEPING
        reachable_w = min(self.available_w, self.inverter.rated_w)
        return _THROTTLED if self.limit_w < reachable_w - _THROTTLE_W else _MPPT


def _check(wanted: Mapping[str, float]) -> None:
    check_ranges(
        wanted,
        {
            "123.WMaxLimPct": (0.0, _FULL_PCT),
            "123.Conn": (0, 1),
            "123.WMaxLim_Ena": (0, 1),
            "123.WMaxLimPct_WinTms": (0, 0),  # a new limit acts at once
            "123.WMaxLimPct_RmpTms": (0, 0),  # and along the inverter's own ramp
        },
    )


def _models(rated_w: float) -> list[tuple[int, int, dict[str, float | str]]]:
    strings: dict[str, float | str] = {
        "DCA_SF": -2, "DCV_SF": -1, "DCW_SF": 0, "DCWH_SF": 0, "Evt": 0, "N": len(_STRINGS),
    }  # fmt: skip
    for number, _, volts in _STRINGS:
        strings |= {
            f"{number}.ID": number, f"{number}.IDStr": f"String {number}",
            f"{number}.DCV": volts, f"{number}.DCSt": _MPPT,
        }  # fmt: skip
    return [
        (1, 0, {"Mn": "Gridtender", "Md": "Simulated roof", "Vr": "1", "SN": "SIM-ROOF"}),
        (103, 0, {
            "A_SF": -2, "V_SF": -1, "W_SF": 0, "Hz_SF": -2, "VA_SF": 0, "WH_SF": 0, "DCW_SF": 0,
            "Tmp_SF": -1, "PhVphA": _VOLTS, "PhVphB": _VOLTS, "PhVphC": _VOLTS, "Evt2": 0,
        }),
        (120, 0, {
            "DERTyp": _PV, "WRtg_SF": 1, "WRtg": rated_w, "VARtg_SF": 1, "VARtg": rated_w,
            "ARtg_SF": -1, "ARtg": rated_w / _VOLTS,
        }),
        (121, 0, {"WMax_SF": 0, "WMax": rated_w, "VRef_SF": 0, "VRef": _VOLTS,
                  "VRefOfs_SF": 0, "VRefOfs": 0}),
        (122, 0, {"WAval_SF": 0, "StorConn": 0, "ECPConn": 1}),
        (123, 0, {
            "WMaxLimPct_SF": -2, "OutPFSet_SF": -2, "VArPct_SF": -2, "Conn_RvrtTms": 0, "Conn": 1,
            "WMaxLimPct": _FULL_PCT, "WMaxLimPct_WinTms": 0, "WMaxLimPct_RvrtTms": 0,
            "WMaxLimPct_RmpTms": 0, "WMaxLim_Ena": 0, "OutPFSet_Ena": 0, "VArPct_Ena": 0,
        }),
        (160, len(_STRINGS), strings),
    ]  # fmt: skip
