"""The key of the seals and the statements, as payloads."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from gateway.model.product import Product
from gateway.model.seal import Sealed
from gateway.model.statement import Account, Statement
from gateway.model.time import HOUR, MILLISECOND, rfc3339
from gateway.wire.payloads_ledger import AccountPayload, KeyPayload, StatementPayload

_AMOUNT_SCALE: Final = -6


def key_payload(sealed: Sealed) -> KeyPayload:
    """``m/key``."""
    seal = sealed.seal
    return {
        "v": 1,
        "marketId": seal.area,
        "key": seal.key,
        "sealedAt": rfc3339(sealed.at),
        "seal": {
            "seq": sealed.seq,
            "hash": sealed.hash,
            "at": sealed.at,
            "epoch": seal.epoch,
            "why": seal.why,
            "forget": seal.forget,
            "signature": seal.signature,
        },
    }


def statement_payload(
    statement: Statement, area: str, zone: str, products: Mapping[str, Product]
) -> StatementPayload:
    """``u/U/statement/YYYYMMDD``; products that are traded no more are left out."""
    accounts = [
        account_payload(account, products[product])
        for product, account in statement.accounts
        if product in products
    ]
    currencies = [product.currency for product in products.values()]
    return {
        "v": 1,
        "marketId": area,
        "partyId": statement.party,
        "day": statement.day,
        "timezone": zone,
        "closed": statement.closed,
        "createdDateTime": rfc3339(statement.at),
        "currency": currencies[0],
        "amountScale": _AMOUNT_SCALE,
        "accounts": accounts,
        "amount": sum(one["amount"] for one in accounts),
    }


def account_payload(account: Account, product: Product) -> AccountPayload:
    """One product of a statement; here, and nowhere before, numbers are rounded."""
    return {
        "segmentId": product.id,
        "resourceUnit": product.unit,
        "energyScale": product.quantity_scale - 3,
        "bought": _thousandths(account.bought),
        "sold": _thousandths(account.sold),
        "boughtAmount": _amount(account.bought_money, product),
        "soldAmount": _amount(account.sold_money, product),
        "transactions": account.transactions,
        "delivered": _thousandths(account.delivered),
        "deviation": _thousandths(account.deviation),
        "deviationAmount": _amount(account.deviation_money, product),
        "amount": _amount(account.money, product),
    }


def _thousandths(energy: int) -> int:
    """Quantity x milliseconds in thousandths of quantity x hours."""
    exact = Decimal(energy) / (HOUR // MILLISECOND) * 1000
    return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN))


def _amount(money: int, product: Product) -> int:
    return int(product.money(money).scaleb(-_AMOUNT_SCALE))
