"""Fixtures of the process tests."""

import pytest

from tests.e2e.processes import a_place
from tests.e2e.wheels import CHECKOUT, build


@pytest.fixture
async def place(tmp_path):
    """A folder with room for one house and its programs; all are ended with the test."""
    async with a_place(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The project's wheel."""
    return build(CHECKOUT, tmp_path_factory.mktemp("dist"))
