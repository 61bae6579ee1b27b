"""Heartbeats: the gateway's to the device, and the device's own.

715 ControllerHb and 802 CtrlHb grow by one a second while the controller lives, and begin again
at zero.  715 DERHb and 802 Hb do the same for the device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.sunspec.discovery import Header
from drivers.sunspec.raw import Raw
from gateway.model.reading import PointValue
from gateway.model.setpoint import RegisterWrite
from gateway.model.time import SECOND, Duration, Instant, in_seconds

OURS = {715: "ControllerHb", 802: "CtrlHb"}
THEIRS = ("715.DERHb", "802.Hb")
_LONGEST_PAUSE = Duration(5 * SECOND)
_ALL_ONES = {1: 0xFFFF, 2: 0xFFFF_FFFF}  # by size; means "not implemented", so it is left out


@dataclass(slots=True)
class Heart:
    """The gateway's heartbeat in one device.

    Attributes:
        beat: the last one written, or found.
    """

    _raw: Raw
    _name: str
    beat: int

    @classmethod
    def of(
        cls, header: Header, model: Sequence[int], *, low_word_first: bool = False
    ) -> "Heart | None":
        """From the model's words, None where the device has no such point."""
        name = OURS[header.model]
        try:
            raw = Raw.of(header, model, name, name, low_word_first=low_word_first)
        except KeyError:
            return None
        beat = raw.get(name)
        return None if beat is None else cls(raw, name, beat)

    def next(self) -> RegisterWrite:
        """The next beat, zero after the largest number."""
        self.beat = (self.beat + 1) % _ALL_ONES[self._raw.point(self._name).size]
        words = self._raw.put(**{self._name: self.beat})
        return RegisterWrite(address=min(words), words=tuple(words[at] for at in sorted(words)))


@dataclass(slots=True)
class Pulse:
    """The device's own heartbeat as it shows in its readings.

    A device that never moves its number does not implement it; one that stops is not well.
    """

    _seen: Mapping[str, PointValue] | None = None
    _moved: bool = False
    _at: Instant = Instant(0)

    def stopped(self, points: Mapping[str, PointValue], at: Instant, poll: Duration) -> str:
        """Since when it stands still, for a person; empty while it beats."""
        shown = {name: points[name] for name in THEIRS if points.get(name) is not None}
        if shown != self._seen:
            self._moved = self._moved or self._seen is not None
            self._seen, self._at = shown, at
            return ""
        if not shown or not self._moved or at - self._at < max(_LONGEST_PAUSE, 3 * poll):
            return ""
        return f"{', '.join(shown)} stands still for {in_seconds(Duration(at - self._at)):.0f} s"
