"""What the wire must know of the house to judge a stranger's message."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.membership import Consent
from gateway.model.product import Product
from gateway.model.site import Site, TopicPrice
from gateway.wire.acl import DEVICES
from gateway.wire.topics import RESERVED, Topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """One area as seen from outside.

    Attributes:
        local: names that nobody outside may use: agents of devices and interties, reserved ones.
        prices: topics the configuration names as tariff prices.
        taken: names no stranger is given.
        registration: whether strangers may ask to be a party.
    """

    area: str
    products: Mapping[str, Product]
    local: frozenset[str] = frozenset()
    prices: frozenset[str] = field(default_factory=frozenset)
    taken: frozenset[str] = frozenset()
    registration: bool = False

    @property
    def listened(self) -> tuple[str, ...]:
        """Filters of all that others may say to the gateway, without prices."""
        reg = (self.topics.registration("+"),) if self.registration else ()
        return (*self.topics.listened, *reg)

    @property
    def topics(self) -> Topics:
        """The area's topic tree."""
        return Topics(self.area)


def border(site: Site) -> Border:
    """The border of a configured site; ``guest`` is a party like any other from outside."""
    devices = {configured.device.id for configured in site.devices}
    devices |= {one.contract.tie for one in site.interties}
    sources = (site.tariff.import_price, site.tariff.export_price)
    return Border(
        area=site.area,
        products={product.id: product for product in site.products},
        local=frozenset(devices | (RESERVED - {"guest"})),
        prices=frozenset(source.topic for source in sources if isinstance(source, TopicPrice)),
        taken=frozenset(
            {site.area, *RESERVED, DEVICES, *devices}
            | {product.id for product in site.products}
            | {party.id for party in site.parties}
        ),
        registration=site.admission.registration is not Consent.CLOSED,
    )
