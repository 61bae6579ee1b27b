"""The topic tree ``rmf/1/A/…``: names, builders and the parser of what others publish.

``A`` is the area, ``P`` a product, ``D`` a device, ``U`` a party.
"""

import re
from dataclasses import dataclass

ROOT = "rmf/1"

RESERVED = frozenset({"gateway", "market", "must-run", "owner", "guest", "utility"})
"""Names no device, product or configured party may have."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_FOREIGN_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def is_name(text: str) -> bool:
    """Whether the text may name an area, device, product or party."""
    return _NAME.fullmatch(text) is not None


def is_foreign_id(text: str) -> bool:
    """Whether the text may be a tender's or request's id, which parties choose themselves."""
    return _FOREIGN_ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class RequestTopic:
    """``u/U/req/P/OP``: a party asks.  ``product`` and ``operation`` are empty if misshapen."""

    party: str
    product: str
    operation: str


@dataclass(frozen=True, slots=True)
class AcknowledgementTopic:
    """``u/U/ack/OP``: a party has taken note of a push."""

    party: str
    operation: str


@dataclass(frozen=True, slots=True)
class PartyStatusTopic:
    """``u/U/status``: a party, or its will, says whether it is there."""

    party: str


@dataclass(frozen=True, slots=True)
class PartyOptTopic:
    """``u/U/opt``, retained by the party: whether it takes part."""

    party: str


@dataclass(frozen=True, slots=True)
class PartyAvailTopic:
    """``u/U/avail``, retained by the party: when it is available."""

    party: str


@dataclass(frozen=True, slots=True)
class OwnerTopic:
    """``owner/control``."""


@dataclass(frozen=True, slots=True)
class OwnerLimitTopic:
    """``owner/limit/D/KEY``."""

    device: str
    key: str


@dataclass(frozen=True, slots=True)
class OwnerWishTopic:
    """``owner/wish/D``."""

    device: str


@dataclass(frozen=True, slots=True)
class OwnerForecastTopic:
    """``owner/forecast/WHAT``, retained: what somebody foresees of ``load`` or ``sun``."""

    what: str


@dataclass(frozen=True, slots=True)
class ConsentTopic:
    """``owner/consent``."""


@dataclass(frozen=True, slots=True)
class RegistrationTopic:
    """``reg/CLIENTID/create-party-registration``: a stranger asks to be a party."""

    client: str


ForeignTopic = (
    RequestTopic
    | AcknowledgementTopic
    | PartyStatusTopic
    | PartyOptTopic
    | PartyAvailTopic
    | OwnerTopic
    | OwnerLimitTopic
    | OwnerWishTopic
    | OwnerForecastTopic
    | ConsentTopic
    | RegistrationTopic
)
"""What others publish on."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Builders and parser for one area."""

    area: str

    @property
    def base(self) -> str:
        """``rmf/1/A``: everything of the area is below it."""
        return f"{ROOT}/{self.area}"

    @property
    def status(self) -> str:
        """Birth and will of the gateway."""
        return f"{self.base}/status"

    @property
    def directory(self) -> str:
        """What there is to subscribe to."""
        return f"{self.base}/dir"

    @property
    def market_ref(self) -> str:
        """Market reference data."""
        return f"{self.base}/m/ref"

    @property
    def market_rules(self) -> str:
        """The rules every tender is under."""
        return f"{self.base}/m/rules"

    @property
    def control(self) -> str:
        """The owner's mode in force."""
        return f"{self.base}/m/control"

    @property
    def owner_control(self) -> str:
        """Where the owner, and nobody else, sets the mode."""
        return f"{self.base}/owner/control"

    @property
    def owner_consent(self) -> str:
        """Where the owner, and nobody else, lets strangers in."""
        return f"{self.base}/owner/consent"

    def product_ref(self, product: str) -> str:
        """Segment reference data of a product."""
        return f"{self.base}/p/{product}/ref"

    def of_product(self, product: str) -> str:
        """Filter of all that is told of a product."""
        return f"{self.base}/p/{product}/#"

    def session(self, product: str) -> str:
        """Which instrument is traded now."""
        return f"{self.base}/p/{product}/session"

    def tenders(self, product: str, party: str) -> str:
        """The live sets of one party."""
        return f"{self.base}/p/{product}/tender/{party}"

    def clearing(self, product: str) -> str:
        """The last clearing with its why."""
        return f"{self.base}/p/{product}/clearing"

    def forward(self, product: str) -> str:
        """The forward curve of a product that is traded ahead, retained."""
        return f"{self.base}/p/{product}/forward"

    def quote(self, product: str, quote: str) -> str:
        """A public quote that stands."""
        return f"{self.base}/p/{product}/quote/{quote}"

    def rfq(self, product: str, rfq: str) -> str:
        """A public request for quotes that stands."""
        return f"{self.base}/p/{product}/rfq/{rfq}"

    def book(self, product: str, start: str) -> str:
        """The depth of an instrument; ``start`` as YYYYMMDDTHHMMSSZ, or ``+``."""
        return f"{self.base}/p/{product}/book/{start}"

    def price(self, product: str, start: str) -> str:
        """What was traded in an instrument."""
        return f"{self.base}/p/{product}/price/{start}"

    def tick(self, product: str, kind: str) -> str:
        """The ticker, not retained."""
        return f"{self.base}/p/{product}/tick/{kind}"

    def description(self, device: str) -> str:
        """What a device is and can do."""
        return f"{self.base}/d/{device}/desc"

    def state(self, device: str) -> str:
        """Online, sleeping, offline or faulty."""
        return f"{self.base}/d/{device}/state"

    def reading(self, device: str) -> str:
        """The newest reading."""
        return f"{self.base}/d/{device}/reading"

    def setpoint(self, device: str) -> str:
        """The newest setpoint and how far it came."""
        return f"{self.base}/d/{device}/set"

    def fault(self, device: str, code: str) -> str:
        """One fault; cleared when it goes."""
        return f"{self.base}/d/{device}/fault/{code}"

    def day_yield(self, device: str) -> str:
        """What a solar device gave today beside what it should have given, retained."""
        return f"{self.base}/d/{device}/yield"

    def forecast(self, what: str) -> str:
        """What may come of ``load`` or ``sun``, retained."""
        return f"{self.base}/f/{what}"

    def energy(self, device: str) -> str:
        """Energy counted of a device."""
        return f"{self.base}/d/{device}/energy"

    def limits(self, device: str) -> str:
        """Limits the owner may tighten, of a device or of ``gateway``: the connection."""
        return f"{self.base}/d/{device}/limits"

    def wish(self, device: str) -> str:
        """What is wished of a device."""
        return f"{self.base}/d/{device}/wish"

    def opt_out(self, device: str) -> str:
        """Why, and until when, a device is left alone."""
        return f"{self.base}/d/{device}/opt-out"

    def owner_wish(self, device: str) -> str:
        """Where the owner, and nobody else, wishes something of a device."""
        return f"{self.base}/owner/wish/{device}"

    def owner_forecast(self, what: str) -> str:
        """Where whoever the owner lets foresees ``load`` or ``sun``."""
        return f"{self.base}/owner/forecast/{what}"

    def health(self, device: str) -> str:
        """What is wrong with a device or with ``gateway`` now."""
        return f"{self.base}/d/{device}/health"

    def owner_limit(self, device: str, key: str) -> str:
        """Where the owner, and nobody else, sets a limit."""
        return f"{self.base}/owner/limit/{device}/{key}"

    def position(self, party: str, product: str) -> str:
        """A party's position, for its own eyes."""
        return f"{self.base}/u/{party}/pos/{product}"

    @property
    def key(self) -> str:
        """The public key under the ledger, and the newest seal."""
        return f"{self.base}/m/key"

    def statement(self, party: str, day: str) -> str:
        """A party's day, for its own eyes."""
        return f"{self.base}/u/{party}/statement/{day}"

    def tie(self, parent: str, leaf: str) -> str:
        """Of the intertie with a market above: contract, state, or pos: what that may see."""
        return f"{self.base}/tie/{parent}/{leaf}"

    def request(self, party: str, product: str, operation: str) -> str:
        """Where a party asks."""
        return f"{self.base}/u/{party}/req/{product}/{operation}"

    def acknowledgement(self, party: str, operation: str) -> str:
        """Where a party acknowledges a push."""
        return f"{self.base}/u/{party}/ack/{operation}"

    def inbox(self, party: str, operation: str) -> str:
        """Where a party gets answers and pushes."""
        return f"{self.base}/u/{party}/in/{operation}"

    def registration(self, client: str) -> str:
        """Where a stranger asks to be a party, by its MQTT client id."""
        return f"{self.base}/reg/{client}/create-party-registration"

    def speaker(self, topic: str) -> str:
        """The party whose own topic it is; empty where it is nobody's."""
        prefix = f"{self.base}/u/"
        return topic.removeprefix(prefix).partition("/")[0] if topic.startswith(prefix) else ""

    def is_registration(self, topic: str) -> bool:
        """Whether a stranger speaks there."""
        return topic.startswith(f"{self.base}/reg/")

    def registered(self, client: str) -> str:
        """Where it is answered, and only it."""
        return f"{self.base}/reg/{client}/created-party-registration"

    def _registration(self, topic: str) -> RegistrationTopic | None:
        client = topic.removeprefix(f"{self.base}/reg/").partition("/")[0]
        return RegistrationTopic(client) if topic == self.registration(client) else None

    @property
    def listened(self) -> tuple[str, ...]:
        """Filters the gateway subscribes to, beside the price topics of its configuration."""
        theirs = (
            f"{self.base}/u/+/{leaf}" for leaf in ("req/#", "ack/#", "status", "opt", "avail")
        )
        owner = (self.owner_limit("+", "+"), self.owner_wish("+"), self.owner_forecast("+"))
        return (*theirs, self.owner_control, self.owner_consent, *owner)

    def stands(self, topic: str) -> bool:
        """Whether others retain it for us: what was said before we listened still holds."""
        return isinstance(self.parse(topic), PartyOptTopic | PartyAvailTopic | OwnerForecastTopic)

    @property
    def retained(self) -> tuple[str, ...]:
        """Filters of all that the gateway itself retains; they meet nothing of ``listened``."""
        shapes = (
            "status",
            "dir",
            "m/#",
            "p/#",
            "d/#",
            "f/#",
            "u/+/pos/#",
            "u/+/statement/#",
            "tie/#",
        )
        return tuple(f"{self.base}/{shape}" for shape in shapes)

    @property
    def passing(self) -> tuple[str, ...]:
        """Filters of what is true only while the gateway runs, and is cleared when it stops."""
        shapes = (
            "p/+/tender/+",
            "p/+/quote/+",
            "p/+/rfq/+",
            "p/+/session",
            "p/+/book/+",
            "p/+/price/+",
            "d/+/reading",
            "d/+/state",
            "d/+/set",
            "d/+/fault/+",
            "d/+/health",
        )
        return tuple(f"{self.base}/{shape}" for shape in shapes)

    def parse(  # noqa: C901, PLR0911, PLR0912 - one arm per kind of topic
        self, topic: str
    ) -> ForeignTopic | None:
        """What a topic that somebody else published on means; None = nothing to the gateway."""
        if topic == self.owner_control:
            return OwnerTopic()
        if topic == self.owner_consent:
            return ConsentTopic()
        if topic.startswith(f"{self.base}/reg/"):
            return self._registration(topic)
        limit = self.owner_limit("", "").rstrip("/") + "/"
        if topic.startswith(limit):
            device, _, key = topic.removeprefix(limit).partition("/")
            return OwnerLimitTopic(device, key)
        if topic.startswith(wish := self.owner_wish("")):
            return OwnerWishTopic(topic.removeprefix(wish))
        if topic.startswith(forecast := self.owner_forecast("")):
            return OwnerForecastTopic(topic.removeprefix(forecast))
        prefix = f"{self.base}/u/"
        own = topic.startswith(prefix)
        match topic.removeprefix(prefix).split("/") if own else []:
            case [party, "req", product, operation]:
                return RequestTopic(party, product, operation)
            case [party, "req", *_]:
                return RequestTopic(party, "", "")
            case [party, "ack", *operation]:
                return AcknowledgementTopic(party, "/".join(operation))
            case [party, "status"]:
                return PartyStatusTopic(party)
            case [party, "opt"]:
                return PartyOptTopic(party)
            case [party, "avail"]:
                return PartyAvailTopic(party)
            case _:
                return None
