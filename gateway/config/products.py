"""Products of the file: real ticks, lots and caps become the market's integers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from gateway.config.forward import LEAD, ahead_of, check_forward
from gateway.config.mechanisms import check_mechanisms, price_rule
from gateway.config.problem import Finding, Path
from gateway.config.shapes import SiteShape
from gateway.config.shapes_product import STREAMS
from gateway.config.shapes_product import ProductShape as Shape
from gateway.market.admission import ONLY_WAIT
from gateway.market.price_rules import RULES
from gateway.market.warranted import ONE_PRICE
from gateway.model.product import MAX_QUANTITY, PUBLISHED, Product
from gateway.model.resource import POWER, Resource, is_resource
from gateway.model.settlement import CounterParty, DeviationRule, Settlement
from gateway.model.terms import NUMBERS, OtherTerms, Purpose, TermRule
from gateway.model.time import Duration, short_duration
from gateway.ports.mechanism import Matching, Mechanism

_UNITS: Final = {
    "POWER": "W", "ENERGY": "Wh", "WATER_FLOW": "l/min", "GAS_FLOW": "l/min",
    "WATER_PRESSURE": "Pa", "GAS_PRESSURE": "Pa", "TRANSPORT": "W", "BANDWIDTH": "bit/s",
    "x-HEAT": "W", "x-COOLING": "W", "x-CAPACITY": "W", "x-WASTEWATER": "l/min",
    "x-VIRTUAL": "unit",
}  # fmt: skip


def read_products(
    site: SiteShape, mechanisms: Mapping[str, Mechanism]
) -> tuple[tuple[Product, ...], tuple[Finding, ...]]:
    """All products in file order, and what is wrong with any of them."""
    products: list[Product] = []
    findings: list[Finding] = []
    for name, shape in site.products.items():
        draft = _Draft(("products", name), shape)
        product = draft.product(name, site.currency, site.dispatch.gate_lead)
        products.append(replace(product, price_rule=price_rule(shape, mechanisms)))
        findings.extend(draft.findings)
    findings.extend(_together(products))
    findings.extend(_served(products, mechanisms))
    findings.extend(check_forward(products, mechanisms, ties=bool(site.interties)))
    findings.extend(check_mechanisms(products, site.products, list(site.parties), mechanisms))
    findings.extend(_gate(products, site))
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
        scale_key, scale = "quantity_scale", shape.quantity_scale
        least = ("min_quantity", shape.min_quantity, scale_key, scale)
        most = ("max_quantity", shape.max_quantity, scale_key, scale)
        return Product(
            id=name,
            resource=Resource(shape.resource),
            unit=unit,
            interval=shape.interval,
            currency=currency,
            price_unit="kWh" if unit == "W" else f"{unit}*h",
            mechanism=shape.mechanism,
            maker=shape.maker or "",
            price_scale=shape.price_scale,
            quantity_scale=shape.quantity_scale,
            tick=tick,
            lot=self._whole("lot", shape.lot, "quantity_scale", shape.quantity_scale),
            price_floor=floor,
            price_cap=cap,
            gate_lead=self._gate_lead(gate_lead),
            ahead=ahead_of(shape.forward, shape.quantity_scale),
            settlement=self._settlement(shape.price_scale),
            negotiations=shape.negotiations,
            publish=self._publish(),
            offset=self._offset(),
            min_quantity=1 if shape.min_quantity is None else self._whole(*least),
            max_quantity=MAX_QUANTITY if shape.max_quantity is None else self._whole(*most),
            warrants=shape.warrants,
            streams=STREAMS[shape.streams],
            execution_instructions=shape.execution_instructions or "",
            rules=self._rules(tick),
            other_terms=OtherTerms(shape.other_terms),
        )

    def _gate_lead(self, usual: Duration) -> Duration:
        if self._shape.gate_lead is not None:
            return self._shape.gate_lead
        return usual if self._shape.forward.horizon is None else LEAD

    def _publish(self) -> tuple[str, ...]:
        for one in self._shape.publish:
            if one not in PUBLISHED:
                self._find("publish", one, f"some of {', '.join(PUBLISHED)}")
        return self._shape.publish

    def _offset(self) -> Duration:
        """Less than an interval."""
        offset, interval = self._shape.offset, self._shape.interval
        if offset >= interval:
            self._find("offset", short_duration(offset), f"less than {short_duration(interval)}")
        return offset

    def _rules(self, tick: int) -> tuple[TermRule, ...]:
        """The rule sets with their bounds as the market's integers."""
        rules = self._shape.rules
        bounded = {
            Purpose.MINIMUM: rules.minimum,
            Purpose.MAXIMUM: rules.maximum,
            Purpose.FORCE: rules.force,
        }
        named = {Purpose.MUST_UNDERSTAND: rules.must_understand, Purpose.IGNORE: rules.ignore}
        found = [
            TermRule(purpose=purpose, term=term, value=self._bound(purpose, term, bound, tick))
            for purpose, terms in bounded.items()
            for term, bound in terms.items()
        ]
        found += [TermRule(purpose=p, term=term) for p, terms in named.items() for term in terms]
        return tuple(found)

    def _bound(self, purpose: Purpose, term: str, bound: float, tick: int) -> int:
        if term not in NUMBERS:
            return int(bound)
        shape, priced = self._shape, term == "price"
        scale, step = (shape.price_scale, tick) if priced else (shape.quantity_scale, 1)
        scaled = Decimal(str(bound)).scaleb(-scale)
        if scaled % step:
            allowed = f"a multiple of {Decimal(step).scaleb(scale):f} for {term}"
            path = (*self._path, "rules", purpose.value)
            self.findings.append(Finding(path=path, found=f"{bound:g}", allowed=allowed))
        return int(scaled)

    def _settlement(self, scale: int) -> Settlement | None:
        """None where nothing was said."""
        shape = self._shape.settlement
        scaled = Decimal(str(shape.surcharge)).scaleb(-scale)
        if scaled != scaled.to_integral_value():
            unit = Decimal(1).scaleb(scale)
            allowed = f"a multiple of {unit:f} (price_scale {scale})"
            self._find("settlement", f"surcharge {shape.surcharge:g}", allowed)
        if scaled and shape.deviation != DeviationRule.TWO_PRICE:
            found = f"surcharge {shape.surcharge:g} with deviation: {shape.deviation}"
            self._find("settlement", found, "a surcharge with deviation: two-price only")
        said = Settlement(
            counter_party=CounterParty(shape.counterparty),
            deviation=DeviationRule(shape.deviation),
            surcharge=int(scaled),
        )
        return None if said == Settlement() else said

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


