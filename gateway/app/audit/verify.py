"""Whether a ledger holds: its chain, its seals, and that nothing was bought that nobody sold."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from gateway.adapters.chain import Damaged, Head
from gateway.model.errors import JournalFailed
from gateway.model.seal import Seal, Sealed, sealed_text
from gateway.model.settlement import Delivery
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.journal import Row
from gateway.runtime.rows import Happened, read_body

IsSigned = Callable[[str, str, bytes], bool]
"""(key, signature, text): whether the key's owner signed the text."""


@dataclass(slots=True, kw_only=True)
class Audit:
    """What was found.

    Attributes:
        faults: (row, sentence) in the order of reading; none: the ledger holds.
        rows, seals, transactions, deliveries: how many were read.
        begins: seq of the first row there is; ``ends``: of the last one that fits.
        trusted: rows up to here are vouched for by a seal, and nothing before them is wrong;
            ``trusted_at``: when that seal was made.  0 where none is.
        keys: that sealed.
    """

    faults: list[tuple[int, str]] = field(default_factory=list)
    rows: int = 0
    seals: int = 0
    transactions: int = 0
    deliveries: int = 0
    begins: int = 1
    ends: int = 0
    trusted: int = 0
    trusted_at: Instant = Instant(0)
    keys: set[str] = field(default_factory=set)


def audit(
    head: Head,
    rows: Iterable[Row],
    *,
    keys: Collection[str],
    newest: Sealed | None,
    is_signed: IsSigned,
) -> Audit:
    """Read every row.

    Args:
        head: where the chain begins.
        rows: which raise Damaged where the chain breaks.
        keys: public keys that may have sealed; none: any one, but always the same.
        newest: a seal that is known from elsewhere; what it vouches for must be there.
        is_signed: checks a signature.
    """
    run = _Run(head, keys, newest, is_signed)
    try:
        for row in rows:
            run.look(row)
    except (Damaged, JournalFailed) as fault:
        run.broken(str(fault))
    run.end()
    return run.found


class _Run:
    """One pass."""

    def __init__(
        self, head: Head, keys: Collection[str], newest: Sealed | None, is_signed: IsSigned
    ) -> None:
        self.found = Audit(begins=head.seq + 1, ends=head.seq)
        self._head = head
        self._keys = set(keys)
        self._newest = newest
        self._is_signed = is_signed
        self._before = head.hash
        self._forget = 0
        self._torn = False
        self._windows: Counter[tuple[str, Interval, str]] = Counter()

    def look(self, row: Row) -> None:
        """A row that fits the chain."""
        self.found.rows += 1
        self.found.ends = row.seq
        match row.kind:
            case "seal":
                self._sealed(row)
            case "event" if '"Transaction"' in row.body:
                self._traded(row)
            case "checkpoint":
                self._positions(row)
            case "delivery":
                self._delivered(row)
            case _:
                pass
        newest = self._newest
        if newest is not None and row.seq == newest.seq and row.hash != newest.hash:
            self._fault(row.seq, "is not the row that the newest seal was made under")
        self._before = row.hash

    def broken(self, why: str) -> None:
        """The chain does not go on."""
        self._torn = True
        self._fault(self.found.ends + 1, f"cannot be trusted, nor anything after it: {why}")

    def end(self) -> None:
        """What only the whole can tell."""
        found, newest = self.found, self._newest
        for (product, interval, what), rest in sorted(
            self._windows.items(), key=lambda item: (item[0][1], item[0][0], item[0][2])
        ):
            if rest:
                text = f"deliveries of {product} from {interval.start} differ by {rest} {what}"
                self._fault(found.ends, text)
        if self._head.seq and self._head.seq >= self._forget and not self._torn:
            text = (
                f"rows 1 to {self._head.seq} are not here, and no seal says that they may be gone"
            )
            self._fault(self._head.seq + 1, text)
        if newest is not None and not self._torn and found.ends <= newest.seq:
            text = f"the rows up to {newest.seq + 1} are missing: the gateway had sealed them"
            self._fault(found.ends + 1, text)

    def _fault(self, seq: int, text: str) -> None:
        self.found.faults.append((seq, text))

    def _sealed(self, row: Row) -> None:
        seal, found = read_body(Seal, row), self.found
        found.seals += 1
        found.keys.add(seal.key)
        if not self._keys:
            self._keys.add(seal.key)
        text = sealed_text(
            area=seal.area,
            epoch=seal.epoch,
            at=row.now,
            seq=row.seq - 1,
            hash_=self._before,
            why=seal.why,
            forget=seal.forget,
        )
        if seal.key not in self._keys:
            self._fault(row.seq, f"is sealed by another key: {seal.key}")
        elif not self._is_signed(seal.key, seal.signature, text):
            self._fault(row.seq, "is a seal that does not fit the rows before it")
        else:
            self._forget = max(self._forget, seal.forget)
            if not found.faults:
                found.trusted, found.trusted_at = row.seq, row.now

    def _traded(self, row: Row) -> None:
        """Bought and sold of one call are equal, in quantity and in money."""
        apart: Counter[tuple[str, int, Interval, str]] = Counter()
        for event in read_body(Happened, row).events:
            if isinstance(event, Transaction):
                self.found.transactions += 1
                key = event.product, event.clearing, event.interval
                apart[*key, "quantity"] += event.signed
                apart[*key, "money"] += event.money
        for (product, clearing, _, what), rest in apart.items():
            if rest:
                text = f"clearing {clearing} of {product}: bought and sold differ by {rest} {what}"
                self._fault(row.seq, text)

    def _positions(self, row: Row) -> None:
        """At every instant all positions of a checkpoint are zero together."""
        dump = json.loads(row.body).get("dump")
        steps = dump.get("positions", {}).get("steps", {}) if isinstance(dump, dict) else {}
        change: Counter[int] = Counter()
        for pairs in steps.values():
            before = 0
            for instant, quantity in pairs:
                change[instant] += quantity - before
                before = quantity
        if any(change.values()):
            self._fault(row.seq, "positions in this checkpoint are not zero together")

    def _delivered(self, row: Row) -> None:
        one = read_body(Delivery, row)
        self.found.deliveries += 1
        self._windows[one.product, one.interval, "energy"] += one.deviation
        self._windows[one.product, one.interval, "money"] += one.money
        balanced = (one.product, one.interval)
        if one.quality.value == "rest" and not any(
            self._windows[*balanced, what] for what in ("energy", "money")
        ):
            for what in ("energy", "money"):
                del self._windows[*balanced, what]
