"""Fixtures every test may use."""

import asyncio

import pytest
from hypothesis import settings

from gateway.adapters.clock import VirtualClock, VirtualLoop
from gateway.model.time import parse_rfc3339

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("dev")

NOON = parse_rfc3339("2026-06-21T12:00:00Z")


@pytest.fixture
def virtual():
    """Run a coroutine on virtual time: ``virtual(main(clock))`` returns its result."""

    def run(coroutine):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture
def clock():
    """A virtual clock at noon of midsummer; only inside ``virtual``."""
    return VirtualClock(NOON)
