"""A party: an app's place in the market of one area."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from gateway.model.tender import Side
from gateway.model.time import MILLISECOND, Duration, Instant, Interval, iso_duration, rfc3339
from gateway.party.asking import Asking
from gateway.party.errors import Refused, Unknown
from gateway.party.feed import Callback, Feed
from gateway.party.heard import Clearing, Position, Session, Transaction, Withdrawn, read_position
from gateway.party.inbox import Inbox
from gateway.party.link import Address, Away, Link
from gateway.party.offers import Created, Offer, buys, sells, write_interval, write_offer
from gateway.party.terms import Real, Terms
from gateway.wire.topics import Topics

_NOT_FOUND = 404
_CLOSED = 423


class Party:
    """Connected while inside ``async with``; back again after every outage.

    Args:
        name: the party's id, also its user name at the broker.
        url: ``mqtt://host[:port]`` or ``mqtts://host[:port]``.
        area: whose market it is.
        ca, certificate, key: files for ``mqtts://``; empty: the system's authorities, no own.
        requests_per_minute: the app's own budget; what is beyond raises Refused.
        again_s: when a request without an answer is sent again, with the same id.
        give_up_s: when no answer is an error.
        grace_s: a connection that is back so soon leaves no will (MQTT 5).
        stays: whether what it tenders stands when the app ends; else it is withdrawn.

    Raises:
        ValueError: the URL is none.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str,
        area: str,
        password: str | None = None,
        ca: str = "",
        certificate: str = "",
        key: str = "",
        requests_per_minute: int = 120,
        again_s: float = 2.0,
        give_up_s: float = 30.0,
        grace_s: int = 5,
        stays: bool = False,
    ) -> None:
        self.name = name
        self.area = area
        self._topics = Topics(area)
        self._stays = stays
        self._status = f"{self._topics.base}/u/{name}/status"
        self._inbox = Inbox(
            self._topics,
            name,
            answered=self._answered,
            acknowledge=self._acknowledge,
            start=self._start,
        )
        self._link = Link(
            Address(
                url=url,
                user=name,
                password=password,
                ca=ca,
                certificate=certificate,
                key=key,
                grace_s=grace_s,
            ),
            filters=self._inbox.filters,
            will=(self._status, _status("offline")),
            receive=self._inbox.receive,
            greet=self._greet,
        )
        self._asking = Asking(
            self._link, again_s=again_s, give_up_s=give_up_s, per_minute=requests_per_minute
        )
        self._wishes: dict[tuple[str, Interval], tuple[str, ...]] = {}
        self._revision = 0
        self._stack = AsyncExitStack()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        """Return when the market's directory is there, however long that takes.

        Raises:
            BaseExceptionGroup: of NotAdmitted.
        """
        tasks = await self._stack.enter_async_context(self._tasks)
        running = tasks.create_task(self._link.run(), name=f"party[{self.name}]")
        self._stack.callback(running.cancel)
        self._stack.push_async_callback(self._leave)
        try:
            await self._first(self._inbox.directory)
        except BaseException as error:
            await self._stack.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say goodbye; what is tendered is withdrawn unless it ``stays``."""
        await self._stack.__aexit__(kind, error, trace)

    # -- what is known ---------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._link.connected.is_set()

    @property
    def gaps(self) -> int:
        """How many pushes were missed so far, by their running number; they come again."""
        return self._inbox.gaps

    @property
    def products(self) -> tuple[str, ...]:
        """Ids, as the directory names them."""
        return tuple((self._inbox.directory.newest or {}).get("products", ()))

    async def terms(self, product: str) -> Terms:
        """The terms of a product, when they are known.

        Raises:
            Unknown: the directory does not name it.
        """
        if product not in self.products:
            there = ", ".join(self.products)
            message = f"{self.area} does not trade {product!r}; there are {there}"
            raise Unknown(message)
        found: Terms = await self._first(self._inbox.of(self._inbox.terms, product))
        return found

    async def session(self, product: str) -> Session:
        """What is traded of the product now."""
        found: Session = await self._first(self._inbox.of(self._inbox.sessions, product))
        return found

    def clearing(self, product: str) -> Clearing | None:
        """The last one heard; None before the first."""
        found: Clearing | None = self._inbox.of(self._inbox.clearings, product).newest
        return found

    async def position(self, product: str, interval: Interval | None = None) -> Position:
        """What was traded over the interval, of the next one if none is given.

        Raises:
            Refused, NoAnswer, Unknown: as every request.
        """
        terms = await self.terms(product)
        asked = interval or (await self.session(product)).interval
        answer = await self.ask(
            "request-position",
            product,
            requestor=self.name,
            positionParty=self.name,
            boundingInterval=write_interval(asked),
            resourceDesignator=terms.resource,
        )
        return read_position(answer)

    # -- the three verbs -------------------------------------------------------------------

    async def supply(
        self, product: str, quantity: Real, *, at_least: Real, interval: Interval | None = None
    ) -> Created:
        """Wish to sell so much, and nothing else, in the interval (the next one).

        A later wish for the interval replaces it; what was traded meanwhile is taken off.
        """
        return await self._wish(product, sells([(at_least, quantity)]), interval)

    async def consume(
        self, product: str, quantity: Real, *, at_most: Real, interval: Interval | None = None
    ) -> Created:
        """Wish to buy so much, and nothing else, in the interval (the next one)."""
        return await self._wish(product, buys([(at_most, quantity)]), interval)

    async def store(
        self,
        product: str,
        *,
        buy: Iterable[tuple[Real, Real]] = (),
        sell: Iterable[tuple[Real, Real]] = (),
        interval: Interval | None = None,
    ) -> Created:
        """Wish to buy when it is cheap or sell when it is dear: steps of (price, quantity)."""
        return await self._wish(product, [*buys(buy), *sells(sell)], interval)

    # -- full messages ---------------------------------------------------------------------

    async def tender(
        self,
        product: str,
        *offers: Offer,
        interval: Interval | None = None,
        netting: bool = False,
        at_most_one: bool = False,
        **fields: object,
    ) -> Created:
        """Tender the offers, all or none of them; they add to what is tendered already.

        Args:
            product: its id.
            offers: what of them is less than a lot is left out.
            interval: None = the next one.
            netting: they state the whole requirement, and replace what was tendered before.
            at_most_one: they are alternatives.
            fields: more of EiCreateTenderPayload, by its names.

        Raises:
            Refused, NoAnswer, Unknown: as every request.
        """
        terms = await self.terms(product)
        when = interval or (await self.session(product)).interval
        written = (write_offer(one, self._asking.new_id(), when, terms) for one in offers)
        tenders = [one for one in written if one is not None]
        if not tenders:
            return Created(product=product, interval=when, orders={})
        if netting:
            self._revision = max(self._revision + 1, _now() // MILLISECOND)
            fields = {"netting": True, "revision": self._revision, **fields}
        if at_most_one:
            fields = {"atMostOne": True, **fields}
        answer = await self.ask("create-tender", product, tenders=tenders, **fields)
        orders = {one["tenderId"]: one["marketOrderId"] for one in answer["createdTenders"]}
        return Created(product=product, interval=when, orders=orders)

    async def stream(
        self,
        product: str,
        side: Side,
        start: Instant,
        steps: Iterable[tuple[Real, Real]],
        **fields: object,
    ) -> Mapping[str, Any]:
        """Tender (price, quantity) for each interval from ``start`` on, all of them or none."""
        terms = await self.terms(product)
        intervals = [
            {
                "streamUid": uid,
                "streamIntervalPrice": terms.price(price, side),
                "streamIntervalQuantity": terms.quantity(quantity),
            }
            for uid, (price, quantity) in enumerate(steps)
        ]
        stream = {
            "streamStart": rfc3339(start),
            "streamIntervalDuration": iso_duration(Duration(terms.interval)),
            "streamIntervals": intervals,
        }
        tender = {
            "tenderId": self._asking.new_id(),
            "side": side.value,
            "resourceDesignator": terms.resource,
            "priceScale": terms.price_scale,
            "quantityScale": terms.quantity_scale,
            "tenderDetail": {"stream": stream},
        }
        return await self.ask("create-stream-tender", product, tender=tender, **fields)

    async def cancel(self, product: str, *tenders: str) -> Mapping[str, Any]:
        """Cancel tenders by their ids, all of them or none."""
        return await self.ask("cancel-tender", product, tenderIds=list(tenders))

    async def ask(self, operation: str, product: str, **fields: object) -> Mapping[str, Any]:
        """Any operation of the exchange, by its fields; the answer as it came.

        Raises:
            Refused: by the market or the own budget.
            NoAnswer: there was none in time.
        """
        payload = {
            "v": 1,
            "requestId": self._asking.new_id(),
            "partyId": self.name,
            "counterPartyId": self.area,
            "marketId": self.area,
            "segmentId": product,
            **fields,
        }
        return await self._asking.ask(self._topics.request(self.name, product, operation), payload)

    async def say(self, leaf: str, document: object) -> None:
        """Publish on ``u/U/LEAF``, e.g. ``avail``: what is told and not answered."""
        payload = json.dumps(document).encode()
        while True:
            await self._link.connected.wait()
            try:
                return await self._link.say(f"{self._topics.base}/u/{self.name}/{leaf}", payload)
            except Away:
                await asyncio.sleep(1)

    # -- news ------------------------------------------------------------------------------

    def sessions(self, product: str) -> AsyncIterator[Session]:
        """The session that stands, and every next one."""
        return self._inbox.of(self._inbox.sessions, product).items(from_newest=True)

    def clearings(self, product: str) -> AsyncIterator[Clearing]:
        """The clearing that stands, and every next one."""
        return self._inbox.of(self._inbox.clearings, product).items(from_newest=True)

    def transactions(self) -> AsyncIterator[Transaction]:
        """Every match of this party from now on, once each."""
        return self._inbox.transactions.items()

    def withdrawals(self) -> AsyncIterator[Withdrawn]:
        """Every tender of this party that the market withdraws, from now on."""
        return self._inbox.withdrawn.items()

    def others(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Everything else told to this party: the operation, and the message."""
        return self._inbox.others.items()

    def on_session(self, product: str, callback: Callback[Session]) -> None:
        """Call it with every session of the product from now on."""
        self._inbox.of(self._inbox.sessions, product).call(callback)

    def on_clearing(self, product: str, callback: Callback[Clearing]) -> None:
        """Call it with every clearing of the product from now on."""
        self._inbox.of(self._inbox.clearings, product).call(callback)

    def on_transaction(self, callback: Callback[Transaction]) -> None:
        """Call it with every match of this party from now on, once each."""
        self._inbox.transactions.call(callback)

    def on_withdrawn(self, callback: Callback[Withdrawn]) -> None:
        """Call it with every tender that the market withdraws."""
        self._inbox.withdrawn.call(callback)

    # -- inside ----------------------------------------------------------------------------

    async def _wish(self, product: str, offers: list[Offer], interval: Interval | None) -> Created:
        created = await self.tender(product, *offers, interval=interval, netting=True)
        key = (product, created.interval)
        before = self._wishes.pop(key, ())
        if created.orders:
            self._wishes[key] = tuple(created.orders)
        elif before:
            await self._take_back(product, before)
        while len(self._wishes) > 1000:  # noqa: PLR2004 - of long ago
            del self._wishes[next(iter(self._wishes))]
        return created

    async def _take_back(self, product: str, tenders: tuple[str, ...]) -> None:
        """A wish of nothing: what was tendered is cancelled, if it still stands."""
        try:
            await self.cancel(product, *tenders)
        except Refused as refused:
            if refused.code not in {_NOT_FOUND, _CLOSED}:
                raise

    async def _first(self, feed: Feed[Any]) -> Any:  # noqa: ANN401 - of the feed
        if feed.newest is None:
            async for _ in feed.items(from_newest=True):
                break
        return feed.newest

    async def _greet(self) -> None:
        await self._link.say(self._status, _status("online"))

    async def _leave(self) -> None:
        if not self._stays and self.connected:
            try:
                await self._link.say(self._status, _status("offline"))
            except Away:
                return  # the broker publishes the will

    def _start(self, work: Any) -> object:  # noqa: ANN401 - a coroutine
        return self._tasks.create_task(work)

    def _answered(self, document: Mapping[str, Any]) -> bool:
        return self._asking.answered(document)

    def _acknowledge(self, operation: str, push: Mapping[str, Any]) -> None:
        self._start(self._say_received(operation, push))

    async def _say_received(self, operation: str, push: Mapping[str, Any]) -> None:
        """The push comes again if this is lost, and is acknowledged then."""
        request = push["requestId"]
        payload = {
            "v": 1,
            "inResponseTo": request,
            "partyId": self.name,
            "counterPartyId": self.area,
            "marketTransactionId": push.get("marketTransactionId", request),
            "recipientTransactionId": self._asking.new_id(),
            "response": {
                "responseCode": 200,
                "responseDetail": "SUCCESS",
                "responseDescription": "OK",
                "createdDateTime": rfc3339(_now()),
                "inResponseTo": request,
            },
        }
        name = "created-transaction" if operation == "create-transaction" else operation
        topic = self._topics.acknowledgement(self.name, name)
        try:
            await self._link.say(topic, json.dumps(payload).encode())
        except Away:
            return


def _status(word: str) -> bytes:
    return json.dumps({"v": 1, "status": word}).encode()


def _now() -> Instant:
    """An app lives in real time; the market judges by its own clock."""
    return Instant(time.time_ns())  # noqa: TID251
