"""The keys of a scenario file."""

from dataclasses import dataclass
from typing import Annotated, Final

from gateway.config.scalars import Flag, Real, Scalar, Span, Text, refusal
from gateway.config.shape import Shape, key
from gateway.model.time import HOUR, MINUTE, Duration, Instant, parse_rfc3339

HOME_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Scalar):
    """An instant with its offset."""

    @property
    def allowed(self) -> str:
        """The notation."""
        return "an instant with an offset such as 2026-06-21T12:00:00Z"

    def parse(self, value: object) -> Instant:
        """The instant."""
        try:
            return parse_rfc3339(value if isinstance(value, str) else "")
        except (ValueError, OverflowError):
            raise refusal(value, self.allowed) from None

    def schema(self) -> dict[str, object]:
        """A string."""
        return {"type": "string", "format": "date-time"}


_File = Annotated[str, Text(what="the name of a CSV file")]
_Watts = Annotated[float, Real(unit="W", minimum=0)]
_Price = Annotated[float, Real(unit="money per kWh", minimum=-100, maximum=1000)]


class BatteryShape(Shape):
    """A battery as it is bought: what fits in, how fast, what is lost."""

    capacity_wh: Annotated[float, Real(unit="Wh", minimum=0)] = key(
        ..., "usable energy in Wh; 0: none"
    )
    charge_w: _Watts = key(..., "the most it takes, in W")
    discharge_w: _Watts = key(..., "the most it gives, in W")
    round_trip_efficiency: Annotated[float, Real(above=0, maximum=1)] = key(
        0.9, "AC to AC; each way costs its square root"
    )
    initial_soc_pct: Annotated[float, Real(unit="%", minimum=0, maximum=100)] = key(
        0, "charge when the simulation starts"
    )
    wear: Annotated[float, Real(unit="money per kWh", minimum=0)] = key(
        0, "of each kWh through its terminals, each way"
    )


class HomeShape(Shape):
    """One home."""

    series: _File | None = key(
        None, "a CSV file with time,load_w,solar_w; left out with `--from-history`"
    )
    battery: BatteryShape | None = key(None, "what it stores in; left out: nothing")


class TariffShape(Shape):
    """The prices at the meter, known in advance: a series, or two numbers."""

    series: _File | None = key(None, "a CSV file with time,import_price,export_price per kWh")
    import_price: _Price | None = key(None, "always the same, per kWh")
    export_price: _Price | None = key(None, "always the same, per kWh")


class ScenarioShape(Shape):
    """A scenario file."""

    start: Annotated[Instant, Moment()] = key(..., "when the first step begins")
    end: Annotated[Instant, Moment()] | None = key(None, "when the last one ends")
    step: Annotated[
        Duration, Span(minimum=MINUTE, maximum=Duration(24 * HOUR), step_text="a part of a day")
    ] = key("1h", "length of every step")
    homes: dict[str, HomeShape] = key(..., "the homes by their ids")
    tariff: TariffShape = key(..., "series, or import_price and export_price")
    community: Annotated[bool, Flag()] = key(
        default=False, text="whether the homes also trade with each other"
    )
