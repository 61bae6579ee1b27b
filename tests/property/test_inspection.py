"""Whatever words stand in a device: an inspection that can be written down, or a named fault."""

import asyncio
import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec import package
from drivers.transport import MemLine, RegisterMemory
from gateway.adapters.clock import WallClock
from gateway.app.inspection_page import page
from gateway.app.probing import connection_of, device_at
from gateway.model.errors import GridtenderError
from gateway.model.time import MILLISECOND, Duration
from gateway.wire.inspection import document

IDS = st.sampled_from([0, 1, 2, 12, 19, 103, 113, 123, 160, 203, 502, 705, 714, 803, 64110, 65535])
SPECIAL = st.sampled_from([0, 1, 3, 0x7FFF, 0x8000, 0xFFFF, 0xFFF6, 0x7F7F, 0xC3A9])
WORD = st.one_of(SPECIAL, st.integers(0, 0xFFFF))
LENGTH = st.one_of(st.integers(0, 130), st.sampled_from([66, 50, 105, 999, 1000, 65535]))


@st.composite
def chains(draw):
    """A marker and models of any id and length with any words; not all registers are there."""
    words = [0x5375, 0x6E53]
    for _ in range(draw(st.integers(0, 4))):
        length = draw(LENGTH)
        body = draw(st.lists(WORD, min_size=1, max_size=40))
        filled = (body * (length // len(body) + 1))[: min(length, 1000)]
        words += [draw(IDS), length, *filled]
    registers = dict(enumerate(words, 40000))
    for at in draw(st.lists(st.integers(40002, 40000 + len(words)), max_size=4)):
        registers.pop(at, None)
    return registers


@given(chains())
def test_any_chain_is_inspected_or_refused_by_name(registers):
    connection = connection_of("tcp://127.0.0.1:502")

    async def look():
        line = MemLine(RegisterMemory({1: registers}), WallClock())
        return await package.inspect(device_at(connection, Duration(MILLISECOND)), line)

    with suppress(GridtenderError):
        found = asyncio.run(look())
        shown = json.loads(json.dumps(document("tcp://x", found), allow_nan=False))
        assert [one["id"] for one in shown["models"]] == [one.id for one in found.models]
        "\n".join(page("tcp://x", found)).encode()
