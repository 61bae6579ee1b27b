"""Fixtures of the simulated house."""

import pytest

from gateway.model.time import parse_rfc3339
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")


@pytest.fixture
def at_home(tmp_path, virtual):
    """``at_home(script, house_settings, **site changes)`` runs ``script(home)`` on virtual time."""

    def run(script, house_settings, *, epoch=NOON, **changes):
        async def main():
            async with open_home(tmp_path, epoch, house_settings, **changes) as home:
                return await script(home)

        return virtual(main())

    return run
