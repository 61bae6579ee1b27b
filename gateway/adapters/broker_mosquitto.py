"""A mosquitto of our own: a child process that is kept answering and dies with us."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from gateway.adapters import broker_tether
from gateway.adapters.broker_accounts import GATEWAY, Accounts
from gateway.adapters.broker_files import Listener, write_files
from gateway.model.errors import BrokerUnavailable
from gateway.ports.broker import SYSTEM_TRUST, MqttVersion

_START_S = 10.0  # a Pi that is swapping
_POLL_S = 0.02
_STOP_S = 3.0
_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_HEALTHY_S = 30.0  # alive for so long, its next death is a new story
_OURS = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")  # mosquitto would report to systemd too
_PROBE_S, _ANSWER_S = 5.0, 5.0
_SILENT_TO_HUNG = 3
# CONNECT of MQTT 3.1.1: its name and level, a clean session, 10 s of keepalive, no client id.
_HELLO = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"
_HARMLESS = "does not contain '%c' or '%u'"

_log = structlog.get_logger()


class MosquittoChild:
    """Entered, it listens; left, it is gone.  Between, a death is followed by a new start.

    One that is alive and answers nobody for about 30 s is killed, which is a death.

    Attributes:
        host, port: stay the same over restarts.
    """

    kind = "mosquitto"
    protocol: MqttVersion = 5
    tls = False
    trust = SYSTEM_TRUST
    username = GATEWAY

    def __init__(
        self, program: Path, listener: Listener, accounts: Accounts, directory: Path
    ) -> None:
        self.host = connectable(listener.own_host)
        self.port = listener.own_port
        self.password: str | None = accounts.passwords[GATEWAY]
        self._program = program
        self._listener = listener
        self._accounts = accounts
        self._directory = directory
        self._tasks = asyncio.TaskGroup()
        self._process: Process | None = None

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        """Start, and return when it listens.

        Raises:
            BrokerUnavailable: it did not start; says what it said.
        """
        write_files(self._directory, self._listener, self._accounts)
        self._process = await self._start()
        await self._tasks.__aenter__()
        self._keeper = self._tasks.create_task(self._keep(self._process), name="broker[mosquitto]")
        _log.info("broker.started", kind=self.kind, host=self.host, port=self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self._keeper.cancel()
        try:
            if isinstance(error, asyncio.CancelledError):
                await self._tasks.__aexit__(kind, error, trace)
            else:  # the caller's error is its own and travels on unwrapped
                await self._tasks.__aexit__(None, None, None)
        finally:
            if self._process is not None:
                await _end(self._process)

    async def admit(self, users: Mapping[str, str]) -> None:
        """Write its files again and have it read them; it hangs up on whom it lost."""
        accounts = self._accounts.with_users(users)
        if accounts == self._accounts:
            return
        await asyncio.to_thread(write_files, self._directory, self._listener, accounts)
        self._accounts = accounts
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGHUP)
        _log.info("broker.reloaded", kind=self.kind, users=len(accounts.passwords))

    async def _keep(self, process: Process) -> None:
        """Repeat what it says, and start it again whenever it dies."""
        loop, pause_s = asyncio.get_running_loop(), _PAUSE_S
        while True:
            started_s = loop.time()
            watch = self._tasks.create_task(self._watch(process), name="broker[watch]")
            try:
                await _repeat(process)
            finally:
                watch.cancel()
            _log.error("broker.died", kind=self.kind, exit_code=await process.wait())
            pause_s = _PAUSE_S if loop.time() - started_s > _HEALTHY_S else pause_s
            process, pause_s = await self._restart(pause_s)

    async def _watch(self, process: Process) -> None:
        """Kill it when it does not answer any more, stopped or stuck."""
        silent = 0
        while silent < _SILENT_TO_HUNG:
            await asyncio.sleep(_PROBE_S)
            silent = 0 if await _answers(self.host, self.port) else silent + 1
        _log.error("broker.hung", kind=self.kind, port=self.port)
        with suppress(ProcessLookupError):
            process.kill()

    async def _restart(self, pause_s: float) -> tuple[Process, float]:
        """The new process, and the longer pause that a quick death will be followed by."""
        while True:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            try:
                self._process = await self._start()
            except BrokerUnavailable as error:
                _log.warning("broker.start_failed", kind=self.kind, reason=str(error))
            else:
                _log.info("broker.restarted", kind=self.kind, port=self.port)
                return self._process, pause_s

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", broker_tether.__file__, str(os.getpid())),
            *(self._program, "-c", self._directory / "mosquitto.conf"),
            stdin=DEVNULL,
            env={key: value for key, value in os.environ.items() if key not in _OURS},
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,  # Ctrl-C is for us: the broker goes last
        )
        try:
            await self._listening(process)
        except BaseException:
            await _end(process)
            raise
        return process

    async def _listening(self, process: Process) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while process.returncode is None:
                    if await _accepts(self.host, self.port):
                        return
                    await asyncio.sleep(_POLL_S)
        if process.returncode is None:
            message = (
                f"{self._program} does not listen on {self.host}:{self.port} after {_START_S:g} s"
            )
            raise BrokerUnavailable(message)
        said = "; ".join([line async for line in _lines(process)]) or "it said nothing"
        message = f"{self._program} ended at once with exit code {process.returncode}: {said}"
        raise BrokerUnavailable(message)


def connectable(host: str) -> str:
    """The address at which this machine reaches a listener on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def _answers(host: str, port: int) -> bool:
    """Whether it says anything to a client's first words."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(_HELLO)
                return bool(await reader.read(1))
            finally:
                writer.close()
    except OSError:  # TimeoutError is one of them
        return False


async def _repeat(process: Process) -> None:
    """Log what it says until it ends."""
    async for line in _lines(process):
        _log.warning("broker.said", line=line)


async def _lines(process: Process) -> AsyncIterator[str]:
    stdout = process.stdout
    while stdout is not None and (line := await stdout.readline()):
        text = line.decode(errors="replace").strip()
        if text and _HARMLESS not in text:
            yield text


async def _end(process: Process) -> None:
    """SIGTERM, and SIGKILL when it lingers."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
