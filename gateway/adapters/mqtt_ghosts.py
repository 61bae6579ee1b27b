"""What stands retained in our name: leftovers of earlier lives are cleared, nothing of others.

Right after connecting all of it is heard for a moment.  Who else publishes under the area
meanwhile is a second gateway: then nothing is cleared, for it may be that one's.
"""

import asyncio
from typing import Final

import structlog

from gateway.adapters.mqtt_outbox import Outbox
from gateway.wire.border import Border
from gateway.wire.filters import matches
from gateway.wire.home_assistant import ONLINE, HomeAssistant
from gateway.wire.message import Message

_STAGGER_S: Final = 0.05


class Ghosts:
    """Hears what is retained, and puts what clears it into the outbox.

    Args:
        assistant: what Home Assistant is told; None = it is neither told nor listened to.
    """

    def __init__(self, outbox: Outbox, border: Border, assistant: HomeAssistant | None) -> None:
        self._outbox = outbox
        self._border = border
        self._assistant = assistant
        self._found: list[str] = []
        self._other = ""
        self._announced_before: set[str] = set()
        self._log = structlog.get_logger()

    @property
    def filters(self) -> tuple[str, ...]:
        """What to listen to between ``begin`` and ``end``."""
        announced = () if self._assistant is None else (self._assistant.announced,)
        return (*self._border.topics.retained, *announced)

    def begin(self) -> None:
        """A new connection."""
        self._found.clear()
        self._other = ""
        self._announced_before.clear()

    def end(self) -> None:
        """All that is retained was heard."""
        if self._other:
            self._log.error(
                "mqtt.area_shared",
                topic=self._other,
                reason="somebody else publishes in this area's name; is a second gateway running?",
            )
        else:
            for topic in self._found:
                self._lay(topic)
        self._found.clear()
        self._announce_unasked()

    def hear(self, topic: str, payload: bytes, *, retained: bool, own_back: bool) -> bool:
        """Whether the message is of these; ``own_back``: it may be one of our own."""
        if self._assistant is not None and self._of_assistant(
            topic, payload, self._assistant, retained=retained
        ):
            return True
        topics = self._border.topics
        if not any(matches(one, topic) for one in topics.retained):
            return False
        if retained and payload:
            self._found.append(topic)
        elif not (retained or own_back or topic == topics.status):  # there a will may speak
            self._other = topic
        return True

    def _lay(self, topic: str) -> None:
        topics = self._border.topics
        # The last clearing of an earlier life is still the last one.
        kept = {topics.status, *(topics.clearing(product) for product in self._border.products)}
        if not self._outbox.retains(topic) and topic not in kept:
            self._log.debug("mqtt.ghost_cleared", topic=topic)
            self._outbox.put(Message(topic, b"", retain=True))

    def _of_assistant(
        self, topic: str, payload: bytes, assistant: HomeAssistant, *, retained: bool
    ) -> bool:
        """Whether the message is Home Assistant's birth, or an announcement to it."""
        if topic == assistant.birth:
            if payload == ONLINE:
                self._announce_again(assistant)
            return True
        if not matches(assistant.announced, topic):
            return False
        if not retained or self._outbox.retains(topic) or not assistant.is_ours(payload):
            return True
        if any(topic == one.topic for one in assistant.unasked()):
            self._announced_before.add(topic)
        else:
            self._log.info("mqtt.announcement_cleared", topic=topic)
            self._outbox.put(Message(topic, b"", retain=True))
        return True

    def _announce_unasked(self) -> None:
        """Devices that have not answered yet, unless an earlier life announced all of them."""
        for message in () if self._assistant is None else self._assistant.unasked():
            known = message.topic in self._announced_before
            if not known and not self._outbox.retains(message.topic):
                self._outbox.put(message)

    def _announce_again(self, assistant: HomeAssistant) -> None:
        """One after another: a Home Assistant that starts has enough to do."""
        loop = asyncio.get_running_loop()
        ours = [one for one in self._outbox.retained if matches(assistant.announced, one)]
        for place, topic in enumerate(ours):
            loop.call_later(place * _STAGGER_S, self._outbox.again, topic)
