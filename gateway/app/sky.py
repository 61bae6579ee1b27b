"""The sun over the configured place."""

from gateway.model.site import Location
from gateway.model.time import SECOND, Instant
from gateway.physics.sun import elevation_deg
from gateway.runtime.silence import Sun


def sun_over(location: Location | None) -> Sun | None:
    """Elevation in degrees by time, None where nobody said where the house stands."""
    if location is None:
        return None

    def elevation(at: Instant) -> float:
        return elevation_deg(at / SECOND, location.latitude, location.longitude)

    return elevation
