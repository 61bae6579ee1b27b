"""What a party hears: each topic goes to its feed; nothing that is misshapen does harm."""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from gateway.party.feed import Feed
from gateway.party.heard import (
    Clearing,
    Session,
    Transaction,
    Withdrawn,
    read_clearing,
    read_session,
    read_transaction,
    read_withdrawn,
)
from gateway.party.terms import Terms, read_terms
from gateway.wire.topics import Topics

_REMEMBERED: Final = 10_000
_log = logging.getLogger("gridtender.party")


class Inbox:
    """Everything heard of one market by one party.

    Attributes:
        gaps: how many pushes were missed so far, by their running number; they come again.
    """

    def __init__(
        self,
        topics: Topics,
        party: str,
        *,
        answered: Callable[[Mapping[str, Any]], bool],
        acknowledge: Callable[[str, Mapping[str, Any]], None],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._topics = topics
        self._party = party
        self._answered = answered
        self._acknowledge = acknowledge
        self._start = start
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._epoch: int | None = None
        self._last_seq = 0
        self.gaps = 0
        self.directory: Feed[Mapping[str, Any]] = Feed(start)
        self.terms: dict[str, Feed[Terms]] = {}
        self.sessions: dict[str, Feed[Session]] = {}
        self.clearings: dict[str, Feed[Clearing]] = {}
        self.transactions: Feed[Transaction] = Feed(start)
        self.withdrawn: Feed[Withdrawn] = Feed(start)
        self.others: Feed[tuple[str, Mapping[str, Any]]] = Feed(start)

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        shape = self._topics
        return (
            shape.directory,
            shape.product_ref("+"),
            shape.session("+"),
            shape.clearing("+"),
            shape.inbox(self._party, "#"),
        )

    def receive(self, topic: str, payload: bytes) -> None:
        """Hand a message to its feed."""
        if not payload:
            return
        try:
            put = self._read(topic, _object(payload))
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            _log.warning("%s is not understood: %r", topic, error)
            return
        put()

    def of(self, feeds: dict[str, Feed[Any]], product: str) -> Feed[Any]:
        """The product's feed."""
        return feeds.setdefault(product, Feed(self._start))

    def _read(self, topic: str, document: Mapping[str, Any]) -> Callable[[], object]:
        """What to do with it; all that can be wrong with it is found before."""
        if topic == self._topics.directory:
            return lambda: self.directory.put(document)
        match topic.removeprefix(f"{self._topics.base}/").split("/"):
            case ["p", product, "ref"]:
                terms = read_terms(document)
                return lambda: self.of(self.terms, product).put(terms)
            case ["p", product, "session"]:
                known = self.of(self.terms, product).newest
                session = read_session(document, known.interval if known else None)
                return lambda: self.of(self.sessions, product).put(session)
            case ["p", product, "clearing"]:
                clearing = read_clearing(document)
                return lambda: self.of(self.clearings, product).put(clearing)
            case ["u", self._party, "in", operation]:
                return self._private(operation, document)
            case _:
                return lambda: None

    def _private(self, operation: str, document: Mapping[str, Any]) -> Callable[[], object]:
        if document.get("inResponseTo") is not None:
            return lambda: self._answered(document)
        if operation == "create-transaction":
            transaction = read_transaction(document)
            return lambda: self._pushed(operation, document, [(self.transactions, transaction)])
        if operation == "canceled-tender" and "canceledTenders" in document:
            withdrawn = [(self.withdrawn, one) for one in read_withdrawn(document)]
            return lambda: self._pushed(operation, document, withdrawn)
        return lambda: self.others.put((operation, document))

    def _pushed(
        self, operation: str, document: Mapping[str, Any], news: list[tuple[Feed[Any], Any]]
    ) -> None:
        """Once to the app, however often it comes; acknowledged each time."""
        request = document.get("requestId")
        if request is None or request not in self._seen:
            for feed, one in news:
                feed.put(one)
            if request is not None:
                self._remember(request)
                self._count(document.get("epoch"), document.get("seq"))
        if request is not None:
            self._acknowledge(operation, document)

    def _remember(self, request: str) -> None:
        self._seen[request] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _count(self, epoch: int | None, seq: int | None) -> None:
        """A run of the gateway that was met in its middle was not missed from its beginning."""
        if epoch is None or seq is None:
            return
        first = self._epoch is None
        if epoch != self._epoch:
            self._epoch, self._last_seq = epoch, seq - 1 if first else 0
        self.gaps += max(0, seq - self._last_seq - 1)
        self._last_seq = max(seq, self._last_seq)


def _object(payload: bytes) -> Mapping[str, Any]:
    """A JSON object whose ids, where it has them, are texts and numbers."""
    document = json.loads(payload)
    ids = (document.get(key) for key in ("requestId", "inResponseTo", "epoch", "seq"))
    if any(isinstance(one, dict | list) for one in ids):
        message = "an id is no text"
        raise TypeError(message)
    return dict(document)
