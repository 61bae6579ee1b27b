"""The intertie on the page of MQTT."""

from gateway.agents.tie_rows import passed
from gateway.model.event import Fact
from gateway.model.intertie import (
    Bounds,
    Contract,
    IntertieSettings,
    TieMode,
    TiePosition,
    TieState,
)
from gateway.model.time import SECOND, Duration, Instant, Interval

PUBLISHED = {
    "tie/B/contract": "the contract with the market above, B",
    "tie/B/state": "how the wire to B traded in the newest interval, and why",
    "tie/B/pos": "the area's position at that wire and the energy delivered; **B reads it, and "
    "nothing else**",
}

CONTRACT = Contract(
    tie="street",
    area="home",
    parent="street",
    product="power",
    parent_product="power",
    bounds=Bounds(imports=3000, exports=2000),
    fee=120,
    loss_ppm=970_000,
    collar_min=-1000,
    collar_max=8000,
    notice=Duration(10 * SECOND),
    standing_import=4000,
    standing_export=300,
)
SETTINGS = IntertieSettings(contract=CONTRACT, url="mqtt://street.example:1883", username="home")


def facts(now: Instant, interval: Interval) -> tuple[Fact, ...]:
    """How it stands, and what the market above sees."""
    state = TieState(
        contract=CONTRACT,
        at=now,
        mode=TieMode.AWARD,
        interval=interval,
        award=1030,
        parent_price=2000,
        landed=2186,
        net=1823,
        price=2200,
        limit=CONTRACT.bounds,
        rows=passed(CONTRACT, 1030, 999, 2000, 2200, interval.duration),
    )
    position = TiePosition(
        contract=CONTRACT,
        at=now,
        steps=((interval, 999),),
        delivered_in_wh=1_204_310,
        delivered_out_wh=88_020,
    )
    return state, position
