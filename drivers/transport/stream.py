"""What every line over a connection keeps to: order, deadlines, reconnecting, who said what."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from drivers.transport.debts import Debts
from drivers.transport.gate import PriorityGate, check_read, check_write
from drivers.transport.guest import GuestLine, Turn
from drivers.transport.pacing import Pauses
from drivers.transport.request import (
    ACKNOWLEDGED,
    ERROR,
    USUAL_UNITS,
    WRITES,
    Request,
    answered,
    reading,
    refused,
    writing,
)
from gateway.model.errors import DeviceBusy, DeviceMisbehaves, DeviceUnavailable
from gateway.model.time import Duration, in_seconds
from gateway.ports.clock import Clock
from gateway.ports.line import HOLDING, WRITE_REGISTERS, Block, Pacing

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
# A device that has begun to reset connections goes on while it is hammered.
_LONGEST_AFTER_RESET_S = 60.0
_TIMEOUTS_BEFORE_RECONNECT = 3
_FIRST_WHILE_BUSY_S = 0.1


class Conversation(Protocol):
    """A connection that was made; one request at a time.

    Attributes:
        stray: what came instead of the newest answer, for a person; empty if nothing did.
        transaction: number of the newest request, where requests are numbered.
        lost: what ended the connection, None if it was no error.
    """

    stray: str
    transaction: int
    lost: Exception | None

    @property
    def connected(self) -> bool:
        """Whether the other end has not hung up, as far as is known."""
        ...

    @property
    def amid(self) -> bool:
        """Whether what comes next may be read wrongly, since a frame has begun and not ended."""
        ...

    async def ask(self, unit: int, body: bytes, timeout_s: float) -> bytes:
        """Send function code and data; returns those of the answer.

        Raises:
            TimeoutError: no answer in ``timeout_s``.
            ConnectionError: the other end hung up, before or instead of answering.
        """
        ...

    def close(self) -> None:
        """Close politely."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the owner says of a connection besides where it is.

    Attributes:
        any_transaction: answers are taken whatever transaction number they bear.
        renew_s: a connection this old is replaced before the next request; 0 = never.
        pacing: the pauses to keep; None = as the devices on the line are known to want.
    """

    any_transaction: bool = False
    renew_s: float = 0.0
    pacing: Pacing | None = None


USUAL = Habits()


class StreamLine(ABC):
    """A ``Line`` over one connection.  Deadlines and pauses run in real time.

    A request's timeout starts when it is sent, not while it queues; connecting has the same
    time once more.  After a failed connection, or three timeouts in a row, the connection is
    given up and the next try waits 0.2 s, then twice as long each time up to 5 s, or a minute where
    the device resets connections; only an answer ends that, so a device that accepts and hangs up
    is not hammered.  One that is busy is asked again within the timeout.
    """

    _if_silent = f"if it never answers, try {USUAL_UNITS}, else a longer timeout"

    def __init__(self, clock: Clock, habits: Habits = USUAL, debts: Debts | None = None) -> None:
        self._clock = clock
        self._habits = habits
        self._debts = debts
        self._pauses = Pauses(habits.pacing)
        self.gate = PriorityGate()
        self._session: Conversation | None = None
        self._opened_s = 0.0
        self._answered = False
        self._timeouts = 0
        self._pause_s = _FIRST_PAUSE_S
        self._next_try_s = 0.0
        self._trouble = ""
        self._transaction = 0

    @abstractmethod
    async def _open(self) -> Conversation:
        """A new connection; raises OSError."""

    @abstractmethod
    def _why_not(self, error: OSError, timeout_s: float) -> tuple[str, str]:
        """What kept a connection from being made, and what to try."""

    def _why_lost(self, session: Conversation) -> tuple[str, str]:
        """What a connection that ended instead of an answer means, and what to try."""
        if session.stray:
            hint = (
                "is it a serial server in transparent mode? Set it to Modbus TCP, or write "
                "rtu+tcp:// instead of tcp://"
            )
            return f"{session.stray}, and the connection was given up", hint
        return (
            "it closed the connection instead of answering",
            "does another program hold its only session?",
        )

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Registers of one table, stamped when the answer is complete."""
        return await self.read_in(
            self.gate.enter_reading, unit, address, count, timeout=timeout, function=function
        )

    async def read_in(
        self, turn: Turn, unit: int, address: int, count: int, *, timeout: Duration, function: int
    ) -> Block:
        """The same, entering by ``turn``."""
        check_read(count)
        request = reading(unit, address, count, function)
        await turn()
        try:
            answer = await self._answer(request, in_seconds(timeout))
            at = self._clock.now()
        finally:
            self.gate.leave()
        words = answered(request, answer)
        if answer[0] != function or words is None:
            message = f"{self}: {request}: answered {max(0, len(answer) - 2) // 2} registers"
            raise DeviceMisbehaves(message)
        return Block(words, at)

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Consecutive registers or coils, before any waiting read."""
        await self.write_in(
            self.gate.enter_writing, unit, address, words, timeout=timeout, function=function
        )

    async def write_in(
        self,
        turn: Turn,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int,
    ) -> None:
        """The same, entering by ``turn``."""
        check_write(words, function)
        request = writing(unit, address, words, function)
        await turn()
        try:
            answer = await self._answer(request, in_seconds(timeout))
        finally:
            self.gate.leave()
        if answer != request.body[:5]:
            message = f"{self}: {request}: confirmed {answer.hex(' ')} instead"
            raise DeviceMisbehaves(message)

    def pace(self, pacing: Pacing) -> None:
        """Keep to this too, unless the URL says otherwise."""
        self._pauses.keep(pacing)

    def for_guests(self) -> GuestLine:
        """The same connection for others, behind all requests of its own."""
        return GuestLine(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._hang_up()

    async def _answer(self, request: Request, timeout_s: float) -> bytes:
        """What it answers; one that is busy is asked again, ever later, while there is time."""
        due_s = asyncio.get_running_loop().time() + timeout_s
        pause_s = _FIRST_WHILE_BUSY_S
        while True:
            try:
                return await self._exchange(request, timeout_s)
            except DeviceBusy as busy:
                # A write that was acknowledged is done, sooner or later: never twice.
                begun = busy.code == ACKNOWLEDGED and request.function in WRITES
                if begun or asyncio.get_running_loop().time() + pause_s >= due_s:
                    raise
            await asyncio.sleep(pause_s)
            pause_s *= 2

    async def _exchange(self, request: Request, timeout_s: float) -> bytes:
        session = self._session
        if session is None or not session.connected or self._habits.renew_s:
            session = await self._connected(request, timeout_s)
        await self._pauses.over()
        try:
            if self._debts is None:
                answer = await session.ask(request.unit, request.body, timeout_s)
            else:
                answer = await self._ask_in_turn(session, request, timeout_s, self._debts)
        except TimeoutError:
            raise self._no_answer(request, timeout_s, session) from None
        except ConnectionError:
            raise self._hung_up(request, session) from None
        finally:
            self._transaction = session.transaction
            self._pauses.answered(written=request.function in WRITES)
        if answer[0] & ~ERROR != request.function:
            # Nobody knows what it answered: neither it nor what follows is taken.
            self._give_up("it answered another function than was asked for")
            message = f"{self}: {request}: answered function {answer[0]} to {request.function}"
            raise DeviceMisbehaves(message)
        self._answered = True
        self._timeouts = 0
        self._pause_s = _FIRST_PAUSE_S
        if answer[0] & ERROR:
            where = f"{self}: {request}"
            raise refused(where, answer[1] if len(answer) > 1 else 0)
        return answer

    async def _ask_in_turn(
        self, session: Conversation, request: Request, timeout_s: float, debts: Debts
    ) -> bytes:
        """Ask once nothing is owed that could be taken for the answer."""
        while debts.owes(request):
            proof = debts.proof(request)
            debts.proven(request.unit, await _ask_or_owe(session, proof, timeout_s, debts))
        return await _ask_or_owe(session, request, timeout_s, debts)

    async def _connected(self, request: Request, timeout_s: float) -> Conversation:
        """The session there is, or a new one where it ended or grew too old."""
        now_s = asyncio.get_running_loop().time()
        session = self._session
        if session is not None and session.connected:
            if now_s - self._opened_s < self._habits.renew_s:
                return session
            self._hang_up()
        session = await self._connect(request, timeout_s)
        self._opened_s = now_s
        return session

    async def _connect(self, request: Request, timeout_s: float) -> Conversation:
        if self._session is not None and not self._answered:
            self._give_up("it closed the connection", self._session.lost)
        self._check_pause(request)
        self._answered = False
        self._session = None
        try:
            async with asyncio.timeout(timeout_s):
                session = await self._open()
        except OSError as error:  # TimeoutError is one of them
            found, hint = self._why_not(error, timeout_s)
            self._give_up(f"no connection: {found}", error)
            message = (
                f"{self}: {request}: no connection: {found}; {hint}. "
                f"Next try in {self._pause_left_s():.1f} s"
            )
            raise DeviceUnavailable(message) from None
        self._session = session
        self._pauses.connected()
        return session

    def _check_pause(self, request: Request) -> None:
        if (left := self._pause_left_s()) > 0:
            message = f"{self}: {request}: not sent, {self._trouble}; next try in {left:.1f} s"
            raise DeviceUnavailable(message)

    def _pause_left_s(self) -> float:
        return self._next_try_s - asyncio.get_running_loop().time()

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _give_up(self, trouble: str, error: Exception | None = None) -> None:
        """Close the connection and wait before the next try."""
        self._hang_up()
        self._trouble = trouble
        self._timeouts = 0
        self._next_try_s = asyncio.get_running_loop().time() + self._pause_s
        reset = isinstance(error, ConnectionResetError)
        longest_s = _LONGEST_AFTER_RESET_S if reset else _LONGEST_PAUSE_S
        self._pause_s = min(2 * self._pause_s, longest_s)

    def _hung_up(self, request: Request, session: Conversation) -> DeviceUnavailable:
        found, hint = self._why_lost(session)
        self._give_up(session.stray or found, session.lost)
        return DeviceUnavailable(f"{self}: {request}: {found}; {hint}")

    def _no_answer(
        self, request: Request, timeout_s: float, session: Conversation
    ) -> DeviceUnavailable:
        self._timeouts += 1
        if session.amid:
            self._give_up("it stopped in the middle of an answer")
        elif self._timeouts >= _TIMEOUTS_BEFORE_RECONNECT:
            self._give_up(f"{_TIMEOUTS_BEFORE_RECONNECT} requests in a row had no answer")
        came = f" ({session.stray})" if session.stray else ""
        return DeviceUnavailable(
            f"{self}: {request}: connected, but no answer in {timeout_s:g} s{came}; "
            f"{self._if_silent}"
        )


async def _ask_or_owe(
    session: Conversation, request: Request, timeout_s: float, debts: Debts
) -> bytes:
    try:
        return await session.ask(request.unit, request.body, timeout_s)
    except BaseException:  # a request that is cancelled is answered all the same
        debts.owe(request)
        raise
