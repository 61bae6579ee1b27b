"""Counter-based noise."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.physics.noise import between, uniform

COUNT = 4000


def test_same_seed_stream_and_index_give_the_same_number():
    assert uniform(7, 3, 1_000_000) == uniform(7, 3, 1_000_000)


def test_known_value_stays_known():
    """A changed generator would change every recorded day."""
    assert [round(uniform(1, 2, index), 6) for index in range(3)] == [0.900611, 0.280143, 0.007557]


@given(st.integers(0, 2**63), st.integers(0, 999), st.integers(0, 2**40))
def test_numbers_lie_in_the_unit_interval(seed, stream, index):
    assert 0.0 <= uniform(seed, stream, index) < 1.0


def test_numbers_are_spread_evenly():
    numbers = [uniform(1, 1, index) for index in range(COUNT)]
    assert abs(sum(numbers) / COUNT - 0.5) < 0.02
    assert all(
        abs(sum(low <= n < low + 0.1 for n in numbers) / COUNT - 0.1) < 0.025
        for low in (0.0, 0.3, 0.6, 0.9)
    )


def test_streams_are_unrelated():
    one = [uniform(1, 1, index) - 0.5 for index in range(COUNT)]
    two = [uniform(1, 2, index) - 0.5 for index in range(COUNT)]
    assert abs(sum(a * b for a, b in zip(one, two, strict=True)) / COUNT) < 0.01


def test_between_keeps_its_bounds():
    assert all(-10 <= between(-10, 10, seed=1, stream=1, index=i) < 10 for i in range(1000))
