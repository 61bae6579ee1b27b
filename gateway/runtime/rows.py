"""What stands in the body of each kind of journal row.

Inputs of the markets: ``start checkpoint submit cancel advance negotiate snapshot`` and
``outlook`` (gateway.runtime.expected).  What came
of them: ``event reply delivery``; the body of a ``reply`` is a ``Reply``.  What parties outside
know of it: ``ack unread``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from gateway.model.canonical import Json, from_json, to_json
from gateway.model.clearing import Clearing
from gateway.model.errors import JournalFailed
from gateway.model.event import CancelReason, MarketEvent, Push, Refused
from gateway.model.negotiation import Negotiation
from gateway.model.product import Product
from gateway.model.snapshot import Snapshot
from gateway.model.tender import Party, TenderSet
from gateway.model.time import Interval
from gateway.ports.journal import Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A start of the daemon, or a changed configuration.

    Attributes:
        epoch: of the journal, part of every id.
        rules: per product id the mechanism and its revision, ``uniform-price/1``.
        together: products that share positions with the one it is about; none if that is alone.
    """

    epoch: int
    area: str
    products: tuple[Product, ...]
    parties: tuple[Party, ...]
    rules: Mapping[str, str]
    together: tuple[str, ...] = ()

    def of(self, product: str) -> "Start":
        """The same, about one product only."""
        return Start(
            epoch=self.epoch,
            area=self.area,
            products=tuple(terms for terms in self.products if terms.id == product),
            parties=self.parties,
            rules={key: rule for key, rule in self.rules.items() if key == product},
            together=self._sharing(product),
        )

    def of_products(self, products: tuple[Product, ...], rules: Mapping[str, str]) -> "Start":
        """The same with another catalogue."""
        wanted = {product.id for product in products}
        known = {key: rule for key, rule in {**self.rules, **rules}.items() if key in wanted}
        return replace(self, products=products, rules=known)

    def _sharing(self, product: str) -> tuple[str, ...]:
        resource = next((one.resource for one in self.products if one.id == product), None)
        return tuple(
            one.id for one in self.products if one.resource == resource and one.id != product
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A market's whole state: all that came before may be forgotten.

    Attributes:
        start: under what it was made, about this product only.
        dump: what ``Market.dump`` gave.
    """

    product: str
    start: Start
    dump: object


def written(state: Checkpoint) -> dict[str, Json]:
    """The body of a checkpoint's row; a dump is plain JSON already, and not copied."""
    body = cast("dict[str, Json]", to_json(replace(state, dump=None)))
    return body | {"dump": cast("Json", state.dump)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A tender set came in; ``request`` is None for the gateway's own agents.

    Attributes:
        more: sets that were given to the market in the same call.
    """

    tenders: TenderSet
    request: str | None = None
    more: tuple[TenderSet, ...] = ()

    @property
    def product(self) -> str:
        """Whose market it was given to."""
        return self.tenders.product


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """A cancellation came in; ``tenders`` None means all of the party's."""

    product: str
    party: str
    tenders: tuple[str, ...] | None
    reason: CancelReason
    request: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """The market was told the time: a gate, an unscheduled auction, or a clearing ``ahead``."""

    product: str
    unscheduled: bool
    ahead: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """Something was asked about quotes, or the time of some was over."""

    product: str
    asked: Negotiation


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the agents of a product saw when they tendered."""

    product: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What the market answered to the input row just before.

    That the set of one of the gateway's own agents was taken is not written.
    """

    product: str
    events: tuple[MarketEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Body of an ``ack`` row."""

    party: str
    push: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StillUnread:
    """Body of an ``unread`` row, after a checkpoint: all that was not acknowledged then."""

    pushes: tuple[Push, ...]


Input = Submitted | CancelAsked | Advanced | Negotiated


def worth_a_row(given: Input | None, events: Sequence[MarketEvent]) -> bool:
    """Whether a market's answer is written: not that an own agent's set was taken, as always."""
    own = isinstance(given, Submitted) and given.request is None
    return bool(events) and not (own and not any(isinstance(e, Refused | Clearing) for e in events))


def read_body(cls: type[T], row: Row) -> T:
    """The row's body as a value.

    Raises:
        JournalFailed: the body is not what its kind promises.
    """
    try:
        return from_json(cls, json.loads(row.body))
    except ValueError as error:
        message = f"journal row {row.seq} ({row.kind}) cannot be understood: {error}"
        raise JournalFailed(message) from error
