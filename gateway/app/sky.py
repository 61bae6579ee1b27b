"""The sun over the configured place."""

from math import radians, sin

from gateway.metering.expectation import Sky
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


def sky_over(location: Location | None) -> Sky | None:
    """Sine of the elevation by time, None where nobody said where the house stands."""
    sun = sun_over(location)
    return None if sun is None else lambda at: sin(radians(sun(at)))
