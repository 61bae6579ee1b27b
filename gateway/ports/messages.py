"""The messages port: devices that speak MQTT, behind one broker."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model.message import Command
from gateway.model.time import Duration, Instant


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest message of a topic.

    Attributes:
        since: when it arrived, on the clock that is never stepped.
        retained: the broker kept it, for nobody knows how long: it arrived only now.
    """

    payload: bytes
    since: Duration
    retained: bool


@runtime_checkable
class Messages(Protocol):
    """What a line to a broker offers: the newest message of every topic listened to.

    It connects when it is first asked to listen, and again for ever.
    """

    @property
    def away(self) -> str:
        """Why the broker does not hear us; empty while it does."""
        ...

    def now(self) -> Instant:
        """By the wall clock."""
        ...

    def age(self, heard: Heard) -> Duration:
        """How long ago the message arrived, whatever became of the wall clock."""
        ...

    def listen(self, topics: Collection[str]) -> None:
        """Keep the newest message of these topics (no wildcards) from now on."""
        ...

    def newest(self, topic: str) -> Heard | None:
        """The newest message, None where there was none or an empty one."""
        ...

    async def publish(self, topic: str, payload: str, *, timeout: Duration) -> None:
        """Return when the broker has confirmed it; it is not retained.

        Raises:
            DeviceUnavailable: there is no connection, or no confirmation in time.
        """
        ...

    async def until(self, satisfied: Callable[[], bool], *, timeout: Duration) -> bool:
        """Wait for messages until the condition holds; whether it does in the end."""
        ...


async def obeyed(messages: Messages, command: Command, *, timeout: Duration) -> bool:
    """Publish the command, and see whether the device's state topic shows it.

    What it tells afterwards counts.  A device that only tells what changes stays silent when
    it already does what it is told: then the state that stands is the proof, if it was heard
    from the device.  What the broker had kept proves nothing: the device may be gone since.

    Raises:
        DeviceUnavailable: the broker did not take the command.
    """
    messages.listen((command.state,))
    before = messages.newest(command.state)

    def shown() -> bool:
        now = messages.newest(command.state)
        return now is not before and _proves(now, command)

    await messages.publish(command.topic, command.payload, timeout=timeout)
    if command.ask_topic:
        await messages.publish(command.ask_topic, command.ask_payload, timeout=timeout)
    if await messages.until(shown, timeout=timeout):
        return True
    return _proves(messages.newest(command.state), command)


def _proves(heard: Heard | None, command: Command) -> bool:
    return heard is not None and not heard.retained and command.shown_by(heard.payload)
