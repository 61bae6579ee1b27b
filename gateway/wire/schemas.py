"""JSON Schemas of every payload, by topic shape."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from gateway.wire import (
    forecast,
    forward,
    payloads,
    payloads_instruments,
    payloads_ledger,
    payloads_parties,
    payloads_quotes,
    payloads_standing,
    payloads_state,
    payloads_tie,
    wishes,
)
from gateway.wire.filters import matches

SHAPES: Final[Mapping[str, Any]] = {
    "status": payloads_state.StatusPayload,
    "dir": payloads_state.DirectoryPayload,
    "m/ref": payloads_state.MarketRefPayload,
    "m/rules": payloads_state.RulesPayload,
    "m/control": payloads_state.ControlPayload,
    "p/P/ref": payloads_state.SegmentRefPayload,
    "p/P/session": payloads_state.SessionPayload,
    "p/P/tender/U": payloads_state.BookPayload,
    "p/P/quote/QID": payloads_quotes.StandingQuote,
    "p/P/rfq/RID": payloads_quotes.StandingRfq,
    "p/P/forward": forward.ForwardPayload,
    "p/P/clearing": payloads_state.ClearingPayload,
    "p/P/tick/transaction": payloads_state.TransactionTick,
    "p/P/tick/tender": payloads_instruments.Tick,
    "p/P/tick/quote": payloads_instruments.Tick,
    "p/P/tick/rfq": payloads_instruments.Tick,
    "p/P/book/START": payloads_instruments.InstrumentBook,
    "p/P/price/START": payloads_instruments.InstrumentSession,
    "d/D/desc": payloads_state.DescriptionPayload,
    "d/D/state": payloads_state.StatePayload,
    "d/D/reading": payloads_state.ReadingPayload,
    "d/D/set": payloads_state.SetpointPayload,
    "d/D/fault/CODE": payloads_state.FaultPayload,
    "d/D/energy": payloads_state.EnergyPayload,
    "d/D/yield": payloads_state.YieldPayload,
    "f/WHAT": forecast.ForecastPayload,
    "d/D/limits": payloads_state.LimitsPayload,
    "d/D/wish": wishes.WishPayload,
    "d/D/opt-out": wishes.OptOutPayload,
    "d/D/health": payloads_state.HealthPayload,
    "u/U/status": payloads_state.StatusPayload,
    "u/U/pos/P": payloads.PositionPayload,
    "u/U/req/P/create-tender": payloads.CreateTender,
    "u/U/req/P/create-stream-tender": payloads.CreateStreamTender,
    "u/U/req/P/cancel-tender": payloads.CancelTender,
    "u/U/req/P/request-position": payloads.RequestPosition,
    "u/U/req/P/create-quote": payloads_quotes.CreateQuote,
    "u/U/req/P/cancel-quote": payloads_quotes.CancelQuote,
    "u/U/req/P/accept-quote": payloads_quotes.AcceptQuote,
    "u/U/req/P/reject-quote": payloads_quotes.RejectQuote,
    "u/U/req/P/create-rfq": payloads_quotes.CreateRfq,
    "u/U/opt": payloads_standing.OptPayload,
    "u/U/req/market/create-opt": payloads_standing.CreateOpt,
    "u/U/req/market/cancel-opt": payloads_standing.CancelOpt,
    "u/U/req/market/create-avail": payloads_standing.CreateAvail,
    "u/U/in/created-opt": payloads_standing.StandingAnswer,
    "u/U/in/canceled-opt": payloads_standing.StandingAnswer,
    "u/U/in/created-avail": payloads_standing.StandingAnswer,
    "u/U/in/created-tender": payloads.CreatedTender,
    "u/U/in/created-stream-tender": payloads.CreatedStreamTender,
    "u/U/in/canceled-tender": payloads.CanceledTender,
    "u/U/in/reply-position": payloads.ReplyPosition,
    "u/U/in/create-transaction": payloads.CreateTransaction,
    "u/U/in/created-quote": payloads_quotes.CreatedQuote,
    "u/U/in/canceled-quote": payloads_quotes.CanceledQuote,
    "u/U/in/accepted-quote": payloads_quotes.AcceptedQuote,
    "u/U/in/rejected-quote": payloads_quotes.RejectedQuote,
    "u/U/in/created-rfq": payloads_quotes.CreatedRfq,
    "u/U/in/create-quote": payloads_quotes.PushedQuote,
    "u/U/in/create-rfq": payloads_quotes.PushedRfq,
    "u/U/in/response": payloads.ResponseMessage,
    "m/key": payloads_ledger.KeyPayload,
    "u/U/req/P/request-delivery": payloads_ledger.RequestDelivery,
    "u/U/in/reply-delivery": payloads_ledger.ReplyDelivery,
    "u/U/statement/YYYYMMDD": payloads_ledger.StatementPayload,
    "tie/B/contract": payloads_tie.TieContractPayload,
    "tie/B/state": payloads_tie.TieStatePayload,
    "tie/B/pos": payloads_tie.TiePositionPayload,
    "u/U/req/P/create-enrollment": payloads_parties.CreateEnrollment,
    "u/U/req/P/request-enrollment": payloads_parties.RequestEnrollment,
    "u/U/req/P/cancel-enrollment": payloads_parties.CancelEnrollment,
    "u/U/req/P/request-party-registration": payloads_parties.RequestPartyRegistration,
    "u/U/req/P/cancel-party-registration": payloads_parties.CancelPartyRegistration,
    "u/U/in/created-enrollment": payloads_parties.CreatedEnrollment,
    "u/U/in/reply-enrollment": payloads_parties.ReplyEnrollment,
    "u/U/in/canceled-enrollment": payloads_parties.CanceledEnrollment,
    "u/U/in/reply-party-registration": payloads_parties.ReplyPartyRegistration,
    "u/U/in/canceled-party-registration": payloads_parties.CanceledPartyRegistration,
    "reg/CLIENTID/create-party-registration": payloads_parties.CreatePartyRegistration,
    "reg/CLIENTID/created-party-registration": payloads_parties.CreatedPartyRegistration,
    "u/U/req/market/manage-market-reference-data": payloads_instruments.Manage,
    "u/U/req/P/manage-segment-reference-data": payloads_instruments.Manage,
    "u/U/req/P/manage-session-data": payloads_instruments.Manage,
    "u/U/req/P/manage-instrument-data": payloads_instruments.ManageInstrumentData,
    "u/U/req/P/manage-ticker-subscription": payloads_instruments.ManageTickerSubscription,
    "u/U/in/managed-market-reference-data": payloads_instruments.Managed,
    "u/U/in/managed-segment-reference-data": payloads_instruments.Managed,
    "u/U/in/managed-session-data": payloads_instruments.Managed,
    "u/U/in/managed-instrument-data": payloads_instruments.Managed,
    "u/U/in/managed-ticker-subscription": payloads_instruments.Managed,
    "owner/forecast/WHAT": forecast.OutsideForecastPayload,
    "owner/consent": payloads_parties.ConsentMessage,
    "owner/control": payloads.OwnerControlMessage,
}
"""Topic below ``rmf/1/A/`` -> the shape of its payload."""

SCHEMA_BASE: Final = "urn:gridtender:rmf:1:"
"""``$id`` of a schema, before the topic shape."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """A self-contained JSON Schema per topic shape, in the order of ``SHAPES``."""
    return {
        topic: {
            "$schema": _DIALECT,
            "$id": SCHEMA_BASE + topic,
            **TypeAdapter(shape).json_schema(),
        }
        for topic, shape in SHAPES.items()
    }


def is_documented(topic: str, payload: bytes) -> bool:
    """Whether what stands in a payload has the shape of its topic below ``rmf/1/A/``.

    A field more or less is no fault: another version may have written it.
    """
    shape = next((one for one in SHAPES if matches(topic_filter(one), topic)), None)
    if shape is None:
        return False
    try:
        _adapter(shape).validate_json(payload, strict=True)
    except ValidationError as error:
        return all(fault["type"] == "missing" for fault in error.errors(include_input=False))
    return True


@cache
def topic_filter(shape: str) -> str:
    """The filter of a topic shape: its placeholders are in capitals."""
    return "/".join("+" if level.isupper() else level for level in shape.split("/"))


@cache
def _adapter(shape: str) -> TypeAdapter[Any]:
    return TypeAdapter(SHAPES[shape])
