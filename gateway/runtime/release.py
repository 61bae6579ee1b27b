"""Release: let go of every armed device, from its arming record alone.

It runs after a crash, at a clean stop and by hand, and needs neither drivers nor configuration.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from gateway.model.errors import DeviceMisbehaves, GridtenderError
from gateway.model.message import Command
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.ports.armory import Armory
from gateway.ports.line import (
    COILS,
    HOLDING,
    MAX_READ,
    MAX_WRITE,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    Line,
)
from gateway.ports.messages import Messages, obeyed

ATTEMPTS: Final = 5
PAUSE_S: Final = 1.0  # a device that is busy or restarts its server is back by then
_ONE_BY_ONE: Final = frozenset({WRITE_COIL, WRITE_REGISTER})
PATIENCE_S: Final = 8.0  # with all devices of a line: a stop must end before it is cut short

OpenLine = Callable[[str], Line]
Say = Callable[[str], None]


async def release(
    armory: Armory,
    open_line: OpenLine,
    *,
    restore: bool,
    say: Say,
    attempts: int = ATTEMPTS,
    pause_s: float = PAUSE_S,
) -> bool:
    """Bring every armed device to its fall-back level, read back; True if all are there."""
    left = await let_go(
        armory, open_line, restore=restore, say=say, attempts=attempts, pause_s=pause_s
    )
    return not left


async def let_go(
    armory: Armory,
    open_line: OpenLine,
    *,
    devices: Collection[str] | None = None,
    restore: bool,
    say: Say,
    complain: Say | None = None,
    attempts: int = ATTEMPTS,
    pause_s: float = PAUSE_S,
) -> frozenset[str]:
    """Release some devices, or all; returns those that are not where they shall be.

    The level ``own-rule`` is the words found before the gateway's first write, and ``restore``
    writes those to every device.  Only then is the arming record discarded; a device that
    holds a level keeps its record until a restore.  Lines are served side by side, so a dead
    one costs the others nothing.  ``say`` gets one sentence per device, ``complain`` that of one
    which is not released.
    """
    left: set[str] = set()

    async def one_line(connection: str, armings: Sequence[Arming]) -> None:
        one = _LetGo(
            armory,
            restore=restore,
            say=say,
            complain=complain or say,
            attempts=attempts,
            pause_s=pause_s,
        )
        left.update(await one.line(connection, armings, open_line))

    wanted = [a for a in armory.all() if devices is None or a.device in devices]
    records = sorted(wanted, key=lambda arming: (arming.connection, arming.device))
    async with asyncio.TaskGroup() as tasks:
        for connection, armings in groupby(records, key=lambda arming: arming.connection):
            work = one_line(connection, tuple(armings))
            tasks.create_task(work, name=f"release[{connection}]")
    return frozenset(left)


class _LetGo:
    """The devices of one line, one after the other."""

    def __init__(
        self,
        armory: Armory,
        *,
        restore: bool,
        say: Say,
        complain: Say,
        attempts: int,
        pause_s: float,
    ) -> None:
        self._armory = armory
        self._restore = restore
        self._say = say
        self._complain = complain
        self._attempts = attempts
        self._pause_s = pause_s
        self._patient_until_s = asyncio.get_running_loop().time() + PATIENCE_S

    async def line(
        self, connection: str, armings: Sequence[Arming], open_line: OpenLine
    ) -> set[str]:
        """The devices of the line that are not where they shall be."""
        left, asked = {arming.device for arming in armings}, set()
        try:
            async with open_line(connection) as line:
                for arming in armings:
                    done = await self._device(arming, line)
                    asked.add(arming.device)
                    left -= {arming.device} if done else set()
        except Exception as fault:  # noqa: BLE001  whatever it is, the other lines must be served
            for device in sorted(left - asked):
                self._complain(_failure(device, fault))
        return left

    async def _device(self, arming: Arming, line: Line) -> bool:
        to_found = self._restore or not (arming.level or arming.level_by_message)
        try:
            await self._insist(arming, line, to_found=to_found)
            if to_found:
                await self._armory.discard(arming.device)
        except GridtenderError as fault:
            self._complain(_failure(arming.device, fault))
            return False
        self._say(_success(arming, to_found=to_found))
        return True

    async def _insist(self, arming: Arming, line: Line, *, to_found: bool) -> None:
        """Try until it is read back; raises the last fault."""
        words = arming.found if to_found else arming.level
        commands = arming.found_by_message if to_found else arming.level_by_message
        for attempt in range(1, self._attempts + 1):
            try:
                await _write(arming, words, line)
                await _publish(arming, commands, line)
            except GridtenderError:
                late = asyncio.get_running_loop().time() > self._patient_until_s
                if late or attempt == self._attempts:
                    raise
                await asyncio.sleep(self._pause_s)
            else:
                return


async def _write(arming: Arming, words: Sequence[RegisterWrite], line: Line) -> None:
    """Write in order, then read all of it back."""
    for header in arming.identity:
        await _expect(header, arming, line, "another device answers there, nothing was written")
    for part in words:
        for piece in _pieces(part, 1 if part.function in _ONE_BY_ONE else MAX_WRITE):
            await line.write(
                arming.unit,
                piece.address,
                piece.words,
                timeout=arming.timeout,
                function=piece.function,
            )
    for part in _at_last(words):
        await _expect(part, arming, line, "the device did not keep what was written")


async def _publish(arming: Arming, commands: Sequence[Command], line: Line) -> None:
    """Publish in order; each must show on its state topic."""
    for command in commands:
        if not isinstance(line, Messages):
            message = f"{arming.connection} is no broker, as its record says"
            raise DeviceMisbehaves(message)
        if not await obeyed(line, command, timeout=arming.timeout):
            message = (
                f"{command.topic} at {arming.connection} was told {command.payload!r}, and "
                f"{command.state} does not show {command.expected}"
            )
            raise DeviceMisbehaves(message)


def _at_last(words: Sequence[RegisterWrite]) -> list[RegisterWrite]:
    """What shall stand in the end: some devices want a register written twice on the way."""
    last = {(_table(p), at): w for p in words for at, w in enumerate(p.words, p.address)}
    return [
        replace(
            part,
            words=tuple(last[_table(part), part.address + at] for at in range(len(part.words))),
        )
        for part in words
    ]


def _table(part: RegisterWrite) -> int:
    """Which function reads it back."""
    return COILS if part.function in {WRITE_COIL, WRITE_COILS} else HOLDING


async def _expect(wanted: RegisterWrite, arming: Arming, line: Line, otherwise: str) -> None:
    for piece in _pieces(wanted, MAX_READ):
        count = len(piece.words)
        block = await line.read(
            arming.unit, piece.address, count, timeout=arming.timeout, function=_table(wanted)
        )
        if block.words != piece.words:
            message = (
                f"registers {piece.address}..{piece.address + count - 1} of unit {arming.unit} at "
                f"{arming.connection} hold {block.words}, expected {piece.words}: {otherwise}"
            )
            raise DeviceMisbehaves(message)


def _pieces(part: RegisterWrite, most: int) -> list[RegisterWrite]:
    """The same registers in requests of at most so many words."""
    return [
        replace(part, address=part.address + at, words=part.words[at : at + most])
        for at in range(0, len(part.words), most)
    ]


def _success(arming: Arming, *, to_found: bool) -> str:
    if arming.found_by_message and to_found:
        return f"{arming.device}: released; it was told its neutral command, and shows it"
    if to_found:
        return f"{arming.device}: released; the words found before the first write stand there"
    return (
        f"{arming.device}: at its fall-back level and held there ({arming.promise}); "
        "`gridtender release --restore` gives back the words found"
    )


def _failure(device: str, fault: BaseException) -> str:
    return (
        f"{device}: NOT released: {str(fault) or type(fault).__name__}; its record is kept: "
        "run `gridtender release` again when the device answers"
    )
