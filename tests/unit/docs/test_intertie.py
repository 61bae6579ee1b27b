"""The worked example of the intertie page comes out as it is written."""

import re
from pathlib import Path

from gateway.agents.intertie import delivered, tendered
from gateway.agents.tie_rows import passed
from gateway.model.demand import Demand
from gateway.model.intertie import Bounds, Contract, ParentTerms
from gateway.model.time import SECOND, Duration

PAGE = Path(__file__).parents[3] / "docs" / "mechanisms" / "intertie.md"
EXAMPLE = PAGE.read_text("utf-8").partition("## Example")[2]
CONTRACT = Contract(
    tie="street",
    area="home",
    parent="street",
    product="power",
    parent_product="power",
    bounds=Bounds(imports=3000, exports=2000),
    fee=120,
    loss_ppm=970_000,
    standing_import=4000,
    standing_export=300,
)
PARENT = ParentTerms(
    interval=Duration(10 * SECOND),
    price_scale=-4,
    quantity_scale=0,
    unit="W",
    currency="EUR",
    tick=1,
    lot=1,
    price_floor=-10_000,
    price_cap=20_000,
    lead=Duration(SECOND),
)
AREA = Demand(above=-3500, steps=((20_000, 1500), (2600, 3000), (1800, 2000), (0, 500)))


def rows(pattern):
    return [
        (word, int(first), int(second))
        for word, first, second in re.findall(
            rf"^\| ({pattern}) \| (\S+) \| (\S+) \|$", EXAMPLE, re.MULTILINE
        )
    ]


def test_the_area_tenders_what_the_page_says():
    offers = tendered(AREA, CONTRACT, CONTRACT.bounds, PARENT)
    assert [(o.side.value, o.price, o.quantity) for o in offers] == rows("BUY|SELL")


def test_the_lines_are_those_of_the_page_and_sum_to_zero():
    here = delivered(CONTRACT, 1030, 1)
    lines = passed(CONTRACT, 1030, here, 2000, 2200, PARENT.interval)
    assert [(line.what, line.quantity, line.money) for line in lines] == rows(
        "[A-Z]{3,}[A-Z]+|FEE"
    )[-6:]
    assert sum(line.quantity for line in lines) == sum(line.money for line in lines) == 0
