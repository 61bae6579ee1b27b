"""What is learned of rooms, where loads keep a temperature."""

from gateway.adapters.climate_file import ClimateFile
from gateway.adapters.state import StateDir
from gateway.model.site import Site as Settings
from gateway.ports.bus import Bus
from gateway.runtime.climates import Climates
from gateway.runtime.site import Site


def open_climates(
    settings: Settings, state: StateDir, *, site: Site, bus: Bus, threaded: bool
) -> Climates:
    """Of all loads with a comfort."""
    file = ClimateFile(state.path)
    return Climates(
        devices=(one.device for one in settings.devices),
        load=file.load,
        store=file.store,
        site=site,
        bus=bus,
        threaded=threaded,
    )
