"""What may change while the gateway runs: the configured control mode and the tariff."""

from gateway.model.site import ControlMode, Tariff
from gateway.runtime.owner import Owner
from gateway.runtime.prices import Prices


class LiveOwner(Owner):
    """An owner whose configured mode can be replaced."""

    async def configure(self, mode: ControlMode) -> None:
        """Take the mode of a changed configuration; what the owner said since goes before it."""
        self._configured = mode
        await self._announce("configuration")


class LivePrices(Prices):
    """A tariff that can be replaced; prices heard on topics stay."""

    def configure(self, tariff: Tariff) -> None:
        """Take the tariff of a changed configuration; it holds from the next gate on."""
        self._tariff = tariff
