"""Fixtures every test may use."""

import asyncio
import os

import pytest
from hypothesis import settings

from gateway.model.time import parse_rfc3339
from gateway.testing import VirtualClock, VirtualLoop

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_NO_SKIPS = os.environ.get("GRIDTENDER_NO_SKIPS", "0") not in {"", "0"}

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Where everything a test needs is installed, a skipped test is a failed one."""
    report = yield
    return _without_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """The same for modules that skip themselves."""
    report = yield
    return _without_skip(report)


def _without_skip(report):
    if _NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\nGRIDTENDER_NO_SKIPS is set: install what is missing"
    return report
