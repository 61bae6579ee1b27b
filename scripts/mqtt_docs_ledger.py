"""Examples of the key, of statements and of deliveries, for ``docs/mqtt.md``."""

from gateway.model.delivered import AskDelivery, Delivered
from gateway.model.product import Product
from gateway.model.seal import Seal, Sealed
from gateway.model.settlement import DeliveryQuality
from gateway.model.statement import Account, Statement
from gateway.model.time import Instant, Interval, rfc3339

PUBLISHED = {
    "m/key": "the public key under the ledger and the newest seal; where a ledger is kept",
    "u/U/statement/YYYYMMDD": "the party's day in energy and money, of the last week; only it may "
    "read it",
}

TEXT = """\
### Deliveries

`request-delivery` asks what the party's own meter measured (`parties.U.meter` of the
configuration), as the mean of each interval of the product. They are settled every quarter of an
hour; the answer waits until the data are there, at most 20 minutes, and stands in nobody's way
meanwhile. What was settled longer ago than a day, or before the gateway's last start, is in the
ledger only: 404. What statements, seals and deliveries rest on is in
[Read the ledger](how-to/read-the-ledger.md).
"""


def facts(now: Instant) -> tuple[Sealed | Statement, ...]:
    """A seal and a day."""
    seal = Seal(
        area="home",
        epoch=12,
        why="hour",
        key="ed25519:eBnrxL/czrEc2yVfC9UuJOP338r8PWux9A8QF16+v1I=",
        signature=(
            "4UgN+HO8TWNNsPa3HlsgqnaKHIvl1/sXapaVAM2gVKKFkrQCKR56pWAkFc+KqfXgAoHX7VH4zLkeZxz2jfq/Bw=="
        ),
    )
    account = Account(
        bought=28_800_000_000,
        bought_money=57_600_000_000_000,
        transactions=360,
        delivered=28_620_000_000,
        deviation=-180_000_000,
        deviation_money=-360_000_000_000,
    )
    return (
        Sealed(
            at=now,
            seq=4410,
            hash="5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
            seal=seal,
        ),
        Statement(
            party="guest", day="20260621", accounts=(("power", account),), closed=False, at=now
        ),
    )


def delivery(
    product: Product, first: Interval
) -> tuple[dict[str, object], AskDelivery, tuple[Delivered, ...]]:
    """Two intervals, as payload, request and outcome."""
    both = Interval(first.start, product.interval_at(first.end).end)
    payload: dict[str, object] = {
        "v": 1,
        "requestId": "r-7",
        "requestor": "guest",
        "measurementPointId": "hall",
        "boundingInterval": {"dtStart": rfc3339(first.start), "duration": "PT20S"},
        "marketId": "home",
        "resourceDesignator": "POWER",
    }
    request = AskDelivery(
        party="guest", request_id="r-7", product="power", interval=both, meter="hall"
    )
    told = Delivered(
        party="guest",
        product="power",
        meter="hall",
        interval=both,
        quantities=(795, 802),
        quality=DeliveryQuality.COUNTED,
    )
    return payload, request, (told,)
