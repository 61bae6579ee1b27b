"""Entries of a ledger as text, CSV and JSON lines; statements as text."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import Final

from gateway.app.audit.entries import Entry
from gateway.app.audit.verify import Audit
from gateway.model.product import Product
from gateway.model.statement import Account, Statement
from gateway.model.time import HOUR, MILLISECOND, iso_duration, rfc3339

_COLUMNS: Final = (
    *(one.name for one in fields(Entry) if one.name != "interval"),
    "start",
    "duration",
    "amount",
    "currency",
)


def as_csv(entries: Iterable[Entry], products: Mapping[str, Product]) -> Iterator[str]:
    """A line of headings and a line per entry."""
    yield _line(_COLUMNS)
    for one in entries:
        record = _record(one, products)
        yield _line("" if record[name] is None else record[name] for name in _COLUMNS)


def as_json(entries: Iterable[Entry], products: Mapping[str, Product]) -> Iterator[str]:
    """An object per line, without what a kind does not have."""
    for one in entries:
        record = _record(one, products)
        yield json.dumps({key: value for key, value in record.items() if value is not None})


def as_text(entries: Iterable[Entry], products: Mapping[str, Product]) -> Iterator[str]:
    """A line per entry, for a person."""
    for one in entries:
        product = products.get(one.product)
        start = rfc3339(one.interval.start)[:-5]
        head = f"{one.seq:>8} {start} {one.kind:<11} {one.party:<12} {one.product:<10}"
        yield f"{head} {_told(one, product)}".rstrip()


def _told(one: Entry, product: Product | None) -> str:
    if one.kind == "delivery":
        flows = (one.delivered or 0, one.position or 0, one.deviation or 0)
        delivered, position, deviation = (_energy(amount, product) for amount in flows)
        price = _amount(one.money or 0, product)
        return f"{delivered} of {position} traded, {deviation} apart: {price} ({one.quality})"
    terms = (
        f"{one.side} {_quantity(one.quantity or 0, product)} at {_price(one.price or 0, product)}"
    )
    if one.kind == "transaction":
        return f"{terms} with {one.counter_party}, {_amount(one.money or 0, product)}"
    why = f": {one.why}" if one.why else ""
    return f"{terms}, {one.id} {one.outcome}, {_quantity(one.filled or 0, product)} traded{why}"


def audit_page(audit: Audit) -> Iterator[str]:
    """What was found, for a person."""
    yield (
        f"rows {audit.begins} to {audit.ends}: {audit.transactions} transactions, "
        f"{audit.deliveries} deliveries, {audit.seals} seals"
    )
    for key in sorted(audit.keys):
        yield f"sealed by {key}"
    for seq, sentence in audit.faults:
        yield f"row {seq} {sentence}" if not sentence.startswith("row") else sentence
    if audit.trusted:
        yield f"vouched for up to row {audit.trusted}, {rfc3339(audit.trusted_at)}"
    else:
        yield "no seal vouches for any of it"
    rest = audit.ends - audit.trusted
    if not audit.faults and rest:
        yield f"{rest} rows after that fit the chain and are not sealed yet"
    yield "the ledger does not hold" if audit.faults else "the ledger holds"


def audit_json(audit: Audit) -> dict[str, object]:
    """The same for a program."""
    return {
        "holds": not audit.faults,
        "faults": [{"row": seq, "text": text} for seq, text in audit.faults],
        "rows": audit.rows,
        "begins": audit.begins,
        "ends": audit.ends,
        "seals": audit.seals,
        "transactions": audit.transactions,
        "deliveries": audit.deliveries,
        "trusted": audit.trusted,
        "trusted_at": rfc3339(audit.trusted_at) if audit.trusted else None,
        "keys": sorted(audit.keys),
    }


def statement_page(statement: Statement, products: Mapping[str, Product]) -> Iterator[str]:
    """One party's day."""
    state = "" if statement.closed else ", so far"
    yield f"{statement.party}, {statement.day}{state}"
    for name, account in statement.accounts:
        yield from _account_lines(name, account, products.get(name))


def _account_lines(name: str, one: Account, product: Product | None) -> Iterator[str]:
    yield f"  {name}: {one.transactions} transactions"
    rows = (
        ("bought", one.bought, one.bought_money),
        ("sold", one.sold, -one.sold_money),
        ("deviation", one.deviation, one.deviation_money),
    )
    for word, amount, money in rows:
        yield f"    {word:<10} {_energy(amount, product):>16} {_amount(money, product):>20}"
    yield f"    {'delivered':<10} {_energy(one.delivered, product):>16}"
    yield f"    {'to pay':<10} {'':>16} {_amount(one.money, product):>20}"


def _record(one: Entry, products: Mapping[str, Product]) -> dict[str, object]:
    record = asdict(one)
    del record["interval"]
    product = products.get(one.product)
    money = None if one.money is None or product is None else product.money(one.money)
    return record | {
        "at": rfc3339(one.at),
        "start": rfc3339(one.interval.start),
        "duration": iso_duration(one.interval.duration),
        "amount": None if money is None else f"{money:f}",
        "currency": None if product is None else product.currency,
    }


def _line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _quantity(quantity: int, product: Product | None) -> str:
    if product is None:
        return str(quantity)
    return f"{product.real_quantity(quantity):g} {product.unit}"


def _price(price: int, product: Product | None) -> str:
    return str(price) if product is None else f"{product.real_price(price):f}"


def _energy(amount: int, product: Product | None) -> str:
    if product is None:
        return str(amount)
    real = product.real_quantity(amount) / (HOUR // MILLISECOND)
    return f"{real:.3f} {product.unit}h"


def _amount(money: int, product: Product | None) -> str:
    return str(money) if product is None else f"{product.money(money):f} {product.currency}"
