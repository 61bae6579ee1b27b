"""What the owner allows a party, on the wire."""

from gateway.model.membership import Allowance
from gateway.model.time import iso_duration
from gateway.wire.payloads_parties import BudgetPayload
from gateway.wire.text import number


def budget_payload(allowance: Allowance) -> BudgetPayload:
    """Only what is limited."""
    payload: BudgetPayload = {"maxOpenTenders": allowance.max_open_tenders}
    if allowance.messages_per_minute is not None:
        payload["messagesPerMinute"] = allowance.messages_per_minute
    if (money := number(allowance.money_per_day)) is not None:
        payload["moneyPerDay"] = money
    if (energy := number(allowance.energy_per_day)) is not None:
        payload["energyPerDay"] = energy
    if allowance.silence is not None:
        payload["silence"] = iso_duration(allowance.silence)
    return payload
