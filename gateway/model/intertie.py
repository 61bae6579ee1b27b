"""The intertie: the contract with the market above, what was agreed under it, and how it stands.

Prices and quantities are the integers of the area's own product; quantities of a limit are on
the area's side of the wire.
Source: EMIX transport terms (transportAccessFee, loss factor, priceCollar, notification).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.model.time import MINUTE, SECOND, Duration, Instant, Interval

WHOLE: Final = 1_000_000
"""A loss factor of 1, in millionths."""

_DAY: Final = Duration(24 * 60 * MINUTE)


class OnBreach(StrEnum):
    """What follows when more flows than was awarded, for longer than the notice."""

    HALT = "halt"
    STANDING = "standing"


class TieMode(StrEnum):
    """How the connection trades in an interval.

    AWARD: the parent's market decided. STANDING: the contract's standing terms, because the
    parent did not answer in time, or after a breach. HALTED: nothing, after a breach or outside
    the contract's validity. DEAD: nothing, the meter says that the connection has no voltage.
    """

    AWARD = "AWARD"
    STANDING = "STANDING"
    HALTED = "HALTED"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that may pass, at the area's side; both at least 0."""

    imports: int
    exports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Tighter bounds from ``start`` to ``end`` of every day, UTC; through midnight too."""

    start: Duration
    end: Duration
    bounds: Bounds

    def covers(self, at: Instant) -> bool:
        """Whether the instant lies in it; the end is not part of it."""
        time = at % _DAY
        if self.start <= self.end:
            return self.start <= time < self.end
        return time >= self.start or time < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What two areas agreed about the wire between them.

    Attributes:
        tie: its name here: the party of the connection, and the level in ``tie/B``.
        area, parent: the two markets; ``product``, ``parent_product``: what each calls it.
        bounds: the most that may pass.
        fee: of the wire, per price unit that passes at the parent's side, either way; >= 0.
        loss_ppm: what arrives of what is sent, in millionths, 1 to 1 000 000.
        collar_min, collar_max: parent's prices at which nothing is traded beyond; None: no bound.
        notice: how long more than the award may flow before that is a breach.
        schedule: tighter bounds by time of day; the first window that covers counts.
        valid_from, valid_until: outside nothing passes; None: open.
        standing_import, standing_export: prices while the parent does not answer, landed here.
        ahead: how long before the parent's gate the aggregate is sent up for the last time.
    """

    tie: str
    area: str
    parent: str
    product: str
    parent_product: str
    bounds: Bounds
    fee: int = 0
    loss_ppm: int = WHOLE
    collar_min: int | None = None
    collar_max: int | None = None
    notice: Duration = Duration(10 * SECOND)
    schedule: tuple[Window, ...] = ()
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    on_breach: OnBreach = OnBreach.STANDING
    standing_import: int
    standing_export: int
    ahead: Duration = Duration(SECOND // 2)

    @property
    def id(self) -> str:
        """One name for the two of them."""
        return f"{self.area}-{self.tie}-{self.product}"

    def is_valid(self, at: Instant) -> bool:
        """Whether it is in force."""
        begun = self.valid_from is None or at >= self.valid_from
        return begun and (self.valid_until is None or at < self.valid_until)

    def bounds_at(self, at: Instant) -> Bounds:
        """What may pass at the instant; nothing where the contract is not in force."""
        if not self.is_valid(at):
            return Bounds(imports=0, exports=0)
        for window in self.schedule:
            if window.covers(at):
                return Bounds(
                    imports=min(self.bounds.imports, window.bounds.imports),
                    exports=min(self.bounds.exports, window.bounds.exports),
                )
        return self.bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class IntertieSettings:
    """One configured intertie.

    Attributes:
        url: of the parent's broker, ``mqtt://HOST:PORT`` or ``mqtts://HOST:PORT``.
        username, password_file: as whom the area comes there: its id, a party of the parent.
        ca: file of the authorities that a TLS certificate is believed by; None: the system's.
    """

    contract: Contract
    url: str
    username: str
    password_file: str | None = None
    ca: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentTerms:
    """What the market above says of its product, as far as it matters here.

    Attributes:
        lead: how long before delivery its gate closes.
    """

    interval: Duration
    price_scale: int
    quantity_scale: int
    unit: str
    currency: str
    tick: int
    lot: int
    price_floor: int
    price_cap: int
    lead: Duration
    offset: Duration = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TieRow:
    """One line of what passed in an interval; over all lines both columns sum to zero.

    Attributes:
        what: PARENT, LOSS, CHILD, DEVIATION (awarded, and not traded here), FEE or CONGESTION.
        quantity: integer flow, into the tie positive; ``money``: price x quantity x
            milliseconds, to the tie positive.
    """

    what: str
    quantity: int
    money: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TieState:
    """How the connection trades.

    Attributes:
        interval: the newest one that was cleared here.
        award: what the parent awarded, at its side, BUY +; None: it did not answer.
        landed, net: the parent's price as an import costs and an export earns here; None: none.
        limit: what may pass now.
        congestion: own price beyond ``landed`` or below ``net`` where the limit binds, else 0.
        refused: why the newest refused award was refused; empty: none was.
        breach: what flowed beyond the award, as a sentence; empty: nothing.
        away: why the parent does not hear us; empty: it does.
        rows: what passed, as lines of a bill.
    """

    contract: Contract
    at: Instant
    mode: TieMode
    interval: Interval | None = None
    award: int | None = None
    parent_price: int | None = None
    landed: int | None = None
    net: int | None = None
    price: int | None = None
    limit: Bounds
    congestion: int = 0
    refused: str = ""
    breach: str = ""
    away: str = ""
    rows: tuple[TieRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TiePosition:
    """All that the market above may see of the area.

    Attributes:
        steps: the area's position over time, import +, at its own side.
        delivered_in_wh, delivered_out_wh: by the meter of the connection; None: nobody measures.
    """

    contract: Contract
    at: Instant
    steps: tuple[tuple[Interval, int], ...]
    delivered_in_wh: int | None = None
    delivered_out_wh: int | None = None
