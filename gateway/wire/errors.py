"""Refusals as a table: when a request gets which code, and what its sender can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.event import Detail, ResponseCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One kind of refusal.

    Attributes:
        details: that come with the code.
        when: what was found; ``do``: what the party that asked can do.
    """

    code: ResponseCode
    details: tuple[Detail, ...]
    when: str
    do: str


OUTCOMES: Final[Sequence[Outcome]] = (
    Outcome(
        code=ResponseCode.INVALID_ARTIFACT,
        details=(Detail.INVALID_ARTIFACT,),
        when="not JSON, NaN or infinite, deeper than 16, over 64 KiB, a field missing or of the "
        "wrong type",
        do="mend the message by its schema (`gridtender schema`); repeating it cannot help",
    ),
    Outcome(
        code=ResponseCode.NOT_AUTHORIZED,
        details=(Detail.NOT_AUTHORIZED, Detail.PARTY_RESTRICTED),
        when="topic and payload name different parties or products; somebody else's position; no "
        "party of this market",
        do="name yourself as your user name does; PARTY_RESTRICTED: ask the owner",
    ),
    Outcome(
        code=ResponseCode.NOT_FOUND,
        details=(
            Detail.INVALID_MARKET,
            Detail.INVALID_SEGMENT,
            Detail.INVALID_INSTRUMENT,
            Detail.INVALID_REFERENCE,
        ),
        when="unknown market, product, instrument, operation, tender or quote",
        do="take the names from `dir`, the grid of intervals from `p/P/ref`; what you refer to may "
        "have ended",
    ),
    Outcome(
        code=ResponseCode.DUPLICATE,
        details=(Detail.DUPLICATE,),
        when="the same id with other content, or withdrawn before",
        do="give a new id; to repeat a request send the same bytes",
    ),
    Outcome(
        code=ResponseCode.RULES_VIOLATION,
        details=(Detail.RULES_VIOLATION,),
        when="quantity not positive, off tick or lot, outside the caps, expired, over budget, a "
        "rule of the product not kept",
        do="`termsViolated` names each term; `m/rules` and `p/P/ref` say what is allowed",
    ),
    Outcome(
        code=ResponseCode.TRADING_CLOSED,
        details=(Detail.TRADING_CLOSED,),
        when="the gate is closed, or the owner's mode is not `act`",
        do="tender for a later interval; wait until `m/control` says `act`",
    ),
    Outcome(
        code=ResponseCode.FORCE_MAJEURE,
        details=(Detail.FORCE_MAJEURE,),
        when="the journal or the market is halted: nothing of the request was taken",
        do="send the same request again once `p/P/session` is OPEN",
    ),
)
