"""A meter that goes on answering with its last values."""

from gateway.dispatch.stillness import is_frozen, next_stillness
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.time import SECOND, Instant


def meter(s, power_w=100.0, **points):
    return Reading(
        device="m", at=Instant(s * SECOND), flows={POWER: power_w}, points={"W": power_w, **points}
    )


def frozen_after(samples, steered):
    still = None
    for sample, flows in zip(samples, steered, strict=True):
        still = next_stillness(still, sample, flows)
    return is_frozen(still, samples[-1].at, steered[-1])


def test_same_values_for_long_while_a_device_moved_are_frozen():
    samples = [meter(s) for s in range(32)]
    assert frozen_after(samples, [{"b": 10.0 * s} for s in range(32)])


def test_devices_that_move_against_each_other_are_seen_to_move():
    samples = [meter(s) for s in range(32)]
    assert frozen_after(samples, [{"b": 10.0 * s, "r": -10.0 * s} for s in range(32)])


def test_one_other_point_that_moves_is_a_meter_that_lives():
    samples = [meter(s, Hz=49.98 + 0.01 * (s % 3)) for s in range(32)]
    assert not frozen_after(samples, [{"b": 10.0 * s} for s in range(32)])


def test_a_house_at_rest_is_not_frozen():
    assert not frozen_after([meter(s) for s in range(3600)], [{"b": 5.0}] * 3600)


def test_a_meter_that_renews_every_10_s_is_not_frozen():
    samples = [meter(s, 100.0 + s // 10) for s in range(60)]
    assert not frozen_after(samples, [{"b": 50.0 * s} for s in range(60)])
