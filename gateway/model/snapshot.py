"""The site frozen at one moment: what agents and the dispatcher see."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.comfort import Climate
from gateway.model.device import Capabilities, DeviceState
from gateway.model.reading import Quality, Reading
from gateway.model.time import Instant
from gateway.model.wish import Errand


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """One device in a snapshot.

    Attributes:
        reading: the newest one, None before the first; ``quality`` is as of the snapshot
            (a good reading that has grown old is STALE here).
        since: when the device entered ``state``.
        limited: whether the gateway holds a limit below what the source offers.
        limit_w: that limit's magnitude.
        running_since, stopped_since: of a load, by its own reading.
        no_effect_at: when a command was last seen to have no effect, None if never.
        errand: what its owner wishes of it and it has not done yet, None = nothing said.
        climate: how warm it is where it keeps a temperature, None = it keeps none or nobody knows.
    """

    id: str
    state: DeviceState
    capabilities: Capabilities
    since: Instant
    reading: Reading | None = None
    quality: Quality = Quality.MISSING
    limit_w: float | None = None
    running_since: Instant | None = None
    stopped_since: Instant | None = None
    no_effect_at: Instant | None = None
    errand: Errand | None = None
    climate: Climate | None = None

    @property
    def power_w(self) -> float | None:
        """Power into the device if its reading is good and fresh, else None."""
        if self.reading is None or self.quality is not Quality.GOOD:
            return None
        return self.reading.power_w

    @property
    def soc_pct(self) -> float | None:
        """State of charge if the reading is good and fresh, else None."""
        if self.reading is None or self.quality is not Quality.GOOD:
            return None
        return self.reading.soc_pct


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The site at ``at``.

    Attributes:
        devices: by id, in configuration order.
        import_price, export_price: real tariff prices per price unit now; None = unknown.
        residual_w: what devices without an agent draw together (W, passive), by the load
            estimate; None without a grid meter or with a stale one.
    """

    at: Instant
    devices: Mapping[str, DeviceView] = field(default_factory=dict)
    import_price: float | None = None
    export_price: float | None = None
    residual_w: float | None = None
