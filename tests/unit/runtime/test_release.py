"""Release writes from the arming record alone and trusts only what it reads back."""

from dataclasses import replace

import pytest

from gateway.adapters.armory import FileArmory
from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.line import Block
from gateway.runtime.release import release

HEADER = RegisterWrite(address=40000, words=(123, 24))
ROOF = Arming(
    device="roof",
    connection="tcp://roof:502",
    unit=1,
    at=Instant(0),
    identity=(HEADER,),
    found=(RegisterWrite(address=40010, words=(100, 0)), RegisterWrite(address=40020, words=(0,))),
    level=(),
    timeout=Duration(SECOND),
    promise="by release",
)
LIMITED = replace(
    ROOF,
    device="shed",
    level=(RegisterWrite(address=40010, words=(0, 0)), RegisterWrite(address=40020, words=(1,))),
)


class _Registers:
    """A line with one unit's registers; it can be dead, busy for a while, or deaf."""

    def __init__(self, *, dead=False, busy=0, deaf=False):
        self.words = {40000: 123, 40001: 24, 40010: 30, 40011: 60, 40020: 1}
        self.writes = []
        self.functions = []
        self.tables = []
        self.dead = dead
        self.busy = busy
        self.deaf = deaf

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    def _ask(self):
        if self.dead:
            message = "no answer within 1 s"
            raise DeviceUnavailable(message)
        if self.busy:
            self.busy -= 1
            message = "busy"
            raise RequestRefused(message, code=6)

    async def read(self, unit, address, count, *, timeout, function):
        self._ask()
        self.tables.append(function)
        return Block(tuple(self.words[address + n] for n in range(count)), Instant(0))

    async def write(self, unit, address, words, *, timeout, function):
        self._ask()
        self.writes.append((unit, address, tuple(words)))
        self.functions.append(function)
        if not self.deaf:
            self.words.update({address + n: word for n, word in enumerate(words)})


@pytest.fixture
def let_go(tmp_path, virtual):
    """Release the armings on lines by URL; returns (success, sentences, armory)."""

    def run(armings, lines, *, restore=False):
        async def main():
            armory = FileArmory(tmp_path / "arming", threaded=False)
            for arming in armings:
                await armory.store(arming)
            said = []
            done = await release(armory, lines.__getitem__, restore=restore, say=said.append)
            return done, said, FileArmory(tmp_path / "arming")

        return virtual(main())

    return run


def test_own_rule_gets_the_words_found_in_order_and_the_record_ends(let_go):
    roof = _Registers()
    done, said, armory = let_go([ROOF], {ROOF.connection: roof})
    assert done
    assert roof.writes == [(1, 40010, (100, 0)), (1, 40020, (0,))]
    assert said == ["roof: released; the words found before the first write stand there"]
    assert armory.all() == ()


def test_level_is_written_and_the_record_stays(let_go):
    shed = _Registers()
    done, said, armory = let_go([LIMITED], {LIMITED.connection: shed})
    assert done
    assert (shed.words[40010], shed.words[40011], shed.words[40020]) == (0, 0, 1)
    assert "held there (by release)" in said[0]
    assert armory.all() == (LIMITED,)


def test_restore_gives_back_the_words_found_and_ends_the_record(let_go):
    shed = _Registers()
    done, _, armory = let_go([LIMITED], {LIMITED.connection: shed}, restore=True)
    assert done
    assert (shed.words[40010], shed.words[40011], shed.words[40020]) == (100, 0, 0)
    assert armory.all() == ()


def test_other_device_at_the_address_is_left_alone(let_go):
    other = _Registers()
    other.words[40000] = 124
    done, said, armory = let_go([ROOF], {ROOF.connection: other})
    assert not done
    assert other.writes == []
    assert "another device answers there" in said[0]
    assert armory.all() == (ROOF,)


def test_dead_device_keeps_its_record_and_does_not_stop_the_others(let_go):
    shed = replace(LIMITED, connection="tcp://shed:502")
    lines = {ROOF.connection: _Registers(dead=True), shed.connection: _Registers()}
    done, said, armory = let_go([ROOF, shed], lines, restore=True)
    assert not done
    assert lines[shed.connection].words[40010] == 100
    assert armory.all() == (ROOF,)
    assert any("roof: NOT released: no answer within 1 s" in sentence for sentence in said)


def test_line_that_cannot_be_opened_is_told_for_each_of_its_devices(let_go):
    done, said, armory = let_go([ROOF, LIMITED], {})
    assert not done
    assert [sentence.split(":")[0] for sentence in said] == ["roof", "shed"]
    assert armory.all() == (ROOF, LIMITED)


def test_two_devices_on_one_line_are_both_released(let_go):
    line = _Registers()
    done, said, _ = let_go([ROOF, replace(ROOF, device="attic", unit=2)], {ROOF.connection: line})
    assert done
    assert {write[0] for write in line.writes} == {1, 2}
    assert len(said) == 2


def test_busy_device_is_asked_again(let_go):
    done, _, armory = let_go([ROOF], {ROOF.connection: _Registers(busy=3)})
    assert done
    assert armory.all() == ()


def test_device_that_does_not_keep_the_words_is_not_released(let_go):
    done, said, armory = let_go([ROOF], {ROOF.connection: _Registers(deaf=True)})
    assert not done
    assert "hold (30, 60), expected (100, 0): the device did not keep" in said[0]
    assert armory.all() == (ROOF,)


def test_nothing_armed_is_a_success(let_go):
    assert let_go([], {})[:2] == (True, [])


def test_long_words_are_written_in_requests_a_device_accepts(let_go):
    line = _Registers()
    line.words.update(dict.fromkeys(range(50000, 50200), 0))
    words = tuple(range(200))
    done, _, _ = let_go(
        [replace(ROOF, found=(RegisterWrite(address=50000, words=words),))],
        {ROOF.connection: line},
    )
    assert done
    assert [(address, len(part)) for _, address, part in line.writes] == [
        (50000, 123),
        (50123, 77),
    ]


def test_coils_and_single_registers_are_given_back_by_the_functions_they_were_written_with(let_go):
    """15 goes out at once, 5 and 6 one by one; all of it is read back."""
    relays = RegisterWrite(address=40010, words=(1, 0), function=15)
    settings = RegisterWrite(address=40010, words=(30, 60), function=6)
    enable = RegisterWrite(address=40020, words=(0,), function=5)
    boards = {"one": (enable, relays), "two": (settings,)}
    records = [
        replace(ROOF, device=name, connection=name, found=found) for name, found in boards.items()
    ]
    lines = {name: _Registers() for name in boards}
    done, _, armory = let_go(records, lines)
    assert done
    assert (lines["one"].functions, lines["one"].tables) == ([5, 15], [3, 1, 1])
    assert (lines["two"].functions, lines["two"].writes) == (
        [6, 6],
        [(1, 40010, (30,)), (1, 40011, (60,))],
    )
    assert armory.all() == ()
