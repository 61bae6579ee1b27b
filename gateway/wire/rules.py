"""The rules of a product as a document, and the hash by which a tender quotes them."""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from gateway.model.product import Product
from gateway.model.terms import ALL_OR_NONE, NUMBERS, Purpose, TermRule
from gateway.model.time import Duration, iso_duration
from gateway.wire.payloads_state import RuleSet, RuleTerm, SegmentRules
from gateway.wire.tenders import violates
from gateway.wire.terms import UNDERSTOOD

TIE_RULE: Final = (
    "local parties before interties before the grid; inside a class pro rata in whole lots, "
    "largest remainder first, ties by sequence number"
)


@lru_cache(maxsize=256)
def segment_rules(product: Product) -> SegmentRules:
    """The rules of one product, with the hash of all the rest."""
    rules: SegmentRules = {
        "segmentId": product.id,
        "mechanism": product.mechanism,
        "priceRule": product.price_rule,
        "tieRule": TIE_RULE,
        "gateClosure": iso_duration(product.gate_lead),
        "timeOffset": iso_duration(product.offset),
        "tickSize": product.tick,
        "roundLot": product.lot,
        "priceFloor": product.price_floor,
        "priceCap": product.price_cap,
        "minTenderQuantity": product.min_quantity,
        "maxTenderQuantity": product.max_quantity,
        "streamTradingOk": product.streams.value,
        "executionInstructionsAccepted": product.execution_instructions,
        "warrants": list(product.warrants),
        "ruleSets": _rule_sets(product),
        "nonStandardTermsHandling": product.other_terms.value,
        "termsUnderstood": list(UNDERSTOOD),
        "revision": product.revision,
    }
    rules["rulesHash"] = hash_of(rules)
    return rules


def market_hash(products: Iterable[Product]) -> str:
    """The hash of ``m/rules``: of its ``segments``."""
    return hash_of([segment_rules(product) for product in products])


def hash_of(document: object) -> str:
    """``sha256:`` over the canonical JSON: sorted keys, no spaces, ASCII.

    >>> hash_of({"b": 1, "a": 2})[:20]
    'sha256:d3626ac30a87e'
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def check_hash(quoted: str | None, product: Product, products: Iterable[Product]) -> None:
    """Nothing, where no rules are quoted or those that hold now.

    Args:
        quoted: acceptsRulesHash of a request.
        product: that it is for.
        products: all of the market.

    Raises:
        Refusal: 422, naming the hash that holds now.
    """
    current = segment_rules(product)["rulesHash"]
    if quoted is None or quoted in {current, market_hash(products)}:
        return
    message = f"acceptsRulesHash: the rules of {product.id} have changed; they are now {current}"
    raise violates(message, "acceptsRulesHash")


def _rule_sets(product: Product) -> list[RuleSet]:
    by_purpose = {
        purpose: [r for r in product.rules if r.purpose is purpose] for purpose in Purpose
    }
    return [
        {"ruleSetPurpose": purpose.value, "terms": [_term(rule) for rule in rules]}
        for purpose, rules in by_purpose.items()
        if rules
    ]


def _term(rule: TermRule) -> RuleTerm:
    term: RuleTerm = {"term": rule.term}
    if rule.value is None:
        return term
    if rule.term == ALL_OR_NONE:
        term["value"] = bool(rule.value)
    elif rule.term in NUMBERS:
        term["value"] = rule.value
    else:
        term["duration"] = iso_duration(Duration(rule.value))
    return term
