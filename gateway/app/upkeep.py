"""Upkeep of the state folder: what a start found in it, and what is done every hour."""

import structlog

from gateway.app.gateway import Gateway
from gateway.model.errors import JournalFailed
from gateway.model.event import FaultChanged

SET_ASIDE_CODE = "JOURNAL_SET_ASIDE"
"""The journal was damaged: it was set aside, and what can be proven of it goes on."""
UNUSABLE_CODE = "ARMING_UNUSABLE"
"""An arming record cannot be read: its device is not driven and may still be limited."""


def tell_findings(gateway: Gateway) -> None:
    """Publish what was wrong with journal and arming records; it stands until a restart."""
    if gateway.journal.damage is not None:
        _tell(gateway, SET_ASIDE_CODE, gateway.journal.damage)
    if gateway.armory.broken:
        _tell(gateway, UNUSABLE_CODE, "; ".join(gateway.armory.broken))


def _tell(gateway: Gateway, code: str, text: str) -> None:
    now = gateway.clock.now()
    gateway.bus.publish(FaultChanged(device="gateway", code=code, active=True, at=now, text=text))


async def remember(gateway: Gateway) -> None:
    """Keep what the devices are, where that changed."""
    for station in gateway.stations.values():
        await station.remember()


async def tidy(gateway: Gateway) -> None:
    """Forget old rows and keep the day's copy; a disk that fails is said and tried again."""
    products = [product.id for product in gateway.settings.products]
    try:
        if gateway.ledger is not None:
            await gateway.ledger.before_prune(products, gateway.settings.journal.keep)
        await gateway.journal.prune(products, gateway.settings.journal.keep)
        await gateway.journal.keep_copy()
    except JournalFailed as fault:
        structlog.get_logger().warning("journal.not_tidied", reason=str(fault))
