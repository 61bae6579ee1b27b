"""Tariff prices: a number, a topic, a table of instants and prices in a CSV file, a calendar."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

from gateway.config.problem import Problem, closest, describe, listed
from gateway.config.scalars import Real, Scalar, refusal
from gateway.model.site import FixedPrice, PriceTable, TopicPrice
from gateway.model.time import Instant, parse_rfc3339

_FORMS: Final = "a number, {topic: NAME}, {csv: FILE} or {ics: FILE, default: PRICE}"
_LONGEST_TOPIC: Final = 1024
_MOST_PROBLEMS: Final = 10


@dataclass(frozen=True, slots=True)
class CsvPrice:
    """A price table that has yet to be read."""

    file: str


@dataclass(frozen=True, slots=True)
class IcsPrice:
    """A calendar that has yet to be read."""

    file: str
    default: float | None = None


PriceSetting = FixedPrice | TopicPrice | CsvPrice | IcsPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(Scalar):
    """A price in one of its forms."""

    @property
    def allowed(self) -> str:
        """The forms."""
        return _FORMS

    def parse(self, value: object) -> PriceSetting:
        """The form that was written."""
        if isinstance(value, dict) and "ics" in value and set(value) <= {"ics", "default"}:
            return _of_calendar(value)
        if isinstance(value, dict) and len(value) == 1:
            ((form, content),) = value.items()
            return self._form(value, form, content)
        if isinstance(value, dict):
            found = f"a mapping with the keys {listed(value)}"
            raise refusal(value, _FORMS, found=found)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refusal(value, _FORMS)
        return FixedPrice(value=Real().parse(value))

    def _form(self, value: object, form: str, content: object) -> PriceSetting:
        if form not in {"topic", "csv"}:
            hint = closest(form, ("topic", "csv", "ics"))
            raise refusal(value, _FORMS, found=f"the unknown key {form!r}", hint=hint)
        if form == "csv":
            if isinstance(content, str) and content and "\0" not in content:
                return CsvPrice(content)
            raise refusal(content, "the name of a CSV file", found=f"csv: {describe(content)}")
        if isinstance(content, str) and _is_topic(content):
            return TopicPrice(topic=content)
        allowed = "an MQTT topic without the wildcards + and #"
        raise refusal(content, allowed, found=f"topic: {describe(content)}")

    def schema(self) -> dict[str, object]:
        """The four forms."""
        forms = [
            {
                "type": "object",
                "properties": {form: {"type": "string"}},
                "required": [form],
                "additionalProperties": False,
            }
            for form in ("topic", "csv")
        ]
        calendar = {
            "type": "object",
            "properties": {"ics": {"type": "string"}, "default": {"type": "number"}},
            "required": ["ics"],
            "additionalProperties": False,
        }
        return {"oneOf": [{"type": "number"}, *forms, calendar]}


def _of_calendar(value: Mapping[str, object]) -> IcsPrice:
    file, default = value["ics"], value.get("default")
    if not isinstance(file, str) or not file or "\0" in file:
        raise refusal(file, "the name of a calendar file", found=f"ics: {describe(file)}")
    if default is None and "default" not in value:
        return IcsPrice(file)
    if isinstance(default, bool) or not isinstance(default, int | float):
        raise refusal(default, "a number", found=f"default: {describe(default)}")
    return IcsPrice(file, Real().parse(default))


def _is_topic(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_TOPIC and not set("+#\0") & set(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableResult:
    """A table, or why there is none."""

    table: PriceTable | None
    problems: tuple[Problem, ...] = ()


def read_table(file: FilePath, column: str, path: str) -> TableResult:
    """Prices of one column: ``import_price`` or ``export_price``, else ``price``.

    The first line names the columns; ``time`` is RFC 3339 with an offset.  Lines may stand in
    any order; a price holds until the next.
    """
    reader = _Table(file=str(file), path=path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        reader.refuse(0, f"no readable file ({reason})", "a CSV file in UTF-8")
    else:
        reader.read(text, column)
    steps = tuple(sorted(reader.steps.items()))
    table = PriceTable(steps=steps) if steps and not reader.problems else None
    return TableResult(table=table, problems=tuple(reader.problems[:_MOST_PROBLEMS]))


class _Table:
    def __init__(self, *, file: str, path: str) -> None:
        self._file = file
        self._path = path
        self.steps: dict[Instant, float] = {}
        self.problems: list[Problem] = []

    def refuse(self, line: int, found: str, allowed: str) -> None:
        self.problems.append(
            Problem(
                file=self._file,
                line=line,
                column=1 if line else 0,
                path=self._path,
                found=found,
                allowed=allowed,
            ),
        )

    def read(self, text: str, wanted: str) -> None:
        rows = csv.reader(io.StringIO(text, newline=""))
        try:
            names = [name.strip() for name in next(rows, [])]
            column = wanted if wanted in names else "price"
            if "time" not in names or column not in names:
                allowed = f"the columns time and price (or {wanted})"
                self.refuse(1, f"the columns {listed(names)}", allowed)
                return
            places = names.index("time"), names.index(column)
            for row in rows:
                if any(row):
                    self._row(rows.line_num, row, places)
        except csv.Error as error:
            self.refuse(rows.line_num, f"no valid CSV ({error})", "values separated by commas")
            return
        if not self.steps and not self.problems:
            self.refuse(1, "no price", "at least one line with time and price")

    def _row(self, line: int, row: list[str], places: tuple[int, int]) -> None:
        if len(row) <= max(places):
            self.refuse(line, f"{len(row)} values", f"at least {max(places) + 1}")
            return
        time, price = (row[place].strip() for place in places)
        try:
            at = parse_rfc3339(time)
        except (ValueError, OverflowError):
            self.refuse(line, describe(time), "an instant such as 2026-06-21T12:00:00+02:00")
            return
        value = _number(price)
        if value is None:
            self.refuse(line, describe(price), "a number such as 0.30")
        elif at in self.steps:
            self.refuse(line, f"{time} a second time", "each time once")
        else:
            self.steps[at] = value


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
