"""The keys of ``interties.NAME``."""

from typing import Annotated

from pydantic import Field

from gateway.config.scalars import Choice, Real, Span, Text
from gateway.config.shape import Shape, key
from gateway.model.intertie import OnBreach
from gateway.model.time import MILLISECOND, Duration

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2}))?"

_Number = Annotated[float, Real()]
_Watts = Annotated[float, Real(unit="W", minimum=0)]
_Span = Annotated[Duration, Span(minimum=MILLISECOND)]
_Time = Annotated[str, Text(what="a time of day, UTC, such as '07:00' (in quotes)", pattern=CLOCK)]
_Instant = Annotated[
    str, Text(what="a date such as 2026-01-01, or an RFC 3339 instant", pattern=INSTANT)
]


class ParentBrokerShape(Shape):
    """The broker of the market above."""

    url: Annotated[str, Text(what="mqtt://HOST:PORT or mqtts://HOST:PORT")] = Field(
        description="where it is, mqtt://HOST:PORT or mqtts://HOST:PORT"
    )
    username: Annotated[str, Text(what="a user name")] | None = key(
        None, "the party that this area is there; default: the area's id"
    )
    password_file: Annotated[str, Text(what="the name of a file")] | None = key(
        None, "its password, in the first line"
    )
    ca: Annotated[str, Text(what="the name of a file")] | None = key(
        None, "authorities that mqtts:// is believed by; default: the system's"
    )


class CollarShape(Shape):
    """Prices of the parent beyond which nothing is traded."""

    min: _Number | None = key(None, "lowest, per price unit; default: no bound")
    max: _Number | None = key(None, "highest, per price unit; default: no bound")


class WindowShape(Shape):
    """Tighter limits by time of day."""

    start: _Time = Field(alias="from", description="UTC")
    end: _Time = Field(alias="until", description="UTC, not part of it; through midnight too")
    max_import_w: _Watts | None = key(None, "default: the contract's")
    max_export_w: _Watts | None = key(None, "default: the contract's")


class ValidityShape(Shape):
    """When the contract is in force."""

    start: _Instant | None = Field(default=None, alias="from", description="default: always was")
    end: _Instant | None = Field(default=None, alias="until", description="default: without end")


class ContractShape(Shape):
    """What was agreed about the wire."""

    max_import_w: _Watts = Field(description="the most that may come in, at this side")
    max_export_w: _Watts = key(0, "the most that may go out, at this side")
    fee: Annotated[float, Real(minimum=0)] = key(
        0, "of the wire, per price unit that passes, either way"
    )
    loss: Annotated[float, Real(minimum=0.01, maximum=1)] = key(
        1, "loss factor: what arrives of what is sent"
    )
    collar: CollarShape = key({}, "parent's prices beyond which nothing is traded")
    notice: _Span = key("10s", "more than the award for so long is a breach")
    schedule: tuple[WindowShape, ...] = key([], "tighter limits by time of day, first one counts")
    validity: ValidityShape = key({}, "when it is in force")
    on_breach: Annotated[str, Choice(words=tuple(OnBreach))] = key(
        "standing", "halt: trade nothing; standing: on standing terms; until the flow is back"
    )


class StandingShape(Shape):
    """Prices while the parent does not answer, as they are paid here."""

    import_price: _Number = Field(description="what an import costs, per price unit")
    export_price: _Number = key(0, "what an export earns, per price unit")


class IntertieShape(Shape):
    """A market above this one."""

    broker: ParentBrokerShape = Field(description="the broker of the market above")
    area: Annotated[str, Text(what="the id of the area above")] | None = key(
        None, "its id; default: the name of the intertie"
    )
    product: Annotated[str, Text(what="the id of a product of power")] = key(
        "power", "the product that is traded here"
    )
    parent_product: Annotated[str, Text(what="the id of the parent's product")] | None = key(
        None, "what it is called there; default: as here"
    )
    contract: ContractShape = Field(description="what was agreed about the wire")
    standing_terms: StandingShape = Field(description="prices while the parent does not answer")
    ahead: _Span = key("500ms", "the aggregate goes up so long before the parent's gate")