def _served(products: list[Product], mechanisms: Mapping[str, Mechanism]) -> Iterator[Finding]:
    """Warrants need one price for all; a tender can only wait where others are matched at once."""
    for product in products:
        path: Path = ("products", product.id)
        mechanism = mechanisms.get(product.mechanism)
        if product.warrants and product.mechanism not in ONE_PRICE:
            found = f"mechanism {product.mechanism}"
            allowed = f"warrants with mechanism: {' or '.join(ONE_PRICE)}"
            yield Finding(path=(*path, "warrants"), found=found, allowed=allowed)
        elif product.warrants and product.price_rule not in RULES:
            found, allowed = f"price_rule {product.price_rule}", f"with warrants {', '.join(RULES)}"
            yield Finding(path=(*path, "warrants"), found=found, allowed=allowed)
        waits = ONLY_WAIT in product.execution_instructions
        if waits and mechanism is not None and mechanism.matching is not Matching.ARRIVAL:
            found = f"{ONLY_WAIT} with mechanism {product.mechanism}"
            allowed = f"{ONLY_WAIT} only where tenders are matched as they arrive (order-book)"
            yield Finding(path=(*path, "execution_instructions"), found=found, allowed=allowed)


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


def _gate(products: list[Product], site: SiteShape) -> Iterator[Finding]:
    """A gate that closes before its interval's predecessor began is for others than dispatch."""
    dispatched = next((product.id for product in products if product.resource == POWER), "")
    for product in products:
        own = site.products[product.id].gate_lead is not None
        if product.gate_lead >= product.interval and (not own or product.id == dispatched):
            interval = short_duration(product.interval)
            yield Finding(
                path=("products", product.id, "gate_lead") if own else ("dispatch", "gate_lead"),
                found=short_duration(product.gate_lead),
                allowed=f"less than {interval}, the interval of {product.id}",
            )
            return
