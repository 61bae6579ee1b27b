"""Examples of streams, alternatives and prices stated against another, for ``docs/mqtt.md``."""

from gateway.model.event import Accepted
from gateway.model.product import Product
from gateway.model.request import SubmitStream, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.terms import PriceBase, PriceKind
from gateway.model.time import Interval, rfc3339

TEXT = """\
### Streams, alternatives, prices against the market

`create-stream-tender` tenders for contiguous intervals, all of them taken or none; each becomes a
tender `<tenderId>.<streamUid>` of its own, and `cancel-tender` of the stream's id cancels what is
left. With `atMostOne` the tenders of one request are alternatives, also for different intervals: at
most one executes, in part or whole, and the first fill withdraws the others (SUPERVISORY). Instead
of `price` a tender may state `priceRelative` or `priceMultiplier` against the last clearing price
of a product: it is resolved once, when the tender is taken, to the tick that is safe for its side.
`expirationTime` ends a tender's part in clearings, `allOrNone` fills it whole or not at all.
[Terms and rules](mechanisms/terms.md) says the rest: rule sets, warrants, execution instructions.
"""


def _head(request_id: str) -> dict[str, object]:
    return {
        "v": 1,
        "requestId": request_id,
        "partyId": "guest",
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
    }


def stream(
    product: Product, first: Interval
) -> tuple[dict[str, object], SubmitStream, tuple[Accepted, ...]]:
    """A stream of two intervals as payload, request and outcomes."""
    intervals = (first, product.interval_at(first.end))
    steps = ((60, 1000), (55, 1500))
    sets = [
        TenderSet(
            party="guest",
            product="power",
            interval=interval,
            tenders=(
                Tender(id=f"day.{k}", side=Side.BUY, price=price, quantity=much, stream="day"),
            ),
        )
        for k, (interval, (price, much)) in enumerate(zip(intervals, steps, strict=True))
    ]
    payload = _head("r-5") | {
        "tender": {
            "tenderId": "day",
            "side": "BUY",
            "tenderDetail": {
                "stream": {
                    "streamStart": rfc3339(first.start),
                    "streamIntervalDuration": "PT10S",
                    "streamIntervals": [
                        {
                            "streamUid": k,
                            "streamIntervalPrice": price,
                            "streamIntervalQuantity": much,
                        }
                        for k, (price, much) in enumerate(steps)
                    ],
                }
            },
        }
    }
    request = SubmitStream(
        party="guest", request_id="r-5", tenders=sets[0], more=tuple(sets[1:]), stream="day"
    )
    return payload, request, _taken(sets)


def alternatives(
    product: Product, first: Interval
) -> tuple[dict[str, object], SubmitTenders, tuple[Accepted, ...]]:
    """Now or later, at most one of them, the second at a price below the market's."""
    later = product.interval_at(first.end)
    base = PriceBase(kind=PriceKind.RELATIVE, value=-50, product="power")
    now = Tender(id="now", side=Side.BUY, price=900, quantity=1800, all_or_none=True)
    then = Tender(id="then", side=Side.BUY, price=0, quantity=1800, all_or_none=True, base=base)
    payload = _head("r-6") | {
        "atMostOne": True,
        "tenders": [
            _tender(now, first, {"price": 900}),
            _tender(then, later, {"priceRelative": {"value": -50}}),
        ],
    }
    sets = [_alternative(now, first), _alternative(then, later)]
    request = SubmitTenders(party="guest", request_id="r-6", tenders=sets[0], more=(sets[1],))
    return payload, request, _taken(sets)


def _tender(tender: Tender, interval: Interval, price: dict[str, object]) -> dict[str, object]:
    where = {"dtStart": rfc3339(interval.start), "duration": "PT10S"}
    return {
        "tenderId": tender.id,
        "side": tender.side.value,
        "allOrNone": tender.all_or_none,
        "tenderDetail": {"interval": where, **price, "quantity": tender.quantity},
    }


def _alternative(tender: Tender, interval: Interval) -> TenderSet:
    one = Tender(
        id=tender.id,
        side=tender.side,
        price=tender.price,
        quantity=tender.quantity,
        all_or_none=tender.all_or_none,
        exclusive="r-6",
        base=tender.base,
    )
    return TenderSet(party="guest", product="power", interval=interval, tenders=(one,))


def _taken(sets: list[TenderSet]) -> tuple[Accepted, ...]:
    return tuple(
        Accepted(
            party="guest",
            product="power",
            interval=one.interval,
            orders=((one.tenders[0].id, f"home-o-12-{9930 + k}"),),
        )
        for k, one in enumerate(sets)
    )
