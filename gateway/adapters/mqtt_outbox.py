"""What waits to be published, in bounded memory, whether or not there is a broker.

Of a retained topic only the newest message counts.  Pushes and answers to parties are kept in
order until the broker has taken them.  Ticks are for who looks now.  What the broker confirms
(QoS 1) is taken one by one, what it does not (QoS 0) all at once.
"""

import asyncio
from collections import deque
from itertools import islice

from gateway.wire.message import Message

_KEPT = 10_000
_TICKS = 1_000
_BURST = 512  # messages: some 300 KB


class Outbox:
    """Messages to publish; any number of writers ``take`` from it, one ``take_burst``.

    ``min_interval_s`` bounds the rate per topic of retained messages and ticks, in real time;
    what comes faster is conflated (retained) or dropped (ticks).  Pushes are never held back.
    """

    def __init__(self, *, min_interval_s: float = 0.0, kept: int = _KEPT) -> None:
        self._min_interval_s = min_interval_s
        self._bound = kept
        self._kept: deque[Message] = deque()
        self._flying: list[Message] = []
        self._retained: dict[str, Message] = {}
        self._ready: dict[str, Message] = {}
        self._loose: dict[str, Message] = {}
        self._held: dict[str, Message] = {}
        self._ticks: deque[Message] = deque(maxlen=_TICKS)
        self._last_sent: dict[str, float] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._loose_news = asyncio.Event()
        self.dropped = 0

    def put(self, message: Message) -> None:
        """Take a message; drops (and counts) the oldest push when 10 000 wait."""
        if message.retain:
            self._put_retained(message)
        elif message.qos:
            self._put_kept(message)
            self._wake_one()
        else:
            self._put_tick(message)

    async def take(self) -> Message:
        """The next message at QoS 1: pushes first, then state."""
        while (message := self._next()) is None:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                # The turn may have come in the same moment: hand it to the next.
                if turn.done() and not turn.cancelled():
                    self._wake_one()
                raise
        return message

    async def take_burst(self) -> list[Message]:
        """What there is at QoS 0, at least one message: state first, then ticks."""
        while not (self._loose or self._ticks):
            self._loose_news.clear()
            await self._loose_news.wait()
        topics = list(islice(self._loose, _BURST))
        for topic in topics:
            self._mark_sent(topic)
        burst = [self._loose.pop(topic) for topic in topics]
        while self._ticks and len(burst) < _BURST:
            burst.append(self._ticks.popleft())
        return burst

    def done(self, message: Message) -> None:
        """The broker has taken it."""
        if message.qos and not message.retain:
            self._flying.remove(message)

    def replay(self) -> None:
        """Make ready, after a new connection, all state and every push not yet confirmed."""
        self._kept.extendleft(reversed(self._flying))
        self._flying.clear()
        self._held.clear()
        self._ready = {topic: one for topic, one in self._retained.items() if one.qos}
        self._loose = {topic: one for topic, one in self._retained.items() if not one.qos}
        self._loose_news.set()
        for _ in range(len(self._waiting)):
            self._wake_one()

    def again(self, topic: str) -> None:
        """Publish once more what stands retained on the topic, if anything does."""
        message = self._retained.get(topic)
        if message is not None:
            self._put_retained(message)

    def retains(self, topic: str) -> bool:
        """Whether something is meant to be retained on the topic."""
        return topic in self._retained

    @property
    def waiting(self) -> int:
        """How many messages the broker has not taken yet."""
        queues = (self._kept, self._flying, self._ready, self._loose, self._held, self._ticks)
        return sum(len(queue) for queue in queues)

    @property
    def retained(self) -> tuple[str, ...]:
        """Topics that stand retained on the broker, or will."""
        return tuple(self._retained)

    def _put_retained(self, message: Message) -> None:
        if message.payload:
            self._retained[message.topic] = message
        else:
            self._retained.pop(message.topic, None)
        if message.topic in self._held:
            self._held[message.topic] = message
            return
        wait_s = self._wait_s(message.topic)
        waits = message.topic in self._ready or message.topic in self._loose
        if waits or wait_s <= 0:
            self._make_ready(message)
        else:
            self._held[message.topic] = message
            asyncio.get_running_loop().call_later(wait_s, self._release, message.topic)

    def _make_ready(self, message: Message) -> None:
        """In the place of an older one on its topic."""
        ours, others = self._ready, self._loose
        if not message.qos:
            ours, others = others, ours
        others.pop(message.topic, None)
        ours[message.topic] = message
        if message.qos:
            self._wake_one()
        else:
            self._loose_news.set()

    def _put_kept(self, message: Message) -> None:
        if len(self._kept) >= self._bound:
            self._kept.popleft()
            self.dropped += 1
        self._kept.append(message)

    def _put_tick(self, message: Message) -> None:
        if self._wait_s(message.topic) <= 0:
            self._mark_sent(message.topic)
            self._ticks.append(message)
            self._loose_news.set()

    def _next(self) -> Message | None:
        if self._kept:
            message = self._kept.popleft()
            self._flying.append(message)
            return message
        if self._ready:
            topic = next(iter(self._ready))
            self._mark_sent(topic)
            return self._ready.pop(topic)
        return None

    def _release(self, topic: str) -> None:
        message = self._held.pop(topic, None)
        if message is not None:
            self._make_ready(message)

    def _wake_one(self) -> None:
        """One message, one writer: waking all of them costs more than the message."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _wait_s(self, topic: str) -> float:
        if not self._min_interval_s or topic not in self._last_sent:
            return 0.0
        now = asyncio.get_running_loop().time()
        return self._last_sent[topic] + self._min_interval_s - now

    def _mark_sent(self, topic: str) -> None:
        if self._min_interval_s:
            self._last_sent[topic] = asyncio.get_running_loop().time()
