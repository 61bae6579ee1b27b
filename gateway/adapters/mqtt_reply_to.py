"""Where a request wants its answer, and what it knows it by.

Source: MQTT 5.0, sections 3.3.2.3.5 and 3.3.2.3.6 (Response Topic, Correlation Data).
"""

from dataclasses import dataclass, replace
from typing import Final

import aiomqtt

from gateway.wire.message import Message
from gateway.wire.topics import Topics, is_foreign_id

# They wait in memory beside the request and its answer.
_LONGEST_TOPIC: Final = 256  # characters
_MOST_CORRELATION: Final = 1024  # bytes


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """How one answer is addressed.

    Attributes:
        topic: in the inbox of the party that asked; empty = the operation's own.
        correlation: echoed as it came.
    """

    topic: str = ""
    correlation: bytes = b""

    def address(self, answer: Message) -> Message:
        """The answer as it was asked for."""
        return replace(answer, topic=self.topic or answer.topic, correlation=self.correlation)


NOWHERE_ELSE: Final = ReplyTo()


def reply_to(message: aiomqtt.Message, topics: Topics) -> ReplyTo:
    """What the message asks for, as far as it is granted.

    An answer goes nowhere but to the inbox of the party whose topic the request came on: the
    gateway may write everywhere, and must not be made to write for somebody who may not.
    """
    properties, party = message.properties, topics.speaker(message.topic.value)
    if properties is None or not party:
        return NOWHERE_ELSE
    correlation = bytes(getattr(properties, "CorrelationData", b""))
    wanted = str(getattr(properties, "ResponseTopic", ""))
    return ReplyTo(
        topic=wanted if _is_own(wanted, topics.inbox(party, "")) else "",
        correlation=correlation if len(correlation) <= _MOST_CORRELATION else b"",
    )


def _is_own(topic: str, inbox: str) -> bool:
    """Whether it is below the inbox, in plain names."""
    if len(topic) > _LONGEST_TOPIC or not topic.startswith(inbox):
        return False
    return all(is_foreign_id(level) for level in topic.removeprefix(inbox).split("/"))
