"""A three-phase meter: SunSpec 1 and 203, import positive, renewed once a second."""

from collections.abc import Sequence

from drivers.sunspec.bank import Bank
from gateway.physics.noise import between

_VOLTS = 230.0
_HERTZ = 50.0
_PHASES = ("A", "B", "C")
_HOUR_S = 3600.0
# An accumulator of zero means "not implemented", and no meter is brand new.
_IMPORTED_BEFORE_WH, _EXPORTED_BEFORE_WH = 3_214_500.0, 5_120_300.0


class Meter:
    """The registers show the last sample, not the present.

    Args:
        name: model name; ``seed`` and ``stream`` choose its noise.
        noise_w: a sample is wrong by up to +- this.
    """

    def __init__(self, name: str, *, seed: int, stream: int, noise_w: float) -> None:
        self.bank = Bank(_models(name))
        self._seed = seed
        self._stream = stream
        self._noise_w = noise_w
        self._phases_w: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._imported_ws = _IMPORTED_BEFORE_WH * _HOUR_S
        self._exported_ws = _EXPORTED_BEFORE_WH * _HOUR_S

    def count(self, power_w: float, dt_s: float) -> None:
        """Add to the energy counters."""
        if power_w > 0.0:
            self._imported_ws += power_w * dt_s
        else:
            self._exported_ws -= power_w * dt_s

    def sample(self, phases_w: tuple[float, float, float], number: int) -> None:
        """Renew the power shown; ``number`` counts samples."""
        error_w = between(
            -self._noise_w, self._noise_w, seed=self._seed, stream=self._stream, index=number
        )
        self._phases_w = tuple(phase_w + error_w / len(phases_w) for phase_w in phases_w)

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers as of the last sample."""
        self._measure()
        return self.bank.read(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Refuse: a meter has nothing to set."""
        self.bank.offered(address, words)

    def _measure(self) -> None:
        put, total_w = self.bank.put, sum(self._phases_w)
        put("203.W", total_w)
        put("203.VA", abs(total_w))
        put("203.A", total_w / _VOLTS)
        for phase, power_w in zip(_PHASES, self._phases_w, strict=True):
            put(f"203.Wph{phase}", power_w)
            put(f"203.Aph{phase}", power_w / _VOLTS)
        put("203.TotWhImp", self._imported_ws / _HOUR_S)
        put("203.TotWhExp", self._exported_ws / _HOUR_S)


def _models(name: str) -> list[tuple[int, int, dict[str, float | str]]]:
    volts = {f"PhVph{phase}": _VOLTS for phase in _PHASES}
    between_phases = {f"PhVph{pair}": _VOLTS * 3**0.5 for pair in ("AB", "BC", "CA")}
    return [
        (1, 0, {"Mn": "Gridtender", "Md": name, "Vr": "1", "SN": "SIM-METER"}),
        (203, 0, {
            "A_SF": -2, "V_SF": -1, "Hz_SF": -2, "W_SF": 0, "VA_SF": 0, "TotWh_SF": 0,
            "Hz": _HERTZ, "PhV": _VOLTS, "PPV": _VOLTS * 3**0.5, "Evt": 0,
            **volts, **between_phases,
        }),
    ]  # fmt: skip
