"""The section ``interties``: contracts with markets above, in the integers of their product."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Final
from urllib.parse import urlsplit

from gateway.config.problem import Finding, Path, listed
from gateway.config.shapes import SiteShape
from gateway.config.shapes_intertie import IntertieShape, ValidityShape, WindowShape
from gateway.model.device import Role
from gateway.model.intertie import (
    WHOLE,
    Bounds,
    Contract,
    IntertieSettings,
    OnBreach,
    Window,
)
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import GridLimits
from gateway.model.time import MINUTE, Duration, Instant, parse_rfc3339, short_duration

_URL: Final = "mqtt://HOST:PORT or mqtts://HOST:PORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The healthy interties, and what is wrong with any."""

    interties: tuple[IntertieSettings, ...]
    findings: tuple[Finding, ...]


def read_interties(
    entries: Mapping[str, IntertieShape],
    area: str,
    products: Iterable[Product],
    folder: FilePath,
) -> Section:
    """Every entry, in file order."""
    by_id = {product.id: product for product in products}
    found: list[IntertieSettings] = []
    findings: list[Finding] = []
    taken: dict[str, str] = {}
    for name, shape in entries.items():
        product = by_id.get(shape.product)
        wrong = [*_wrong(name, shape, area, by_id, taken), *_wrong_files(name, shape, folder)]
        taken.setdefault(shape.product, name)
        if product is not None:
            draft = _Draft(("interties", name), shape, product)
            contract = draft.contract(name, area)
            wrong += draft.findings
            if not wrong:
                found.append(_settings(contract, shape, area, folder))
        findings += wrong
    return Section(interties=tuple(found), findings=tuple(findings))


def within_contracts(limits: GridLimits, site: SiteShape) -> GridLimits:
    """The limits of the connection point, with what the contracts allow at most.

    Where nobody measures the connection nobody can keep them: there they bind the tenders only.
    """
    entries = site.devices.values()
    if not any(isinstance(one, dict) and one.get("role") == Role.GRID for one in entries):
        return limits
    for one in site.interties.values():
        imports, exports = one.contract.max_import_w, one.contract.max_export_w
        limits = GridLimits(
            import_w=imports if limits.import_w is None else min(limits.import_w, imports),
            export_w=exports if limits.export_w is None else min(limits.export_w, exports),
        )
    return limits


def _wrong(
    name: str,
    shape: IntertieShape,
    area: str,
    products: Mapping[str, Product],
    taken: Mapping[str, str],
) -> Iterator[Finding]:
    path: Path = ("interties", name)
    product = products.get(shape.product)
    if product is None or product.resource != POWER:
        of_power = [one.id for one in products.values() if one.resource == POWER]
        found = f"{shape.product!r}" if product is None else f"a product of {product.resource}"
        allowed = f"a product of power: {listed(of_power)}"
        yield Finding(path=(*path, "product"), found=found, allowed=allowed)
    if shape.product in taken:
        found = f"{shape.product!r}, which interties.{taken[shape.product]} connects"
        allowed = "one intertie for a product: there is one wire"
        yield Finding(path=(*path, "product"), found=found, allowed=allowed)
    if (shape.area or name) == area:
        found, allowed = f"{area!r}, this area itself", "the id of the area above"
        yield Finding(path=(*path, "area"), found=found, allowed=allowed)
    if product is not None and shape.ahead >= product.interval:
        allowed = f"less than {short_duration(product.interval)}, the interval of {product.id}"
        yield Finding(path=(*path, "ahead"), found=short_duration(shape.ahead), allowed=allowed)


def _wrong_files(name: str, shape: IntertieShape, folder: FilePath) -> Iterator[Finding]:
    path: Path = ("interties", name, "broker")
    given = shape.broker
    try:
        url = urlsplit(given.url)
        bare = not (url.path.strip("/") or url.query or url.fragment or "@" in url.netloc)
        good = url.scheme in {"mqtt", "mqtts"} and bool(url.hostname) and url.port != 0 and bare
    except ValueError:
        good = False
    if not good:
        yield Finding(path=(*path, "url"), found=repr(given.url), allowed=_URL)
    for key, text in (("password_file", given.password_file), ("ca", given.ca)):
        if text is not None and not (folder / text).is_file():
            found, allowed = f"{text!r}, which is not there", "a file that can be read"
            yield Finding(path=(*path, key), found=found, allowed=allowed)


def _settings(
    contract: Contract, shape: IntertieShape, area: str, folder: FilePath
) -> IntertieSettings:
    given = shape.broker
    return IntertieSettings(
        contract=contract,
        url=given.url,
        username=given.username or area,
        password_file=None if given.password_file is None else str(folder / given.password_file),
        ca=None if given.ca is None else str(folder / given.ca),
    )


