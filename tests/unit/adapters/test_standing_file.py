"""``standing.json``: what parties said of themselves."""

import pytest

from gateway.adapters.standing_file import StandingFile
from gateway.adapters.state import StateUnusable


def test_what_is_stored_is_loaded_and_a_disk_that_refuses_is_a_sentence(tmp_path):
    file = StandingFile(tmp_path)
    assert file.load() == ""
    file.store("{}")
    assert StandingFile(tmp_path).load() == "{}"
    with pytest.raises(StateUnusable, match=r"standing\.json"):
        StandingFile(tmp_path / "gone").store("{}")
