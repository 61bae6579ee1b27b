"""Dead time and ramp."""

import pytest

from gateway.physics.inertia import Delayed, delay, ramp

DT = 0.1


def run(state, commands, dead_time_s=0.5):
    values = []
    for command in commands:
        state = delay(state, command, dead_time_s=dead_time_s, dt_s=DT)
        values.append(state.value)
    return values


def test_command_arrives_after_the_dead_time():
    assert run(Delayed(0.0), [5.0] * 6) == [0.0, 0.0, 0.0, 0.0, 5.0, 5.0]


def test_every_command_arrives_in_its_turn():
    assert run(Delayed(0.0), [1.0, 2.0, 2.0, 0.0, 0.0], dead_time_s=0.3) == [0, 0, 1, 2, 2]


def test_without_dead_time_a_command_arrives_at_once():
    assert run(Delayed(0.0), [3.0], dead_time_s=0.0) == [3.0]


def test_unchanged_command_costs_no_new_state():
    state = Delayed(4.0)
    assert delay(state, 4.0, dead_time_s=0.5, dt_s=DT) is state


@pytest.mark.parametrize(
    ("value", "target", "after"),
    [(0.0, 10.0, 2.0), (10.0, 0.0, 8.0), (0.0, 1.0, 1.0), (1.0, 0.0, 0.0), (3.0, 3.0, 3.0)],
)
def test_ramp_moves_by_one_step_and_never_past_the_target(value, target, after):
    assert ramp(value, target, 2.0) == after
