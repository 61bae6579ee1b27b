"""SIGHUP: the configuration is read again; what can change live changes, the rest is named."""

from collections.abc import Callable
from dataclasses import fields

import structlog

from gateway.adapters.log import Threshold
from gateway.app.gateway import Gateway
from gateway.app.tariff_files import calendars_of
from gateway.app.wiring import rules_of
from gateway.config import Loaded
from gateway.model.product import Product
from gateway.model.site import Site, Tariff, TopicPrice

_LIVE = frozenset({"control", "tariff", "log", "products"})
# As the keys are called in the file.
_KEYS = {
    "limits": "grid limits",
    "shares": "share",
    "allowances": "parties",
    "party_calendars": "parties",
    "admission": "registration, enrollment, silence",
}


class Reload:
    """Applies a changed configuration to a running gateway.

    Args:
        read: loads the file again.
        gateway, threshold: what is changed.
        threaded: calendars are understood beside the loop.
    """

    def __init__(
        self,
        read: Callable[[], Loaded],
        gateway: Gateway,
        threshold: Threshold,
        *,
        threaded: bool = False,
    ) -> None:
        self._threaded = threaded
        self._read = read
        self._gateway = gateway
        self._threshold = threshold
        self._known = gateway.settings
        self._waiting: list[str] = []
        self._log = structlog.get_logger()

    async def __call__(self) -> None:
        """Read and apply; a file with any problem changes nothing."""
        loaded = self._read()
        if loaded.site is None or loaded.problems:
            for problem in loaded.problems:
                self._log.error("config.refused", reason=str(problem))
            self._log.error("config.kept", reason="the file has problems: nothing was changed")
            return
        changed = await self._apply(loaded.site)
        waiting = [*restart_keys(self._gateway.settings, loaded.site), *self._waiting]
        self._log.info("config.reloaded", changed=", ".join(changed) or "nothing")
        if waiting:
            self._log.warning("config.restart_needed", keys=", ".join(waiting))

    async def _apply(self, new: Site) -> list[str]:
        """What changed, by key; ``known`` is what is in force."""
        old, changed = self._known, []
        self._known = new
        if new.log.level != old.log.level:
            self._threshold.set(new.log.level)
            changed.append("log.level")
        if new.tariff != old.tariff and topics(new.tariff) <= topics(self._gateway.settings.tariff):
            calendars = await calendars_of(new.tariff, threaded=self._threaded)
            self._gateway.priced_by(new.tariff, calendars)
            changed.append("grid prices")
        if new.control is not old.control:
            await self._gateway.control.configure(new.control)
            changed.append("control")
        if new.products != old.products:
            changed += self._trade(new.products)
        return changed

    def _trade(self, products: tuple[Product, ...]) -> list[str]:
        rules = {product.id: rules_of(product) for product in products}
        renewed = self._gateway.catalogue.renew(products, rules)
        self._waiting = [f"products.{id_}" for id_ in renewed.waiting]
        return [f"products.{id_}" for id_ in renewed.changed]


def restart_keys(running: Site, new: Site) -> list[str]:
    """Keys that differ from what runs and take a restart."""
    names = [field.name for field in fields(Site) if field.name not in _LIVE]
    changed = (_KEYS.get(n, n) for n in names if getattr(running, n) != getattr(new, n))
    keys = [*dict.fromkeys(changed)]
    if not topics(new.tariff) <= topics(running.tariff):
        keys.append("price topics")
    if new.log.format != running.log.format:
        keys.append("log.format")
    return keys


def topics(tariff: Tariff) -> frozenset[str]:
    """Topics the tariff listens to; the broker's rules and subscriptions are made at the start."""
    sources = (tariff.import_price, tariff.export_price)
    return frozenset(source.topic for source in sources if isinstance(source, TopicPrice))
