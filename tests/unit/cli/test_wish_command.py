"""``wish``: what it leaves for the gateway, and what it refuses."""

import pytest

from gateway.adapters.state import StateDir
from gateway.adapters.wish_file import WishFile


def test_words_wait_for_the_gateway(command, tmp_path):
    code, said = command(
        "wish", "car", "30 kWh", "by 07:00,", "at most 0.25", "--state-dir", tmp_path
    )
    assert code == 0
    assert "30 kWh, by 07:00, at most 0.25, cheapest" in said
    assert "no gateway is running" in said
    (left,) = WishFile(tmp_path).left()
    assert (left.device, left.words) == ("car", "30 kWh, by 07:00, at most 0.25, cheapest")


def test_the_end_is_no_words_and_a_running_gateway_takes_it(command, tmp_path):
    with StateDir(tmp_path).lock():
        code, said = command("wish", "car", "--end", "--state-dir", tmp_path)
    assert (code, "the running gateway takes it" in said) == (0, True)
    assert [left.words for left in WishFile(tmp_path).left()] == [""]


@pytest.mark.parametrize(
    "words", [["car"], ["car", "now", "--end"], ["no such/name", "now"], ["car", "30 apples"]]
)
def test_what_is_no_wish_leaves_nothing(command, tmp_path, words):
    code, said = command("wish", *words, "--state-dir", tmp_path)
    assert code == 2
    assert said
    assert list(tmp_path.iterdir()) == []
