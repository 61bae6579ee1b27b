"""The shape of parties from outside, and of TLS towards them."""

from typing import Annotated, Final

from pydantic import Field

from gateway.config.scalars import Choice, Flag, Real, Scalar, Span, Text, Whole, refusal
from gateway.config.shape import Shape
from gateway.config.shape import key as entry
from gateway.model.time import SECOND, Duration

EVERYTHING: Final = "all"
_File = Annotated[str, Text(what="the name of a file")]
_Flag = Annotated[bool, Flag()]
Silence = Annotated[Duration, Span(minimum=SECOND)]


class Products(Scalar):
    """``all``, or a list of products."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The two forms."""
        return "all, or a list of products such as [power, heat]"

    def parse(self, value: object) -> tuple[str, ...] | str:
        """The products' ids, or the word."""
        if value == EVERYTHING:
            return EVERYTHING
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(value)
        hint = f"write [{value}]" if isinstance(value, str) else ""
        raise refusal(value, self.allowed, hint=hint)

    def schema(self) -> dict[str, object]:
        """The two forms."""
        return {"oneOf": [{"const": EVERYTHING}, {"type": "array", "items": {"type": "string"}}]}


class CoverShape(Shape):
    """A position that needs another one."""

    side: Annotated[str, Choice(words=("BUY", "SELL"))] = Field(description="of the position")
    product: Annotated[str, Text(what="the id of a product")] = Field(
        description="which it may hold only as far as it is covered"
    )
    by: Annotated[str, Text(what="the id of a product")] = Field(
        description="what covers it: what the party has bought of this"
    )
    factor: Annotated[float, Real(above=0)] = entry(1, "units covered by one unit")


class StandbyShape(Shape):
    """What stays on offer for what was sold."""

    product: Annotated[str, Text(what="the id of a product")] = Field(
        description="of which as much SELL stays on offer"
    )
    sold: Annotated[str, Text(what="the id of a product")] = Field(
        description="as the party has sold of this"
    )


class PartyShape(Shape):
    """An outside party."""

    max_open_tenders: Annotated[int, Whole(minimum=0)] = entry(1000, "its budget")
    messages_per_minute: Annotated[int, Whole(minimum=1)] | None = entry(
        None, "tenders and other requests; default: max_open_tenders, at least 120"
    )
    money_per_day: Annotated[float, Real(minimum=0)] | None = entry(
        None, "most it may have to pay for one day's deliveries; default: no limit"
    )
    energy_per_day: Annotated[float, Real(unit="kWh", minimum=0)] | None = entry(
        None, "most it may buy and sell together for one day; default: no limit"
    )
    enrolled: Annotated[tuple[str, ...] | str, Products()] = entry(
        EVERYTHING, "products it may trade without asking"
    )
    covers: tuple[CoverShape, ...] = entry(
        (), "what it may hold only as far as it has bought something else"
    )
    stands_by: tuple[StandbyShape, ...] = entry(
        (), "what it must keep on offer as far as it has sold something else"
    )
    available: _File | None = entry(
        None, "it trades only in the windows of this calendar (VAVAILABILITY)"
    )
    silence: Silence | None = entry(
        None, "its tenders are withdrawn when nothing is heard of it for so long"
    )
    tie_class: Annotated[str, Choice(words=("local", "intertie", "grid"))] = entry(
        "local", "its place among tenders at the same price"
    )
    meter: Annotated[str, Text(what="a device")] | None = entry(
        None, "the device that measures what it delivers"
    )


class TlsShape(Shape):
    """TLS of a broker of our own (mosquitto)."""

    certificate: _File = Field(description="the broker's certificate, PEM")
    key: _File = Field(description="its private key, PEM")
    ca: _File | None = entry(None, "the authority that signs certificates of clients, PEM")
    require_client_certificate: _Flag = entry(default=False, text="nobody without one may connect")
    use_identity_as_username: _Flag = entry(
        default=False, text="the common name of the certificate is the party, without password"
    )


class OutwardTlsShape(Shape):
    """What the gateway shows and believes towards a broker elsewhere."""

    ca: _File | None = entry(None, "authority that an external broker is believed by")
    certificate: _File | None = entry(None, "the gateway's, towards an external broker")
    key: _File | None = entry(None, "of that certificate")
