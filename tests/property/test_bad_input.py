"""Spoiled good input at every door: taken or refused, never an exception of our own."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS


def spoiled(seed):
    """The seed with a few spans cut, doubled, overwritten or moved."""
    length = len(seed)
    span = st.tuples(st.integers(0, length), st.integers(0, 32), st.integers(0, 3))
    edits = st.lists(st.tuples(span, st.binary(max_size=8)), min_size=1, max_size=5)
    return edits.map(lambda chosen: _applied(seed, chosen))


def _applied(seed, edits):
    data = seed
    for (start, size, how), junk in edits:
        end = min(len(data), start + size)
        old = data[start:end]
        new = {0: b"", 1: old * 2, 2: junk, 3: old[::-1]}[how]
        data = data[:start] + new + data[end:]
    return data


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_seed_is_taken_or_refused_as_it_should(name):
    found = seeds(name)
    assert found
    for seed in found:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_spoiled_input_breaks_no_promise(name):
    @settings(suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(seeds(name)).flatmap(spoiled) | st.binary(max_size=200))
    def attempt(data):
        TARGETS[name](data)

    attempt()
