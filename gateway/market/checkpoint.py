"""A book as integers, strings and lists, and back: what the journal keeps between starts."""

from collections.abc import Iterator
from typing import Final, NotRequired, TypedDict, cast

from gateway.market.book import Ended, InstrumentBook, Requirement
from gateway.market.numbers import NumbersDump
from gateway.market.positions import PositionsDump
from gateway.model.canonical import Json
from gateway.model.event import Cancelled, CancelReason
from gateway.model.product import MAX_QUANTITY, Product
from gateway.model.tender import Party, Side, Tender
from gateway.model.terms import OtherTerms, PriceBase, PriceKind, Streams
from gateway.model.time import Instant, Interval

TenderDump = list[int | str | None]
"""[sequence, id, side, price, quantity, all or none (0 or 1), expiration or null]

Then, where one of them is not empty: warrants (with spaces between), instructions, stream,
exclusive, and of a price base kind, value, product and the price found, or nothing.
"""


CancelledDump = list[int | str]
"""[party, tender, order, remaining] of a SUPERVISORY cancellation that was not yet told"""


class RequirementDump(TypedDict):
    """A live netting set."""

    party: str
    revision: int
    sequence: int
    tenders: list[TenderDump]


class IncrementDump(TypedDict):
    """An increment: ``remaining`` of it is open, 0 once it ended; ``filled`` was traded."""

    party: str
    remaining: int
    filled: int
    tender: TenderDump


class BookDump(TypedDict):
    """One instrument."""

    interval: list[int]
    cleared: list[int] | None
    requirements: list[RequirementDump]
    increments: list[IncrementDump]
    revisions: dict[str, int]


class Dump(TypedDict):
    """A market between two calls."""

    terms: list[int | str]
    following: list[int] | None
    sequence: int
    revision: int
    last_price: int | None
    numbers: NumbersDump
    books: list[BookDump]
    positions: PositionsDump | None
    unsaid: list[CancelledDump]
    quotes: NotRequired[Json]


def terms(product: Product) -> list[int | str]:
    """What tenders rest on; under other terms they are cancelled at the next start."""
    return [
        product.revision,
        product.interval,
        product.offset,
        product.price_scale,
        product.quantity_scale,
        product.tick,
        product.lot,
        product.price_floor,
        product.price_cap,
        product.mechanism,
        product.price_rule,
        *_rules_of(product),
    ]


def _rules_of(product: Product) -> list[str]:
    """The rules for parties from outside, each that is set; older dumps know none."""
    least_and_most = (product.min_quantity, product.max_quantity)
    rules = [f"{r.purpose} {r.term} {r.value}" for r in product.rules]
    rules += [f"warrant {warrant}" for warrant in product.warrants]
    if least_and_most != (1, MAX_QUANTITY):
        rules.append("quantity {} {}".format(*least_and_most))
    if product.streams is not Streams.PERMITTED:
        rules.append(product.streams.value)
    if product.execution_instructions:
        rules.append(f"instructions {product.execution_instructions}")
    if product.negotiations:
        rules.append("negotiations")
    if product.maker:
        rules.append(f"maker {product.maker}")
    if product.other_terms is not OtherTerms.REJECT:
        rules.append(f"other terms {product.other_terms}")
    return rules


def interval_dump(interval: Interval | None) -> list[int] | None:
    """[start, end] or null."""
    return None if interval is None else [interval.start, interval.end]


def interval_load(dump: list[int] | None) -> Interval | None:
    """The inverse of ``interval_dump``."""
    return None if dump is None else Interval(Instant(dump[0]), Instant(dump[1]))


def dump_cancelled(event: Cancelled) -> CancelledDump:
    """A cancellation made at a start, which the next ``advance`` tells."""
    return [event.party, event.tender, event.order, event.remaining]


def load_cancelled(product: str, dump: CancelledDump) -> Cancelled:
    """The inverse of ``dump_cancelled``."""
    party, tender, order, remaining = dump
    return Cancelled(
        party=str(party),
        product=product,
        tender=str(tender),
        order=str(order),
        reason=CancelReason.SUPERVISORY,
        remaining=int(remaining),
    )


def dump_book(book: InstrumentBook) -> BookDump:
    """The book's live and ended tenders."""
    return BookDump(
        interval=[book.interval.start, book.interval.end],
        cleared=interval_dump(book.cleared),
        requirements=[
            RequirementDump(
                party=requirement.party.id,
                revision=requirement.revision,
                sequence=requirement.sequence,
                tenders=[_dump_tender(*numbered) for numbered in requirement.numbered],
            )
            for requirement in book.requirements.values()
        ],
        increments=[*_open_increments(book), *_ended_increments(book)],
        revisions=dict(sorted(book.revisions.items())),
    )


