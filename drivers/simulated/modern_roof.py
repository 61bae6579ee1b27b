"""A solar inverter of the newer models: SunSpec 1, 701, 702, 703, 704, 713 and 715.

713 stands there without a battery, as it does on real ones.
"""

from collections.abc import Sequence

from drivers.simulated.reversion import Reversion
from drivers.simulated.supervision import MODEL, Supervision
from drivers.sunspec.bank import Bank, check_ranges
from gateway.physics.inertia import Delayed
from gateway.physics.solar import Inverter, InverterState, step_inverter

_FULL_PCT = 100.0
_HOUR_S = 3600.0
_BEFORE_WH = 3_204_100.0
_SLEEPING, _RUNNING, _THROTTLED = 1, 3, 4  # 701 InvSt
_ASLEEP_W = 20.0  # with less sun than this it sleeps
_THROTTLE_W = 20.0
_THREE_PHASES = 2  # 701 ACType
_VOLTS = 230.0
_HERTZ = 50.0


class ModernRoof:
    """The inverter's registers and what is behind them.

    Args:
        output_w: what it puts out at the start.
        patience_s: how long it goes on under a command without a heartbeat; None: for ever.
    """

    def __init__(self, inverter: Inverter, *, output_w: float, patience_s: float | None) -> None:
        self.inverter = inverter
        self.bank = Bank(_models(inverter.rated_w))
        self.state = InverterState(output_w, Delayed(inverter.rated_w))
        self.available_w = 0.0
        self.supervision = Supervision(self.bank, patience_s=patience_s)
        self._limit = Reversion(self.bank, "WMaxLimPct", ["WMaxLimPct"])
        self._energy_ws = _BEFORE_WH * _HOUR_S
        self._now_s = 0.0

    @property
    def power_w(self) -> float:
        """Power into the device: generation is negative."""
        return 0.0 - self.state.output_w

    @property
    def limit_w(self) -> float:
        """What it may put out: none when a command stands and nobody lives behind it."""
        if self._limit.counting and self.supervision.lost(self._now_s):
            return 0.0
        if not self._limit.enabled:
            return self.inverter.rated_w
        return self.inverter.rated_w * (self.bank.get("704.WMaxLimPct") or 0.0) / _FULL_PCT

    def step(self, available_w: float, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass under the sun; the timer ends by itself."""
        self._now_s = now_s
        self.available_w = available_w
        self._limit.step(now_s)
        self.state = step_inverter(
            self.inverter, self.state, available_w=available_w, limit_w=self.limit_w, dt_s=dt_s
        )
        self._energy_ws += self.state.output_w * dt_s

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers, measured now."""
        self._measure()
        return self.bank.read(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take settings and commands."""
        wanted = self.bank.offered(address, words)
        self.supervision.check(wanted)
        check_ranges(wanted, {
            "704.WMaxLimPct": (0.0, _FULL_PCT), "704.WMaxLimPctRvrt": (0.0, _FULL_PCT),
            "704.WMaxLimPctEna": (0, 1), "704.WMaxLimPctEnaRvrt": (0, 1),
        })  # fmt: skip
        for name, value in wanted.items():
            self.bank.put(name, value)
        self._limit.written(wanted, self._now_s)
        self.supervision.written(wanted, self._now_s)

    def _measure(self) -> None:
        put, output_w = self.bank.put, self.state.output_w
        asleep = self.available_w < _ASLEEP_W and output_w < _ASLEEP_W
        reachable_w = min(self.available_w, self.inverter.rated_w)
        throttled = self.limit_w < reachable_w - _THROTTLE_W
        put("701.W", output_w)
        put("701.VA", output_w)
        put("701.A", output_w / _VOLTS)
        put("701.Hz", 0.0 if asleep else _HERTZ)
        put("701.TotWhInj", self._energy_ws / _HOUR_S)
        put("701.St", 0 if asleep else 1)
        put("701.InvSt", _SLEEPING if asleep else _THROTTLED if throttled else _RUNNING)
        self._limit.measure(self._now_s)
        self.supervision.measure(self._now_s)


def _models(rated_w: float) -> list[tuple[int, int, dict[str, float | str]]]:
    return [
        (1, 0, {"Mn": "Gridtender", "Md": "Modern roof", "Vr": "1", "SN": "SIM-ROOF-7"}),
        (701, 0, {
            "A_SF": -2, "V_SF": -1, "Hz_SF": -2, "W_SF": 0, "VA_SF": 0, "TotWh_SF": 0,
            "ACType": _THREE_PHASES, "ConnSt": 1, "Alrm": 0, "LNV": _VOLTS, "TotWhAbs": 0,
        }),
        (702, 0, {"W_SF": 0, "VA_SF": 0, "WMaxRtg": rated_w, "WMax": rated_w,
                  "VAMaxRtg": rated_w, "VAMax": rated_w}),
        (703, 0, {"V_SF": -1, "Hz_SF": -2, "ES": 1, "ESVHi": 105.0, "ESVLo": 91.7,
                  "ESHzHi": 50.1, "ESHzLo": 49.5, "ESDlyTms": 60, "ESDlyRemTms": 0}),
        (704, 0, {
            "WMaxLimPct_SF": -2, "WMaxLimPctEna": 0, "WMaxLimPct": _FULL_PCT,
            "WMaxLimPctRvrt": _FULL_PCT, "WMaxLimPctEnaRvrt": 0, "WMaxLimPctRvrtTms": 0,
            "WMaxLimPctRvrtRem": 0,
        }),
        (713, 0, {"Pct_SF": -1, "SoC": 0}),
        MODEL,
    ]  # fmt: skip
