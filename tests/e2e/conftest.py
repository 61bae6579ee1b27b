"""Fixtures of the process tests."""

import pytest

from tests.e2e.processes import a_place


@pytest.fixture
async def place(tmp_path):
    """A folder with room for one house and its programs; all are ended with the test."""
    async with a_place(tmp_path) as opened:
        yield opened
