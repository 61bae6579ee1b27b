"""A book of tenders as a JSON document: the product's terms, and each tender kept or refused.

Numbers are real and read as they are written; inside, prices are places on the product's grid and
quantities lots.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gateway.app.what_if.tenders import Kept, Refused, read_tender
from gateway.app.what_if.terms import Terms, Wrong, read_terms
from gateway.model.errors import WrongInput


@dataclass(frozen=True, slots=True)
class Book:
    """What a document says.

    Attributes:
        kept: in order of arrival: by sequence, those without in the document's order.
        refused: in the document's order.
    """

    terms: Terms
    kept: tuple[Kept, ...]
    refused: tuple[Refused, ...]


def read_book(text: str) -> Book:
    """The book; what is wrong with one tender never stops the rest.

    Raises:
        WrongInput: no JSON, no terms or no list of tenders.
    """
    try:
        document = json.loads(text, parse_float=Decimal, parse_constant=Decimal)
    except InvalidOperation as error:
        message = "the book is no JSON: the exponent of a number is out of all measure"
        raise WrongInput(message) from error
    except (ValueError, RecursionError) as error:
        message = f"the book is no JSON: {error}"
        raise WrongInput(message) from error
    entries = document.get("tenders") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        message = "the book is no object with a product and a list of tenders"
        raise WrongInput(message)
    terms = read_terms(document.get("product"))
    kept: dict[str, Kept] = {}
    refused: list[Refused] = []
    edges: dict[str, tuple[int, int]] = {}
    for entry in entries:
        try:
            tender = _new(read_tender(entry, terms), kept)
            edges[tender.party] = _beside(tender, edges.get(tender.party), terms.cap)
        except Wrong as error:
            refused.append(Refused(_id_of(entry), str(error)))
        else:
            kept[tender.id] = tender
    # One without a sequence arrived where it stands.
    numbered = [
        (place if one.sequence is None else one.sequence, place, one)
        for place, one in enumerate(kept.values())
    ]
    order = [one for *_, one in sorted(numbered, key=lambda entry: entry[:2])]
    return Book(terms, tuple(order), tuple(refused))


def _new(tender: Kept, kept: Container[str]) -> Kept:
    if tender.id in kept:
        message = f"id {tender.id!r} stands for an earlier tender"
        raise Wrong(message)
    return tender


def _beside(tender: Kept, edges: tuple[int, int] | None, cap: int) -> tuple[int, int]:
    """The party's highest BUY and lowest SELL with this tender: nobody trades with himself."""
    bought, sold = tender.demand.edges(cap)
    if edges is None:
        return bought, sold
    if bought >= edges[1] or edges[0] >= sold:
        message = f"it would trade with another tender of party {tender.party!r}"
        raise Wrong(message)
    return max(bought, edges[0]), min(sold, edges[1])


def _id_of(entry: object) -> str | None:
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) and found.isprintable() else None
