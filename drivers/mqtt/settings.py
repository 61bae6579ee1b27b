"""What the YAML says of one device on MQTT, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.model.device import Role
from gateway.model.message import Command
from gateway.model.time import Duration

GENERATING: Final = frozenset({Role.SOLAR, Role.GENERATOR})
STATES: Final = ("temperature", "occupancy")
VALUES: Final = ("power", "energy", "energy_in", "energy_out", "soc", *STATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value in the payload of a topic.

    Attributes:
        path: steps to it by dots; empty = the whole payload.
        scale: from the device's unit to the project's, W, Wh, % or °C; ``offset`` is added
            before (°F).
        on, off: the words of a yes or no, in lower case; empty for a number.
    """

    name: str
    topic: str
    path: str
    scale: float = 1.0
    offset: float = 0.0
    on: str = ""
    off: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The topic on which the device, or its will, says whether it is there (lower case)."""

    topic: str
    path: str
    online: str
    offline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How the device is steered.

    Attributes:
        kind: ``switch``, ``target`` (a flow to hold) or ``limit`` (a bound on generation).
        topic: where commands go.
        on, off: templates of a switch; ``on_word``, ``off_word``: what its state then says;
            ``switch_w``: what it draws, or a generator gives, while on, W.
        template: of a target or a limit.
        sign: what a quantity of the project (positive into the device) is multiplied by; -1 where
            a switch starts a generator.
        state, path: where the device shows what it took; ``scale``: of a number there, to W.
        release: the neutral command.
        ask_topic, ask_payload: what makes it tell its state.
        timer_max_s: the longest ``{{timer_s}}`` it takes, 0 = it has no countdown.
    """

    kind: str
    topic: str
    on: str = ""
    off: str = ""
    on_word: str = ""
    off_word: str = ""
    switch_w: float = 0.0
    template: str = ""
    sign: float = 1.0
    state: str
    path: str
    scale: float = 1.0
    release: Command
    ask_topic: str = ""
    ask_payload: str = ""
    timer_max_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The driver's own keys.

    Attributes:
        expiry: how long a value counts as new.
        time: where a payload says when it was made (RFC 3339, seconds or milliseconds since
            1970); empty = nowhere.
        sign: +1 where the device counts positive what flows into it, else -1.
    """

    values: tuple[Value, ...]
    availability: Availability | None
    expiry: Duration
    time: str
    sign: float
    control: Control | None

    @property
    def topics(self) -> tuple[str, ...]:
        """All that is listened to."""
        found = [value.topic for value in self.values]
        if self.availability is not None:
            found.append(self.availability.topic)
        if self.control is not None:
            found += [self.control.state, self.control.release.state]
        return tuple(dict.fromkeys(found))

    def turned(self, role: Role) -> Mapping[str, str]:
        """The key that counts power the other way round."""
        del role
        return {"sign": "1" if self.sign < 0 else "-1"}
