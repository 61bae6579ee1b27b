"""Fixtures of the process tests."""

import pytest

from tests.chaos.disks import Lives, build
from tests.chaos.extent import KILLS
from tests.e2e.processes import a_place


@pytest.fixture
async def place(tmp_path):
    """A folder with room for one house and its programs; all are ended with the test."""
    async with a_place(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def kills():
    """How often a life is cut short; ``make chaos`` asks for 1000."""
    return KILLS


@pytest.fixture(scope="session")
def watched_disk(tmp_path_factory):
    """The library that records and cuts off what a process writes."""
    return build(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def lives(tmp_path, watched_disk):
    """A process that lives on a watched disk, one life after the other."""
    with Lives(tmp_path / "state", watched_disk) as opened:
        yield opened