def load_book(
    dump: BookDump, book: InstrumentBook, parties: dict[str, Party]
) -> list[tuple[str, int, str, int]]:
    """Fill an empty book; positions are netted when it is next asked for a price.

    Returns:
        (party, sequence, tender id, remaining) of tenders whose party is not there any more.
    """
    orphans: list[tuple[str, int, str, int]] = []
    for requirement in dump["requirements"]:
        numbered = [_load_tender(tender) for tender in requirement["tenders"]]
        party = parties.get(requirement["party"])
        if party is None:
            orphans += ((requirement["party"], n, t.id, t.quantity) for n, t in numbered)
            continue
        revision, sequence = requirement["revision"], requirement["sequence"]
        tenders, numbers = tuple(t for _, t in numbered), tuple(n for n, _ in numbered)
        book.require(Requirement(party, revision, sequence, tenders, numbers))
    for increment in dump["increments"]:
        sequence, tender = _load_tender(increment["tender"])
        party_id, remaining = increment["party"], increment["remaining"]
        party = parties.get(party_id)
        if remaining and party is None:
            orphans.append((party_id, sequence, tender.id, remaining))
        elif remaining and party is not None:
            book.add(party, tender, sequence, remaining)
        else:
            ended = Ended(party_id, sequence, tender, increment["filled"])
            book.ended.setdefault(party_id, {})[tender.id] = ended
    book.revisions.update(dump["revisions"])
    book.cleared = interval_load(dump["cleared"])
    book.remember_standing()
    return orphans


def live_tenders(dump: BookDump) -> Iterator[tuple[str, int, str, int]]:
    """(party, sequence, tender id, remaining) of every live tender of a dumped book."""
    for requirement in dump["requirements"]:
        for numbered in requirement["tenders"]:
            sequence, tender = _load_tender(numbered)
            yield requirement["party"], sequence, tender.id, tender.quantity
    for increment in dump["increments"]:
        sequence, tender = _load_tender(increment["tender"])
        if increment["remaining"]:
            yield increment["party"], sequence, tender.id, increment["remaining"]


def _open_increments(book: InstrumentBook) -> Iterator[IncrementDump]:
    for party, steps in book.increments.items():
        for step in steps.values():
            if step.tender is not None:
                yield IncrementDump(
                    party=party,
                    remaining=step.quantity,
                    filled=step.tender.quantity - step.quantity,
                    tender=_dump_tender(step.sequence, step.tender),
                )


def _ended_increments(book: InstrumentBook) -> Iterator[IncrementDump]:
    for party, ends in book.ended.items():
        for end in ends.values():
            yield IncrementDump(
                party=party,
                remaining=0,
                filled=end.filled,
                tender=_dump_tender(end.sequence, end.tender),
            )


def _dump_tender(sequence: int, tender: Tender) -> TenderDump:
    dump: TenderDump = [
        sequence,
        tender.id,
        tender.side.value,
        tender.price,
        tender.quantity,
        int(tender.all_or_none),
        tender.expiration,
    ]
    base = tender.base
    more = [" ".join(tender.warrants), tender.instructions, tender.stream, tender.exclusive]
    if any(more) or base is not None:
        dump += more
    if base is not None:
        dump += [base.kind.value, base.value, base.product, base.found]
    return dump


_SIDES: Final = {side.value: side for side in Side}
_PLAIN: Final = 7
"""So long is the dump of a tender with nothing further; there may be tens of thousands."""


def _load_tender(dump: TenderDump) -> tuple[int, Tender]:
    if len(dump) == _PLAIN:
        sequence, name, side, price, quantity, all_or_none, expiration = dump
        return cast("int", sequence), Tender(
            id=cast("str", name),
            side=_SIDES[cast("str", side)],
            price=cast("int", price),
            quantity=cast("int", quantity),
            all_or_none=bool(all_or_none),
            expiration=cast("Instant | None", expiration),
        )
    sequence, name, side, price, quantity, all_or_none, expiration, *more = dump
    warrants, instructions, stream, exclusive = map(str, more[:4] or ("",) * 4)
    return int(sequence or 0), Tender(
        id=str(name),
        side=_SIDES[str(side)],
        price=int(price or 0),
        quantity=int(quantity or 0),
        all_or_none=bool(all_or_none),
        expiration=None if expiration is None else Instant(int(expiration)),
        warrants=tuple(warrants.split()),
        instructions=instructions,
        stream=stream,
        exclusive=exclusive,
        base=_load_base(more[4:]),
    )


def _load_base(dump: TenderDump) -> PriceBase | None:
    if not dump:
        return None
    kind, value, product, found = dump
    return PriceBase(
        kind=PriceKind(str(kind)),
        value=int(value or 0),
        product=str(product),
        found=int(found or 0),
    )