class _Draft:
    """One contract on its way to integers."""

    def __init__(self, path: Path, shape: IntertieShape, product: Product) -> None:
        self._path = path
        self._shape = shape
        self._product = product
        self.findings: list[Finding] = []

    def contract(self, name: str, area: str) -> Contract:
        """The contract; where there are findings it must not be used."""
        shape, given, product = self._shape, self._shape.contract, self._product
        low, high = self._collar()
        imports, exports = self._standing()
        begins, ends = self._validity(given.validity)
        return Contract(
            tie=name,
            area=area,
            parent=shape.area or name,
            product=product.id,
            parent_product=shape.parent_product or product.id,
            bounds=Bounds(
                imports=product.quantity_down(given.max_import_w),
                exports=product.quantity_down(given.max_export_w),
            ),
            fee=self._price(given.fee, "contract", "fee"),
            loss_ppm=round(given.loss * WHOLE),
            collar_min=low,
            collar_max=high,
            notice=given.notice,
            schedule=tuple(self._window(window) for window in given.schedule),
            valid_from=begins,
            valid_until=ends,
            on_breach=OnBreach(given.on_breach),
            standing_import=imports,
            standing_export=exports,
            ahead=shape.ahead,
        )

    def _find(self, found: str, allowed: str, *keys: str) -> None:
        self.findings.append(Finding(path=(*self._path, *keys), found=found, allowed=allowed))

    def _price(self, real: float, *keys: str) -> int:
        """An integer price that means exactly the same."""
        scale = self._product.price_scale
        scaled = Decimal(str(real)).scaleb(-scale)
        if scaled != scaled.to_integral_value():
            unit = Decimal(1).scaleb(scale)
            self._find(f"{real:g}", f"a multiple of {unit:f}, the product's price scale", *keys)
        return int(scaled)

    def _collar(self) -> tuple[int | None, int | None]:
        given = self._shape.contract.collar
        low = None if given.min is None else self._price(given.min, "contract", "collar", "min")
        high = None if given.max is None else self._price(given.max, "contract", "collar", "max")
        if low is not None and high is not None and high < low:
            self._find(f"{given.max:g}", f"at least min {given.min:g}", "contract", "collar", "max")
        return low, high

    def _standing(self) -> tuple[int, int]:
        """(import, export), where buying here and selling there never earns."""
        terms, product = self._shape.standing_terms, self._product
        imports = self._price(terms.import_price, "standing_terms", "import_price")
        exports = self._price(terms.export_price, "standing_terms", "export_price")
        if exports >= imports:
            allowed = (
                f"below import_price {terms.import_price:g}: a wire must not trade with itself"
            )
            self._find(f"{terms.export_price:g}", allowed, "standing_terms", "export_price")
        for key, price in (("import_price", imports), ("export_price", exports)):
            if not product.price_floor <= price <= product.price_cap or price % product.tick:
                low, high = map(product.real_price, (product.price_floor, product.price_cap))
                allowed = f"a price of {product.id}, {low:f} to {high:f} in its ticks"
                self._find(f"{product.real_price(price):f}", allowed, "standing_terms", key)
        return imports, exports

    def _window(self, window: WindowShape) -> Window:
        given, product = self._shape.contract, self._product
        imports = given.max_import_w if window.max_import_w is None else window.max_import_w
        exports = given.max_export_w if window.max_export_w is None else window.max_export_w
        return Window(
            start=_time(window.start),
            end=_time(window.end),
            bounds=Bounds(
                imports=product.quantity_down(imports), exports=product.quantity_down(exports)
            ),
        )

    def _validity(self, given: ValidityShape) -> tuple[Instant | None, Instant | None]:
        begins = self._instant(given.start, "from")
        ends = self._instant(given.end, "until")
        if begins is not None and ends is not None and ends <= begins:
            self._find(f"{given.end}", f"later than from {given.start}", *("contract", "validity"))
        return begins, ends

    def _instant(self, text: str | None, key: str) -> Instant | None:
        if text is None:
            return None
        try:
            return parse_rfc3339(text if len(text) > len("2026-01-01") else f"{text}T00:00:00Z")
        except (ValueError, OverflowError):
            allowed = "a date such as 2026-01-01, or an RFC 3339 instant"
            self._find(repr(text), allowed, "contract", "validity", key)
            return None


def _time(text: str) -> Duration:
    hours, minutes = text.split(":")
    return Duration((int(hours) * 60 + int(minutes)) * MINUTE)
