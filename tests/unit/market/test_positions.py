"""Positions over time."""

from gateway.market.positions import Positions
from gateway.model.position import PositionStep
from gateway.model.time import Instant, Interval


def span(start, end):
    return Interval(Instant(start), Instant(end))


def build(*changes):
    positions = Positions("power")
    for party, start, end, quantity in changes:
        positions.add(party, span(start, end), quantity)
    return positions


def test_changes_add_up_where_they_overlap():
    positions = build(("a", 0, 10, 5), ("a", 5, 20, 3), ("a", 2, 3, -1))

    expected = [5, 5, 4, 5, 5, 8, 8, 8, 8, 8, 3, 3]
    assert [positions.at("a", Instant(n)) for n in range(12)] == expected
    assert positions.at("a", Instant(-1)) == positions.at("a", Instant(20)) == 0


def test_steps_cover_the_interval_without_gaps_and_join_equal_ones():
    positions = build(("a", 0, 10, 5), ("a", 10, 20, 5), ("a", 30, 40, 1))

    steps = positions.steps("a", span(5, 35)).steps

    assert steps == (
        PositionStep(interval=span(5, 20), quantity=5),
        PositionStep(interval=span(20, 30), quantity=0),
        PositionStep(interval=span(30, 35), quantity=1),
    )


def test_stranger_has_a_position_of_zero():
    steps = Positions("power").steps("nobody", span(0, 10)).steps

    assert steps == (PositionStep(interval=span(0, 10), quantity=0),)


def test_only_parties_with_a_position_are_listed():
    positions = build(("b", 0, 10, 5), ("a", 0, 10, -5), ("c", 0, 5, 1))

    assert positions.all_at(Instant(7)) == {"b": 5, "a": -5}


def test_what_is_forgotten_is_only_the_past():
    positions = build(("a", 0, 10, 5), ("a", 10, 20, 6), ("gone", 0, 5, 1))

    positions.forget_before(Instant(12))

    assert positions.at("a", Instant(12)) == 6
    assert positions.dump() == {"since": 12, "steps": {"a": [[10, 6], [20, 0]]}}


def test_dump_and_load_keep_everything():
    positions = build(("a", 0, 10, 5), ("b", 3, 7, -2))

    assert Positions.load("power", positions.dump()).dump() == positions.dump()
