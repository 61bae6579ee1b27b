"""Transcripts of docs/transcripts: what is typed, what must come, and how the two are compared.

The lines are pasted into a shell as they stand.  A line that ends in ``&`` stays and goes on
printing; what it prints later stands below the line that brought it about, with its topic.
"""

import asyncio
import contextlib
import json
import os
import re
import shlex
from dataclasses import dataclass, field

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"<(id|instant|number|text)(?::([A-Z]+))?>")
_FORMS = {
    "id": r"[A-Za-z0-9._~-]{1,64}",
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "text": r".+",
}
_PATIENCE_S, _BY_ITSELF_S = 15, 60


@dataclass
class Step:
    """A line that is typed, and the lines below it."""

    typed: str
    comes: list = field(default_factory=list)

    @property
    def is_comment(self):
        return self.typed.startswith("#")

    @property
    def stays(self):
        return self.typed.endswith(" &")

    def expected(self, known):
        """(topic or None, payload) of each line below; a topic that was cleared has None."""
        for line in self.comes:
            topic, text = (None, line) if line.startswith("{") else line.split(" ", 1)
            topic, text = topic and put_in(topic, known), put_in(text, known)
            yield topic, None if text == "(null)" else json.loads(text)


def put_in(text, known):
    """``$NAME`` replaced by what the session found out."""
    return re.sub(r"\$([A-Z]+)", lambda found: known[found[1]], text)


def steps_of(page):
    """The steps of all blocks of a page, in order."""
    steps = []
    for block in _BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:]))
            else:
                steps[-1].comes.append(line)
    return steps


class Shell:
    """A transcript being typed.

    Args:
        known: what ``$NAME`` stands for; grows by what the page gives a name.
        check: told of each topic and payload that came.
    """

    def __init__(self, known, check):
        self.known, self._check = dict(known), check
        self._stay = []

    async def type(self, page):
        async with asyncio.TaskGroup() as self._hearing:
            try:
                for step in steps_of(page):
                    await self._do(step)
                assert not [line for _, lines in self._stay for line in lines], "more came"
            finally:
                await self._close()

    async def _do(self, step):
        printed = []
        if step.stays:
            await self._leave_running(step.typed.removesuffix(" &"))
        elif not step.is_comment:
            printed = await self._run(step.typed)
        left = len(step.comes)
        for topic, wanted in step.expected(self.known):
            came = printed.pop(0) if topic is None else await self._heard(topic, step, left)
            left -= 1
            assert not list(differences(wanted, came)), (step.typed, came)
            self.known |= dict(names(wanted, came))
            if came is not None:
                self._check(topic or _subscribed(step.typed), came)
        assert not printed, (step.typed, printed)

    async def _run(self, typed):
        process = await self._start(typed)
        async with asyncio.timeout(_PATIENCE_S):
            out, err = await process.communicate()
        assert process.returncode == 0, (typed, err.decode())
        return [json.loads(line) for line in out.splitlines()]

    async def _leave_running(self, typed):
        process, lines = await self._start(f"exec {typed}"), []
        self._stay.append((process, lines))

        async def hear():
            async for line in process.stdout:
                topic, text = line.decode().rstrip("\n").split(" ", 1)
                lines.append((topic, None if text == "(null)" else json.loads(text)))

        self._hearing.create_task(hear())

    async def _start(self, typed):
        return await asyncio.create_subprocess_exec(
            *("bash", "-c", typed),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self.known},
            limit=1 << 20,
        )

    async def _heard(self, topic, step, left):
        """The next line of the topic; what a step brings about may come in any order."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BY_ITSELF_S if step.is_comment else _PATIENCE_S):
                while True:
                    for _, lines in self._stay:
                        found = [i for i, line in enumerate(lines[:left]) if line[0] == topic]
                        if found:
                            return lines.pop(found[0])[1]
                    await asyncio.sleep(0.02)
        unread = [lines for _, lines in self._stay]
        message = f"{topic} did not come after {step.typed}; unread: {unread}"
        raise AssertionError(message)

    async def _close(self):
        for process, _ in self._stay:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _subscribed(typed):
    """The topic that a command prints payloads of."""
    words = shlex.split(typed)
    option = "-e" if "-e" in words else "-t"
    return words[words.index(option) + 1]


def differences(expected, found, path=""):
    """Where what came is not what the page says; fields that the page leaves out may be there."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key in found:
                yield from differences(value, found[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif not _is(expected, found):
        yield f"{path}: the page says {expected!r}, found {found!r}"


def names(expected, found):
    """What ``<id:NAME>`` and the like stand for in what came."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            yield from names(value, found[key])
    elif isinstance(expected, list):
        for pair in zip(expected, found, strict=True):
            yield from names(*pair)
    elif (named := _placeholder(expected)) and named[2]:
        yield named[2], str(found)


def _placeholder(expected):
    return _NAMED.fullmatch(expected) if isinstance(expected, str) else None


def _is(expected, found):
    named = _placeholder(expected)
    if named is None:
        return expected == found and type(expected) is type(found)
    if named[1] == "number":
        return isinstance(found, int | float) and not isinstance(found, bool)
    return isinstance(found, str) and re.fullmatch(_FORMS[named[1]], found) is not None
