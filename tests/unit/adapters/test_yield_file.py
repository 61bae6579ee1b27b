"""What was learned of roofs, on the disk."""

import pytest

from gateway.adapters.state import StateUnusable
from gateway.adapters.yield_file import YieldFile
from gateway.model.roof import (
    Compared,
    Expectation,
    Harvest,
    Kept,
    Roof,
    Source,
    YieldQuality,
)

KEPT = Kept(
    day="20260622",
    devices={
        "roof": Harvest(
            whole=Source(
                roof=Roof(days=4, best={"48": 1100.5}, today={"47": 980.25}),
                today=Expectation(
                    quarters={"47": Compared(expected_wh=990.0, given_wh=970.5)},
                    quality=YieldQuality.CLEAR_SKY,
                ),
                given_wh=970.5,
            ),
            strings={"1": Source(given_wh=500.0)},
            began_wh=12_000.0,
            earned=-0.25,
            low_days=3,
            why="dirt",
        )
    },
)


def test_without_a_file_nothing_was_learned(tmp_path):
    assert YieldFile(tmp_path).load() == Kept()


def test_what_is_kept_comes_back(tmp_path):
    YieldFile(tmp_path).store(KEPT)
    assert YieldFile(tmp_path).load() == KEPT


def test_a_broken_file_is_set_aside_and_learning_begins_anew(tmp_path):
    (tmp_path / "yield.json").write_text("{")
    with pytest.raises(StateUnusable, match=r"is now yield.json.broken, and learning begins anew"):
        YieldFile(tmp_path).load()
    assert YieldFile(tmp_path).load() == Kept()
