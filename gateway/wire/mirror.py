"""The mirror: every fact of the house as the messages that tell the world."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from gateway.model.admittance import EnrolmentTold, RegistrationTold
from gateway.model.ahead import ForwardCurve
from gateway.model.clearing import Clearing, MarginalTender
from gateway.model.device import Device
from gateway.model.event import (
    Accepted,
    BookView,
    Cancelled,
    ClockStepped,
    ControlChanged,
    Described,
    EnergyCounted,
    Fact,
    FaultChanged,
    HealthChanged,
    LimitsChanged,
    ProductsChanged,
    Push,
    Refused,
    SessionChanged,
    StateChanged,
    WishChanged,
)
from gateway.model.forecast import Forecast
from gateway.model.harvest import DayYield
from gateway.model.intertie import TiePosition, TieState
from gateway.model.opt_out import OptOutChanged
from gateway.model.position import Position
from gateway.model.quote import QuoteChanged, QuoteRejected, RfqChanged
from gateway.model.reading import Reading
from gateway.model.seal import Sealed
from gateway.model.setpoint import SetpointStatus
from gateway.model.site import Site
from gateway.model.statement import Statement
from gateway.model.time import SECOND, Instant, rfc3339
from gateway.model.transaction import Transaction
from gateway.wire import devices, reference
from gateway.wire.because import because
from gateway.wire.border import border
from gateway.wire.forecast import forecast_payload
from gateway.wire.forward import forward_payload
from gateway.wire.harvest import day_yield
from gateway.wire.home_assistant import HomeAssistant
from gateway.wire.instruments import Instruments
from gateway.wire.ledger import key_payload, statement_payload
from gateway.wire.message import Message
from gateway.wire.newcomers import registration_message
from gateway.wire.of_gates import write_book, write_position, write_tick
from gateway.wire.operations.enrollments import enrollment_message
from gateway.wire.payloads_state import (
    ClearingPayload,
    ControlPayload,
    MarginalPayload,
    SessionPayload,
    StatusPayload,
)
from gateway.wire.pushes import transaction_message, withdrawn_message
from gateway.wire.quotes import quote_messages
from gateway.wire.readings import Readings
from gateway.wire.segments import phase
from gateway.wire.tenders import encode_interval
from gateway.wire.text import write
from gateway.wire.tie import contract_message, position_message, state_message
from gateway.wire.topics import Topics
from gateway.wire.wishes import opt_out_payload, wish_payload

_SHORTEST_EXPIRY_S = 60
_POLLS_TO_EXPIRY = 10


class Mirror:
    """Facts to messages: the same fact gives the same bytes."""

    def __init__(self, site: Site, assistant: HomeAssistant | None = None) -> None:
        self.topics = Topics(site.area)
        self._site = site
        self._products = {product.id: product for product in site.products}
        self._devices = {one.device.id: one.device for one in site.devices}
        self._border = border(site)
        self._local = self._border.local
        self._readings = Readings()
        self._instruments = Instruments(site.area)
        self._assistant = assistant

    def birth(self, now: Instant) -> Message:
        """Published after every connect."""
        payload: StatusPayload = {"v": 1, "status": "online", "since": rfc3339(now)}
        return _retained(self.topics.status, payload)

    def will(self) -> Message:
        """Published by the broker when the gateway is gone, and by a clean stop."""
        payload: StatusPayload = {"v": 1, "status": "offline"}
        return _retained(self.topics.status, payload)

    def standing(self) -> tuple[Message, ...]:
        """What does not change in this run: directory, reference data, rules, announcements."""
        return (
            *(() if self._assistant is None else self._assistant.standing()),
            *self._references(),
        )

    def _catalogue(self, changed: ProductsChanged) -> tuple[Message, ...]:
        """Reference data as it stands now; what is retained of the others is cleared elsewhere."""
        self._site = replace(self._site, products=changed.products)
        # What happened in one that is gone may still be on its way.
        self._products |= {product.id: product for product in changed.products}
        return self._references()

    def _references(self) -> tuple[Message, ...]:
        return (
            _retained(self.topics.directory, reference.directory(self._site)),
            _retained(self.topics.market_ref, reference.market_ref(self._site)),
            _retained(self.topics.market_rules, reference.rules(self._site)),
            *(
                _retained(
                    self.topics.product_ref(product.id),
                    reference.segment_ref(self._site, product),
                )
                for product in self._site.products
            ),
            *(
                contract_message(one.contract, self._products[one.contract.product])
                for one in self._site.interties
            ),
        )

    def messages(  # noqa: C901, PLR0911, PLR0912 - one arm per kind of fact
        self, fact: Fact, now: Instant
    ) -> tuple[Message, ...]:
        """What to publish, in order; ``now`` dates pushes of facts that carry no time."""
        match fact:
            case Reading():
                return (self._reading(fact),)
            case Clearing():
                return (self._clearing(fact),)
            case Transaction():
                return self._transaction(fact, now)
            case Push():
                return (self._push(fact),)
            case BookView():
                product = self._products[fact.product]
                return (self._book(fact), *self._instruments.book(fact, product, now))
            case QuoteChanged() | RfqChanged() | QuoteRejected():
                product = self._products[fact.product]
                told = quote_messages(fact, self._site.area, product, now)
                if isinstance(fact, QuoteRejected):
                    return told
                return (*told, *self._instruments.quoted(fact, product))
            case Position():
                return (self._position(fact),)
            case SessionChanged():
                return (self._session(fact), *self._instruments.over(now))
            case ProductsChanged():
                return self._catalogue(fact)
            case ControlChanged():
                return (self._control(fact),)
            case SetpointStatus() | Described() | StateChanged() | FaultChanged():
                return (self._device(fact), *self._announced(fact))
            case EnergyCounted() | DayYield() | LimitsChanged() | WishChanged() | HealthChanged():
                return (self._standing_of(fact),)
            case OptOutChanged(device=device):
                return (_retained(self.topics.opt_out(device), opt_out_payload(fact)),)
            case Forecast(what=what):
                return (_retained(self.topics.forecast(what), forecast_payload(fact)),)
            case ForwardCurve(product=product_id):
                curve = forward_payload(fact, self._products[product_id])
                return (_retained(self.topics.forward(product_id), curve),)
            case Sealed():
                return (_retained(self.topics.key, key_payload(fact)),)
            case Statement():
                return (self._statement(fact),)
            case RegistrationTold():
                return (registration_message(self._border, fact),)
            case EnrolmentTold():
                return (enrollment_message(self._border, fact, "created-enrollment", None, now),)
            case TieState(contract=contract):
                return (state_message(fact, self._products[contract.product]),)
            case TiePosition(contract=contract):
                return (position_message(fact, self._products[contract.product]),)
            case Accepted() | Refused() | Cancelled() | ClockStepped():
                return ()  # answered to the party that asked; the book view shows the rest
            case _:
                assert_never(fact)

    def _reading(self, read: Reading) -> Message:
        return Message(
            self.topics.reading(read.device),
            self._readings.write(read),
            qos=0,
            retain=True,
            expiry_s=_expiry_s(self._devices.get(read.device)),
        )

    def _device(self, fact: SetpointStatus | Described | StateChanged | FaultChanged) -> Message:
        match fact:
            case SetpointStatus(device=device):
                return _retained(self.topics.setpoint(device), devices.setpoint(fact))
            case Described(device=device):
                described = devices.description(fact, self._devices.get(device))
                return _retained(self.topics.description(device), described)
            case StateChanged(device=device):
                return _retained(self.topics.state(device), devices.state(fact))
            case FaultChanged(device=device, code=code, active=active):
                topic = self.topics.fault(device, code)
                return _retained(topic, devices.fault(fact) if active else None)
            case _:
                assert_never(fact)

    def _announced(self, fact: Fact) -> tuple[Message, ...]:
        """A device that tells what it is appears in Home Assistant with all it can do."""
        if self._assistant is None or not isinstance(fact, Described):
            return ()
        return self._assistant.messages(fact)

    def _standing_of(
        self, fact: EnergyCounted | DayYield | LimitsChanged | WishChanged | HealthChanged
    ) -> Message:
        match fact:
            case EnergyCounted(device=device):
                return _retained(self.topics.energy(device), devices.energy(fact))
            case DayYield(device=device):
                return _retained(self.topics.day_yield(device), day_yield(fact))
            case LimitsChanged(device=device):
                return _retained(self.topics.limits(device), devices.limits(fact))
            case WishChanged(device=device):
                return _retained(self.topics.wish(device), wish_payload(fact))
            case HealthChanged(device=device):
                return _retained(self.topics.health(device), devices.health(fact))
            case _:
                assert_never(fact)

    def _clearing(self, clearing: Clearing) -> Message:
        product = self._products[clearing.product]
        payload: ClearingPayload = {
            "v": 1,
            "marketId": self._site.area,
            "segmentId": clearing.product,
            "sequence": clearing.sequence,
            "clearedAt": rfc3339(clearing.at),
            "instrument": encode_interval(clearing.instrument),
            "interval": encode_interval(clearing.interval),
            "scheduled": clearing.scheduled,
            "price": clearing.price,
            "referencePrice": clearing.reference_price,
            "priceScale": product.price_scale,
            "priceUnit": product.price_unit,
            "currency": product.currency,
            "volume": clearing.quantity,
            "quantityScale": product.quantity_scale,
            "resourceUnit": product.unit,
            "clearingType": clearing.type.value,
            "priceRange": [clearing.low, clearing.high],
            "marginal": [_marginal(step) for step in clearing.marginal],
            "nextCheaper": _neighbour(clearing.next_cheaper),
            "nextDearer": _neighbour(clearing.next_dearer),
            "congestionPrice": clearing.congestion,
            "rejectedBlocks": list(clearing.rejected_blocks),
            "bookRevision": clearing.book_revision,
            "because": because(clearing, product),
        }
        return _retained(self.topics.clearing(clearing.product), payload)

    def _transaction(self, transaction: Transaction, now: Instant) -> tuple[Message, ...]:
        product = self._products[transaction.product]
        tick = Message(
            self.topics.tick(transaction.product, "transaction"),
            write_tick(transaction, product),
            qos=0,
        )
        return (tick, *self._instruments.traded(transaction, product, now))

    def _push(self, push: Push) -> Message:
        match push.fact:
            case Transaction(product=product):
                return transaction_message(self._site.area, push, self._products[product])
            case Cancelled():
                return withdrawn_message(self._site.area, push)

    def _book(self, view: BookView) -> Message:
        topic = self.topics.tenders(view.product, view.party)
        product = self._products[view.product]
        payload = write_book(view, self._site.area, product) if view.sets else b""
        return self._of_party(view.party, topic, payload)

    def _position(self, position: Position) -> Message:
        topic = self.topics.position(position.party, position.product)
        product = self._products[position.product]
        payload = write_position(position, self._site.area, product) if position.steps else b""
        return self._of_party(position.party, topic, payload)

    def _of_party(self, party: str, topic: str, payload: bytes) -> Message:
        """A view of a party.  Those of the gateway's own are many, and replaced at each gate."""
        qos = 0 if payload and party in self._local else 1
        return Message(topic, payload, qos=qos, retain=True)

    def _statement(self, told: Statement) -> Message:
        """One without accounts is too old to be shown."""
        topic = self.topics.statement(told.party, told.day)
        if not told.accounts:
            return _retained(topic, None)
        site = self._site
        return _retained(topic, statement_payload(told, site.area, site.timezone, self._products))

    def _session(self, changed: SessionChanged) -> Message:
        product = self._products[changed.product]
        opened = Instant(changed.gate - product.interval)
        payload: SessionPayload = {
            "v": 1,
            "marketId": self._site.area,
            "segmentId": changed.product,
            "sessionStatus": changed.status.value,
            "currentTradingPhase": phase(product, changed.status),
            "sessionStart": rfc3339(opened),
            "sessionOpen": rfc3339(opened),
            "sessionClose": rfc3339(changed.gate),
            "tradeableInstrumentRange": encode_interval(changed.interval),
            "messageTimeStamp": rfc3339(changed.at),
        }
        return _retained(self.topics.session(changed.product), payload)

    def _control(self, changed: ControlChanged) -> Message:
        until = changed.control.until
        payload: ControlPayload = {
            "v": 1,
            "mode": changed.control.mode.value,
            "until": None if until is None else rfc3339(until),
            "at": rfc3339(changed.at),
            "by": changed.by,
        }
        return _retained(self.topics.control, payload)


def _retained(topic: str, payload: Mapping[str, object] | None) -> Message:
    return Message(topic, b"" if payload is None else write(payload), retain=True)


def _expiry_s(device: Device | None) -> int:
    poll_s = 0 if device is None else device.poll // SECOND
    return max(_SHORTEST_EXPIRY_S, _POLLS_TO_EXPIRY * poll_s)


def _marginal(step: MarginalTender) -> MarginalPayload:
    return {
        "partyId": step.party,
        "tenderId": step.tender,
        "side": step.side.value,
        "price": step.price,
        "quantity": step.quantity,
        "filled": step.filled,
    }


def _neighbour(step: MarginalTender | None) -> MarginalPayload | None:
    return None if step is None else _marginal(step)
