"""docs/configuration.md says what the code does: its tables are rendered from the shapes."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from gateway.adapters.plugins import driver_packages, line_factories
from gateway.config import load
from gateway.config.scalars import Scalar
from gateway.config.shape import Shape
from gateway.config.shapes import (
    AggregateShape,
    BrokerShape,
    CalDavShape,
    DeviceShape,
    DispatchShape,
    FallbackShape,
    GridShape,
    HomeAssistantShape,
    JournalShape,
    LimitsShape,
    ListenShape,
    LocationShape,
    LogShape,
    MetricsShape,
    PartyShape,
    ShareShape,
    SiteShape,
    WritesShape,
)  # fmt: skip
from gateway.config.shapes_forward import ForwardShape
from gateway.config.shapes_intertie import (
    CollarShape,
    ContractShape,
    IntertieShape,
    ParentBrokerShape,
    StandingShape,
    ValidityShape,
    WindowShape,
)
from gateway.config.shapes_ledger import LedgerShape, SettlementShape
from gateway.config.shapes_loads import ChargerShape, WaterShape
from gateway.config.shapes_product import ProductShape, RulesShape

TEXT = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
SHAPES = (
    SiteShape, BrokerShape, ListenShape, DeviceShape, FallbackShape, LimitsShape, WritesShape,
    ChargerShape, WaterShape,
    ProductShape, RulesShape, SettlementShape, ForwardShape, LedgerShape,
    GridShape, DispatchShape, JournalShape, PartyShape,
    IntertieShape, ParentBrokerShape, ContractShape, CollarShape, WindowShape, ValidityShape,
    StandingShape,
    HomeAssistantShape, LocationShape, CalDavShape, LogShape, MetricsShape, ShareShape,
    AggregateShape,
)  # fmt: skip


def table(shape: type[Shape]) -> str:
    """The reference table of one section."""
    rows = ["| key | default | allowed | what it is |", "|---|---|---|---|"]
    for name, field in shape.model_fields.items():
        default = "required" if field.is_required() else written(field.default)
        key = field.alias or name
        rows.append(f"| `{key}` | {default} | {allowed(field)} | {field.description} |")
    return "\n".join(rows)


def written(default: object) -> str:
    if default is None:
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def allowed(field) -> str:
    found = [one for one in field.metadata if isinstance(one, Scalar)]
    for part in get_args(field.annotation):
        found += [one for one in getattr(part, "__metadata__", ()) if isinstance(one, Scalar)]
    return found[0].allowed if found else "a section, see below"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_reference_table_is_up_to_date(shape):
    assert table(shape) in TEXT


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
def test_examples_have_no_problems(example, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(example, encoding="utf-8")
    (tmp_path / "prices.csv").write_text(
        re.search(r"```csv\n(.*?)```", TEXT, re.DOTALL)[1], encoding="utf-8"
    )

    loaded = load(file, driver_packages(), line_factories(), environ={"HOME": "/home/ann"})

    assert [str(problem) for problem in loaded.problems] == []


def test_keys_of_the_drivers_are_described():
    for name, package in driver_packages().items():
        for key in package.json_schema():
            assert f"`{key}` ({name})" in TEXT
