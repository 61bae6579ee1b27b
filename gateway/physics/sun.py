"""Where the sun stands.

Source: the low-precision formulas of the Astronomical Almanac; right to 0.1 degrees for decades
around 2000, without refraction.
"""

from math import asin, atan2, cos, degrees, radians, sin
from typing import Final

_J2000_S: Final = 946_728_000.0
_DAY_S: Final = 86_400.0
_TURN: Final = 360.0


def elevation_deg(at_s: float, latitude: float, longitude: float) -> float:
    """Elevation of the sun above the horizon, degrees, -90..90; negative at night.

    Args:
        at_s: seconds since the epoch (UTC).
        latitude: degrees, north positive.
        longitude: degrees, east positive.
    """
    days = (at_s - _J2000_S) / _DAY_S
    anomaly = radians((357.528 + 0.985_600_3 * days) % _TURN)
    mean = 280.460 + 0.985_647_4 * days
    ecliptic = radians((mean + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) % _TURN)
    obliquity = radians(23.439 - 0.000_000_4 * days)
    ascension = atan2(cos(obliquity) * sin(ecliptic), cos(ecliptic))
    declination = asin(sin(obliquity) * sin(ecliptic))
    sidereal = radians((280.460_618_37 + 360.985_647_366_29 * days + longitude) % _TURN)
    hour, north = sidereal - ascension, radians(latitude)
    height = sin(north) * sin(declination) + cos(north) * cos(declination) * cos(hour)
    return degrees(asin(max(-1.0, min(1.0, height))))
