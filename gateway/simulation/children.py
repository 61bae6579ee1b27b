"""Child processes of our own program: they die with us, and Ctrl-C is ours alone to handle."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final

from gateway.adapters import broker_tether

STOP_S: Final = 20.0


@asynccontextmanager
async def child(*arguments: str, log: Path | None = None) -> AsyncIterator[Process]:
    """``gridtender ARGUMENTS``; what it says goes to ``log`` or is to be read from its stdout.

    However the body ends, the process is told to stop and waited for.
    """
    with contextlib.ExitStack() as stack:
        out: int | IO[bytes] = PIPE if log is None else stack.enter_context(log.open("ab"))
        process = await asyncio.create_subprocess_exec(
            *_tethered(),
            *(sys.executable, "-m", "gateway.cli", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=None if log is None else out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process) -> int:
    """SIGTERM, and SIGKILL if that is not heard; its exit code."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            return await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()


async def said(process: Process) -> str:
    """All that it will say until it ends."""
    if process.stdout is None:
        return ""
    text = (await process.stdout.read()).decode()
    await process.wait()
    return text


async def first_line(process: Process) -> str:
    """Its first line, empty when it ends without one."""
    return "" if process.stdout is None else (await process.stdout.readline()).decode()


def _tethered() -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", broker_tether.__file__, str(os.getpid()))
