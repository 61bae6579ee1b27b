"""What every gate tells of every party, as text: its book, its position and the ticker.

With a hundred parties these are three hundred documents a gate, alike but for a few numbers, so
they are written around those numbers: 3 us each instead of 20.
"""

from functools import lru_cache

from gateway.model.event import BookView
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.tender import Tender, TenderSet
from gateway.model.time import Interval, iso_duration, rfc3339
from gateway.model.transaction import Transaction
from gateway.wire.payloads import Stream
from gateway.wire.positions import bounding, stream
from gateway.wire.text import encoded

_quoted = lru_cache(maxsize=1024)(encoded)


def write_position(position: Position, area: str, product: Product) -> bytes:
    """``u/U/pos/P`` (``PositionPayload``): the exact steps, and the stream of equal intervals."""
    steps = ",".join(
        f'{{{_interval(step.interval)},"quantity":{step.quantity}}}' for step in position.steps
    )
    return (
        f'{{"v":1,"positionParty":{_quoted(position.party)},"marketId":{_quoted(area)},'
        f'"segmentId":{_quoted(product.id)},"resourceDesignator":{_quoted(product.resource)},'
        f'"quantityScale":{product.quantity_scale},"steps":[{steps}]{_bounded(position)}}}'
    ).encode()


def write_book(view: BookView, area: str, product: Product) -> bytes:
    """``p/P/tender/U`` (``BookPayload``): the live sets of one party."""
    sets = ",".join(_tender_set(tenders, product) for tenders in view.sets)
    return (
        f'{{"v":1,"partyId":{_quoted(view.party)},"marketId":{_quoted(area)},'
        f'"segmentId":{_quoted(view.product)},"sets":[{sets}]}}'
    ).encode()


def write_tick(transaction: Transaction, product: Product) -> bytes:
    """``p/P/tick/transaction`` (``TransactionTick``)."""
    return (
        f'{{"v":1,"segmentId":{_quoted(transaction.product)},'
        f'"marketTransactionId":{encoded(transaction.id)},"partyId":{_quoted(transaction.party)},'
        f'"counterPartyId":{_quoted(transaction.counter_party)},'
        f'"side":"{transaction.side.value}","price":{transaction.price},'
        f'"priceScale":{product.price_scale},"quantity":{transaction.quantity},'
        f'"quantityScale":{product.quantity_scale},'
        f'"interval":{{{_interval(transaction.interval)}}},"clearing":{transaction.clearing}}}'
    ).encode()


@lru_cache(maxsize=64)
def _interval(interval: Interval) -> str:
    """``IntervalPayload`` without its braces; at one gate they are all the same few."""
    start, duration = rfc3339(interval.start), iso_duration(interval.duration)
    return f'"dtStart":"{start}","duration":"{duration}"'


def _bounded(position: Position) -> str:
    within = bounding(position.steps)
    if within is None:
        return ""
    equal = stream(position.steps, within)
    positions = "" if equal is None else f',"positions":{_stream(equal)}'
    return f',"boundingInterval":{{{_interval(within)}}}{positions}'


def _stream(equal: Stream) -> str:
    pieces = ",".join(
        f'{{"streamUid":{piece["streamUid"]},'
        f'"streamIntervalQuantity":{piece["streamIntervalQuantity"]},'
        f'"streamIntervalPrice":{piece["streamIntervalPrice"]}}}'
        for piece in equal["streamIntervals"]
    )
    return (
        f'{{"streamStart":"{equal["streamStart"]}",'
        f'"streamIntervalDuration":"{equal["streamIntervalDuration"]}",'
        f'"streamIntervals":[{pieces}]}}'
    )


def _tender_set(tenders: TenderSet, product: Product) -> str:
    one_by_one = ",".join(_tender(one, tenders.interval, product) for one in tenders.tenders)
    netting = "true" if tenders.netting else "false"
    return f'{{"netting":{netting},"revision":{tenders.revision},"tenders":[{one_by_one}]}}'


def _tender(tender: Tender, interval: Interval, product: Product) -> str:
    all_or_none = "true" if tender.all_or_none else "false"
    expires = (
        "" if tender.expiration is None else f',"expirationTime":"{rfc3339(tender.expiration)}"'
    )
    return (
        f'{{"tenderId":{_quoted(tender.id)},"side":"{tender.side.value}",'
        f'"resourceDesignator":{_quoted(product.resource)},"priceScale":{product.price_scale},'
        f'"quantityScale":{product.quantity_scale},"allOrNone":{all_or_none},'
        f'"tenderDetail":{{"interval":{{{_interval(interval)}}},"price":{tender.price},'
        f'"quantity":{tender.quantity}}}{expires}{_seldom(tender)}}}'
    )


def _seldom(tender: Tender) -> str:
    """What few tenders have; a price stated against another is shown as what it came to."""
    if not (tender.instructions or tender.warrants):
        return ""
    codes, names = tender.instructions, ",".join(map(_quoted, tender.warrants))
    told = f',"executionInstructions":{_quoted(codes)}' if codes else ""
    return told + (f',"warrants":[{names}]' if names else "")
