"""Requests that wait for their answers: asked again with the same id until there is one."""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from gateway.party.errors import NoAnswer, Refused, raise_for
from gateway.party.link import Away, Link

_MINUTE_S: Final = 60.0


class Asking:
    """What this party asked and was not answered yet.

    The market answers the same request id with the same answer for 24 hours, so asking twice
    does nothing twice.

    Args:
        again_s: pause before a request is sent again; ``give_up_s``: when no answer is an error.
        per_minute: requests this app allows itself.
    """

    def __init__(self, link: Link, *, again_s: float, give_up_s: float, per_minute: int) -> None:
        self._link = link
        self._again_s = again_s
        self._give_up_s = give_up_s
        self._per_minute = per_minute
        self._open: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._sent: deque[float] = deque()
        # Another run of the same app must not repeat an id of this one.
        self._run = secrets.token_hex(5)
        self._numbers = count(1)

    def new_id(self) -> str:
        """An id that no request or tender of this party had before."""
        return f"{self._run}-{next(self._numbers)}"

    async def ask(self, topic: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to the request.

        Raises:
            Refused: by the market, or by the app's own budget.
            NoAnswer: there was none in time.
        """
        self._spend()
        request = str(payload["requestId"])
        answer = asyncio.get_running_loop().create_future()
        self._open[request] = answer
        try:
            async with asyncio.timeout(self._give_up_s):
                document = await self._insist(topic, json.dumps(payload).encode(), answer)
        except TimeoutError:
            message = f"no answer to {topic} within {self._give_up_s:g} s"
            raise NoAnswer(message) from None
        finally:
            del self._open[request]
        raise_for(document["response"])
        return document

    def answered(self, document: Mapping[str, Any]) -> bool:
        """Hand an answer to who waits for it; False if nobody does."""
        waiting = self._open.get(document.get("inResponseTo") or "")
        if waiting is None:
            return False
        if not waiting.done():
            waiting.set_result(document)
        return True

    async def _insist(
        self, topic: str, payload: bytes, answer: asyncio.Future[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        while True:
            await self._link.connected.wait()
            try:
                await self._link.say(topic, payload)
            except Away:
                await asyncio.sleep(0)
            done, _ = await asyncio.wait({answer}, timeout=self._again_s)
            if done:
                return answer.result()

    def _spend(self) -> None:
        now = time.monotonic()
        while self._sent and now - self._sent[0] >= _MINUTE_S:
            self._sent.popleft()
        if len(self._sent) >= self._per_minute:
            raise Refused(
                code=422,
                detail="RULES_VIOLATION",
                term="budget",
                sentence=f"this app allows itself {self._per_minute} requests a minute",
            )
        self._sent.append(now)
