"""Examples of instruments, tickers and where they are told, for ``docs/mqtt.md``."""

from dataclasses import replace

from gateway.model.event import BookView
from gateway.model.product import Product
from gateway.model.request import Outcome
from gateway.model.subscription import Follow
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.wire.instruments import Instruments
from gateway.wire.message import Message

TEXT = """\
### Instruments, tickers, and where data are told

Every product publishes the tenders that live, its clearings and `p/P/tick/transaction`. With
`publish: [book, session, ticks]` it tells more, and nobody's name in it: `p/P/book/START` has all
that is tendered for the instrument that begins at START, by price; `p/P/price/START` the first,
highest, lowest and last price and the volume traded; `p/P/tick/tender`, `/quote` and `/rfq` tick
at each that is new. Books and prices are retained until the instrument is over.

Who speaks CTS asks where to listen: `manage-market-reference-data` (`market` in the product's
place), `manage-segment-reference-data`, `manage-session-data`, `manage-instrument-data`
(`instrumentSummaryType` BOOK or SESSION) and `manage-ticker-subscription` (`tickerType` TENDERS,
QUOTES, RFQS or TRANSACTIONS) are answered by `multicastListenReference`, a topic filter. The broker
keeps the subscription: SNAPSHOT means subscribe, read and unsubscribe, CANCEL unsubscribe. What
the product does not publish is answered 422.
"""


def told(product: Product, interval: Interval, now: Instant) -> list[Message]:
    """A book, its tick, and the session after a match."""
    public = replace(product, publish=("book", "session", "ticks"))
    instruments = Instruments("home")
    steps = (
        Tender(id="a", side=Side.BUY, price=2500, quantity=800),
        Tender(id="b", side=Side.SELL, price=3000, quantity=400),
    )
    stated = TenderSet(party="guest", product=product.id, interval=interval, tenders=steps)
    match = Transaction(
        id="home-tx-12-7001",
        product=product.id,
        party="guest",
        counter_party="home",
        tender="a",
        side=Side.BUY,
        price=2400,
        quantity=300,
        interval=interval,
        clearing=4411,
    )
    view = BookView(party="guest", product=product.id, sets=(stated,))
    found = [*instruments.book(view, public, now), *instruments.traded(match, public, now)]
    by_topic = {one.topic: one for one in found}
    return list(by_topic.values())


def exchanges() -> list[tuple[str, dict[str, object], Follow, tuple[Outcome, ...], str]]:
    """Operations with payload, request, outcomes and the product's place in the topic."""
    base = "rmf/1/home"
    return [
        _one("manage-market-reference-data", "market", f"{base}/m/ref"),
        _one("manage-session-data", "power", f"{base}/p/power/session"),
        _one(
            "manage-ticker-subscription",
            "power",
            f"{base}/p/power/tick/transaction",
            ticker="TRANSACTIONS",
        ),
    ]


def _one(
    operation: str, product: str, listen: str, ticker: str = ""
) -> tuple[str, dict[str, object], Follow, tuple[Outcome, ...], str]:
    document: dict[str, object] = {
        "v": 1,
        "requestId": "r-40",
        "partyId": "guest",
        "counterPartyId": "home",
        "marketId": "home",
        "subscriptionActionRequested": "SNAPSHOT_AND_UPDATES",
    }
    if ticker:
        document["tickerType"] = ticker
    request = Follow(
        party="guest",
        request_id="r-40",
        product=product,
        operation=operation,
        action="SNAPSHOT_AND_UPDATES",
        listen=listen,
        ticker=ticker,
    )
    return operation, document, request, (), product
