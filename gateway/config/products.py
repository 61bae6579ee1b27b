"""Products of the file: real ticks, lots and caps become the market's integers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from gateway.config.problem import Finding, Path
from gateway.config.shapes import SiteShape
from gateway.config.shapes_product import ProductShape as Shape
from gateway.model.product import Product
from gateway.model.resource import POWER, Resource, is_resource
from gateway.model.time import Duration, short_duration

_UNITS: Final = {
    "POWER": "W", "ENERGY": "Wh", "WATER_FLOW": "l/min", "GAS_FLOW": "l/min",
    "BANDWIDTH": "bit/s", "x-HEAT": "W", "x-COOLING": "W", "x-CAPACITY": "W",
}  # fmt: skip


def read_products(site: SiteShape) -> tuple[tuple[Product, ...], tuple[Finding, ...]]:
    """All products in file order, and what is wrong with any of them."""
    products: list[Product] = []
    findings: list[Finding] = []
    for name, shape in site.products.items():
        draft = _Draft(("products", name), shape)
        products.append(draft.product(name, site.currency, site.dispatch.gate_lead))
        findings.extend(draft.findings)
    findings.extend(_together(products))
    findings.extend(_gate(products, site.dispatch.gate_lead))
    return tuple(products), tuple(findings)


class _Draft:
    """One product on its way to integers."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._path = path
        self._shape = shape
        self.findings: list[Finding] = []

    def _find(self, key: str, found: str, allowed: str) -> None:
        self.findings.append(Finding(path=(*self._path, key), found=found, allowed=allowed))

    def product(self, name: str, currency: str, gate_lead: Duration) -> Product:
        """The product; where there are findings it must not be used."""
        shape = self._shape
        tick = self._whole("tick", shape.tick, "price_scale", shape.price_scale)
        floor = self._price("price_floor", shape.price_floor, tick)
        cap = self._price("price_cap", shape.price_cap, tick)
        if shape.price_cap <= shape.price_floor:
            allowed = f"above price_floor {shape.price_floor:g}"
            self._find("price_cap", f"{shape.price_cap:g}", allowed)
        unit = self._unit()
        return Product(
            id=name,
            resource=Resource(shape.resource),
            unit=unit,
            interval=shape.interval,
            currency=currency,
            price_unit="kWh" if unit == "W" else f"{unit}*h",
            mechanism=shape.mechanism,
            price_rule=shape.price_rule,
            price_scale=shape.price_scale,
            quantity_scale=shape.quantity_scale,
            tick=tick,
            lot=self._whole("lot", shape.lot, "quantity_scale", shape.quantity_scale),
            price_floor=floor,
            price_cap=cap,
            gate_lead=gate_lead,
        )

    def _whole(self, key: str, real: float | None, scale_key: str, scale: int) -> int:
        """A real step as a whole number of scale units, at least one."""
        if real is None:
            return 1
        scaled = Decimal(str(real)).scaleb(-scale)
        if scaled != scaled.to_integral_value():
            unit = Decimal(1).scaleb(scale)
            self._find(key, f"{real:g}", f"a multiple of {unit:f} ({scale_key} {scale})")
        return max(1, int(scaled))

    def _price(self, key: str, real: float, tick: int) -> int:
        """A bound as an integer price on the tick grid."""
        scale = self._shape.price_scale
        scaled = Decimal(str(real)).scaleb(-scale)
        if scaled % tick:
            step = Decimal(tick).scaleb(scale)
            default = "" if key in self._shape.model_fields_set else " (default)"
            self._find(key, f"{real:g}{default}", f"a multiple of the tick {step:f}")
        return int(scaled)

    def _unit(self) -> str:
        resource, unit = self._shape.resource, self._shape.unit
        if not is_resource(resource):
            allowed = f"{', '.join(sorted(_UNITS))}, or an x-NAME of your own"
            self._find("resource", repr(resource), allowed)
        if resource == POWER and unit not in {None, "W"}:
            self._find("unit", repr(unit), "W, the unit of POWER; quantity_scale 3 counts kW")
        if unit is None and resource not in _UNITS:
            self._find("unit", "nothing", f"a unit; {resource} has no usual one")
        return unit or _UNITS.get(resource, "")


def _together(products: list[Product]) -> Iterator[Finding]:
    """Products of one resource share scales; longer intervals are multiples of dispatch's."""
    first: dict[Resource, Product] = {}
    for product in products:
        path: Path = ("products", product.id)
        model = first.setdefault(product.resource, product)
        for key in ("price_scale", "quantity_scale", "unit"):
            mine, wanted = getattr(product, key), getattr(model, key)
            if mine != wanted:
                allowed = f"{wanted}, as {model.id} has for the same resource"
                yield Finding(path=(*path, key), found=f"{mine}", allowed=allowed)
        if product.interval % model.interval:
            found = short_duration(product.interval)
            allowed = f"a multiple of {short_duration(model.interval)}, the interval of {model.id}"
            yield Finding(path=(*path, "interval"), found=found, allowed=allowed)
    if POWER not in first:
        allowed = "at least one product with resource POWER, for dispatch"
        yield Finding(path=("products",), found="no product of power", allowed=allowed, at_key=True)


def _gate(products: list[Product], gate_lead: Duration) -> Iterator[Finding]:
    for product in products:
        if gate_lead >= product.interval:
            interval = short_duration(product.interval)
            yield Finding(
                path=("dispatch", "gate_lead"),
                found=short_duration(gate_lead),
                allowed=f"less than {interval}, the interval of {product.id}",
            )
            return
