"""A market above, met over MQTT as one of its parties."""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.model.errors import BrokerUnavailable
from gateway.model.intertie import IntertieSettings, ParentTerms
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import POWER
from gateway.model.tender import Side, TenderSet
from gateway.model.time import Instant, parse_iso_duration, parse_rfc3339
from gateway.party.errors import NotAdmitted
from gateway.party.heard import read_interval
from gateway.party.link import Address, Away, Link
from gateway.ports.parent import Award, Cleared, Session
from gateway.wire.tender_documents import encode_submission
from gateway.wire.text import write
from gateway.wire.topics import Topics

_ANSWER_S: Final = 2.0
_OK: Final = 200
_KEPT: Final = 8  # instruments whose standing tenders are remembered


class MqttParent:
    """Implements the parent port: a link to its broker, and what is said over it."""

    def __init__(self, settings: IntertieSettings) -> None:
        contract = settings.contract
        self._settings = settings
        self._party = settings.username
        self._topics = Topics(contract.parent)
        self._product = contract.parent_product
        self._terms: ParentTerms | None = None
        self._session: Session | None = None
        self._away = f"{settings.url} was not reached yet"
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._standing: dict[Instant, tuple[str, ...]] = {}
        self._unsaid: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._link: Link | None = None
        # The requests of an earlier run are remembered there for a day.
        self._stem, self._number = secrets.token_hex(6), 0
        self.on_award: Callable[[Award], None] = lambda _award: None
        self.on_cleared: Callable[[Cleared], None] = lambda _cleared: None
        self._log = structlog.get_logger().bind(intertie=contract.tie)
        self._readers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            self._topics.status: self._status,
            self._topics.product_ref(self._product): self._reference,
            self._topics.session(self._product): self._traded_next,
            self._topics.clearing(self._product): self._clearing,
            self._topics.inbox(self._party, "create-transaction"): self._transaction,
            self._topics.inbox(self._party, "created-tender"): self._answer,
            self._topics.inbox(self._party, "canceled-tender"): self._answer,
        }

    @property
    def away(self) -> str:
        """Why the parent does not hear us; empty while it does."""
        if self._link is None or not self._link.connected.is_set():
            return self._away
        return "" if self._terms is not None else f"{self._settings.contract.parent} is offline"

    @property
    def terms(self) -> ParentTerms | None:
        """Of its product; None before they were heard, and while it is offline."""
        return self._terms

    @property
    def session(self) -> Session | None:
        """The newest that was heard."""
        return self._session

    async def run(self) -> None:
        """Be connected, until cancelled.

        Raises:
            BrokerUnavailable: the password cannot be read, or the broker does not let us in.
        """
        self._link = link = Link(
            self._address(),
            filters=tuple(self._readers),
            will=(f"{self._topics.base}/u/{self._party}/status", write(_status("offline"))),
            receive=self._receive,
            greet=self._greet,
        )
        self._away = f"{self._settings.url} is not reached"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._linked(link), name=f"link[{self._settings.contract.tie}]")
            tasks.create_task(self._say_what_waits(), name="acknowledgements")

    async def state(self, tenders: TenderSet) -> str:
        """State the whole requirement for an interval; why it was refused, or empty.

        Raises:
            BrokerUnavailable: nobody heard it, or nobody answered in time.
        """
        start = tenders.interval.start
        before = self._standing.pop(start, ())
        if tenders.tenders:
            answer = await self._ask("create-tender", self._creation(tenders))
        elif before:
            answer = await self._ask("cancel-tender", {"tenderIds": list(before)})
        elif self.away:
            raise BrokerUnavailable(self.away)
        else:
            return ""
        response = answer["response"]
        if response["responseCode"] == _OK:
            self._standing[start] = tuple(tender.id for tender in tenders.tenders)
            for old in sorted(self._standing)[:-_KEPT]:
                del self._standing[old]
            return ""
        self._standing[start] = before
        return f"{response['responseCode']} {response['responseDescription']}"

    def acknowledge(self, award: Award, refused: str) -> None:
        """Tell the parent that the award was taken, or why it was not."""
        payload = {
            "v": 1,
            "inResponseTo": award.id,
            "partyId": self._party,
            "counterPartyId": self._settings.contract.parent,
            "marketTransactionId": award.id,
            "response": {
                "responseCode": 422 if refused else _OK,
                "responseDetail": "RULES_VIOLATION" if refused else "SUCCESS",
                "responseDescription": refused or "OK",
                "inResponseTo": award.id,
            },
        }
        topic = self._topics.acknowledgement(self._party, "created-transaction")
        self._unsaid.put_nowait((topic, write(payload)))

    # What goes out.

    def _address(self) -> Address:
        """The password is read anew at every start.

        Raises:
            BrokerUnavailable: its file cannot be read.
        """
        given, password = self._settings, None
        if given.password_file is not None:
            try:
                text = Path(given.password_file).read_text("utf-8")
            except OSError as error:
                message = f"the password file {given.password_file} cannot be read: {error}"
                raise BrokerUnavailable(message) from error
            password = text.partition("\n")[0].strip() or None
        return Address(url=given.url, user=given.username, password=password, ca=given.ca or "")

    async def _linked(self, link: Link) -> None:
        """Connected as long as it goes.

        Raises:
            BrokerUnavailable: the broker does not let this area in.
        """
        try:
            await link.run()
        except NotAdmitted as error:
            self._away = str(error)
            raise BrokerUnavailable(self._away) from error

    async def _greet(self) -> None:
        topic = f"{self._topics.base}/u/{self._party}/status"
        self._unsaid.put_nowait((topic, write(_status("online"))))

    async def _say_what_waits(self) -> None:
        while True:
            topic, payload = await self._unsaid.get()
            if self._link is None:
                continue
            try:
                await self._link.connected.wait()
                await self._link.say(topic, payload)
            except Away as error:
                self._log.debug("intertie.unsaid", topic=topic, reason=str(error))

    def _creation(self, tenders: TenderSet) -> dict[str, Any]:
        contract, terms = self._settings.contract, self._terms
        if terms is None:
            raise BrokerUnavailable(self.away)
        request = SubmitTenders(party=self._party, request_id="later", tenders=tenders)
        return dict(encode_submission(request, contract.parent, _product(self._product, terms)))

    async def _ask(self, operation: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of the parent.

        Raises:
            BrokerUnavailable: there is none in time.
        """
        if self._link is None:
            raise BrokerUnavailable(self.away)
        self._number += 1
        request, parent = f"{self._stem}.{self._number}", self._settings.contract.parent
        message = {
            **payload,
            "requestId": request,
            "partyId": self._party,
            "counterPartyId": parent,
            "marketId": parent,
            "segmentId": self._product,
        }
        answer = self._waiting[request] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_ANSWER_S):
                topic = self._topics.request(self._party, self._product, operation)
                await self._link.say(topic, write(message))
                found: Mapping[str, Any] = await answer
                return found
        except (Away, TimeoutError) as error:
            message_ = f"{parent} did not answer: {str(error) or 'too late'}"
            raise BrokerUnavailable(message_) from error
        finally:
            del self._waiting[request]

    # What comes in.

    def _receive(self, topic: str, payload: bytes) -> None:
        reader = self._readers.get(topic)
        if reader is None or not payload:
            return
        try:
            reader(json.loads(payload))
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            self._log.warning("intertie.message_ignored", topic=topic, reason=repr(error))

    def _status(self, document: Mapping[str, Any]) -> None:
        if document["status"] != "online":
            self._terms = self._session = None

    def _reference(self, document: Mapping[str, Any]) -> None:
        product = document["product"]
        terms = ParentTerms(
            interval=parse_iso_duration(product["duration"]),
            price_scale=int(document["priceScale"]),
            quantity_scale=int(product["quantityScale"]),
            unit=product["resourceUnit"],
            currency=document["currency"],
            tick=int(document["tickSize"]),
            lot=int(document["roundLot"]),
            price_floor=int(document["priceFloor"]),
            price_cap=int(document["priceCap"]),
            lead=parse_iso_duration(document["gateClosure"]),
        )
        if terms.tick < 1 or terms.lot < 1 or terms.interval < 1:
            message = f"tickSize {terms.tick}, roundLot {terms.lot} or duration is less than 1"
            raise ValueError(message)
        self._terms = terms

    def _traded_next(self, document: Mapping[str, Any]) -> None:
        self._session = Session(
            interval=read_interval(document["tradeableInstrumentRange"]),
            gate=parse_rfc3339(document["sessionClose"]),
        )

    def _clearing(self, document: Mapping[str, Any]) -> None:
        instrument = read_interval(document["instrument"])
        price = document["price"]
        self.on_cleared(Cleared(instrument=instrument, price=None if price is None else int(price)))

    def _transaction(self, document: Mapping[str, Any]) -> None:
        tender = document["transaction"]["tender"]
        detail = tender["tenderDetail"]
        self.on_award(
            Award(
                id=document["marketTransactionId"],
                tender=tender["tenderId"],
                interval=read_interval(detail["interval"]),
                quantity=Side(tender["side"]).sign * int(detail["quantity"]),
                price=int(detail["price"]),
            )
        )

    def _answer(self, document: Mapping[str, Any]) -> None:
        waiting = self._waiting.get(document["inResponseTo"] or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(document)


def _status(word: str) -> dict[str, object]:
    return {"v": 1, "status": word}


def _product(name: str, terms: ParentTerms) -> Product:
    """As much of the parent's product as its tenders are written with."""
    return Product(
        id=name,
        resource=POWER,
        unit=terms.unit,
        interval=terms.interval,
        price_scale=terms.price_scale,
        quantity_scale=terms.quantity_scale,
    )
