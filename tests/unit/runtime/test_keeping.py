"""What was said last reaches the disk, and nobody waits for it."""

import asyncio

from gateway.adapters.state import StateUnusable
from gateway.runtime.keeping import Keeping


class Disk:
    """One that hangs until it is let go."""

    def __init__(self):
        self.free, self.full = asyncio.Event(), False
        self.begun, self.kept, self.faults = [], [], []
        self.keeping = Keeping(self.store, self.faults.append)

    async def store(self, content):
        self.begun.append(content)
        await self.free.wait()
        if self.full:
            message = "no space left"
            raise StateUnusable(message)
        self.kept.append(content)

    async def settled(self):
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)


async def test_behind_a_disk_that_hangs_only_the_newest_waits_and_is_written_last():
    disk = Disk()
    for content in ("one", "two", "three"):
        disk.keeping.keep(content)
        await asyncio.sleep(0)
    assert disk.keeping.busy
    assert disk.begun == ["one"]
    disk.free.set()
    await disk.settled()
    assert disk.kept == ["one", "three"]
    assert not disk.keeping.busy


async def test_a_disk_that_is_full_is_said_and_what_comes_later_is_written():
    disk = Disk()
    disk.free.set()
    disk.full = True
    disk.keeping.keep("one")
    await disk.settled()
    disk.full = False
    disk.keeping.keep("two")
    await disk.settled()
    assert disk.faults == ["no space left"]
    assert disk.kept == ["two"]
