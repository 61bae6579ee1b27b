"""How bad a fault is.

Source: ITU-T X.733, perceived severity.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How much of its work whoever has the fault cannot do; tokens of X.733."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


_OF: Final[Mapping[str, Severity]] = {
    "JOURNAL_FAILED": Severity.CRITICAL,
    "METER_FROZEN": Severity.CRITICAL,
    "SETPOINT_CONTESTED": Severity.MINOR,
    "VALUE_OUT_OF_RANGE": Severity.MINOR,
    "DATA_STALE": Severity.MINOR,
    "STRING_LOW": Severity.MINOR,
    "YIELD_LOW": Severity.MINOR,
    "JOURNAL_SET_ASIDE": Severity.WARNING,
    "DEVICE_EXCHANGED": Severity.WARNING,
    "FIRMWARE_CHANGED": Severity.WARNING,
    "VENDOR_EVENT": Severity.WARNING,
}


def severity(code: str) -> Severity:
    """Of a fault by its code; what a device reports of itself is major."""
    return _OF.get(code, Severity.MAJOR)
