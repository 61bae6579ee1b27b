"""The site as one SunSpec device: 1, 701 (its sources) and 203 (its grid meter); read only."""

from collections.abc import Callable, Sequence

from drivers.sunspec.bank import Bank
from gateway.model.errors import RequestRefused
from gateway.model.share import Totals

_ILLEGAL_FUNCTION = 1
_NO_SUCH_UNIT = 0x0B
_LARGEST_W = 32_766.0  # of an int16 without a scale factor


class SiteRegisters:
    """Registers of one unit, made of what the site is when they are read.

    What is not known is not implemented: never zero, never the value before.  Powers have a scale
    factor of 1 W, or 100 W where the site is too large for that; 701 counts what is injected as
    positive and 203 what is drawn from the grid.
    """

    def __init__(self, totals: Callable[[], Totals], unit: int) -> None:
        self._totals = totals
        self._unit = unit
        now = totals()
        self._bank = Bank(
            [
                (1, 0, {"Mn": "Gridtender", "Md": "Site", "Vr": now.version, "SN": now.name}),
                (701, 0, {"TotWh_SF": 0}),
                (203, 0, {"TotWh_SF": 0, "Evt": 0}),
            ]
        )

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """Words as of now."""
        self._check(unit)
        self._renew(self._totals())
        return self._bank.read(address, count)

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """Refused: devices are steered by the market, not here."""
        del address, words
        self._check(unit)
        message = "the site is read only"
        raise RequestRefused(message, code=_ILLEGAL_FUNCTION)

    def _check(self, unit: int) -> None:
        if unit != self._unit:
            message = f"no unit {unit} here, have {self._unit}"
            raise RequestRefused(message, code=_NO_SUCH_UNIT)

    def _renew(self, now: Totals) -> None:
        put = self._bank.put
        injected_w = None if now.sources_w is None else -now.sources_w
        for model, power_w in ((701, injected_w), (203, now.grid_w)):
            large = power_w is not None and abs(power_w) > _LARGEST_W
            self._bank.rescale(f"{model}.W_SF", 2 if large else 0)
            put(f"{model}.W", power_w)
        put("701.TotWhInj", now.injected_wh)
        put("701.TotWhAbs", now.absorbed_wh)
        put("203.TotWhImp", now.imported_wh)
        put("203.TotWhExp", now.exported_wh)
