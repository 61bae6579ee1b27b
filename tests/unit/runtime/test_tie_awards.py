"""What a market above may make an area do: what the area asked for, and nothing else."""

import pytest

from gateway.model.intertie import Bounds, Contract
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Side, Tender
from gateway.model.time import SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.ports.parent import Award, Cleared
from gateway.runtime.tie_awards import Awards

PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
NOW = parse_rfc3339("2026-06-21T12:00:03Z")
RUNNING, NEXT = PRODUCT.interval_at(NOW), PRODUCT.next_interval(NOW)
STEM = "20260621T120010Z.7"
CONTRACT = Contract(
    tie="street",
    area="home",
    parent="street",
    product="power",
    parent_product="power",
    bounds=Bounds(imports=10_000, exports=10_000),
    standing_import=4000,
    standing_export=300,
)


def award(id_="t1", tender=f"{STEM}.0", quantity=500, price=2000, interval=NEXT):
    return Award(id=id_, tender=tender, interval=interval, quantity=quantity, price=price)


@pytest.fixture
def awards():
    """BUY 500 at 2000 and SELL 300 at 2500 stand at the parent for the next interval."""
    found = Awards(CONTRACT, PRODUCT)
    instrument = found.of(NEXT)
    instrument.revision = 7
    for number, (side, price, quantity) in enumerate(
        [(Side.BUY, 2000, 500), (Side.SELL, 2500, 300)]
    ):
        id_ = f"{STEM}.{number}"
        instrument.offered[id_] = Tender(id=id_, side=side, price=price, quantity=quantity)
    return found


def after(start, seconds):
    return Instant(start + seconds * SECOND)


def test_what_was_tendered_is_taken_in_parts_and_once(awards):
    assert awards.take(award(quantity=200), NOW) == ("", True)
    assert awards.take(award(quantity=200), NOW) == ("", False)
    assert awards.take(award("t2", quantity=300, price=1900), NOW) == ("", True)
    assert awards.of(NEXT).award == 500


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"quantity": 501}, "with it 501 of"),
        ({"quantity": -500}, "with it -500 of"),
        ({"quantity": 0}, "with it 0 of"),
        ({"price": 2001}, "worse than the 2000 tendered"),
        ({"tender": f"{STEM}.1", "quantity": -300, "price": 2499}, "worse than the 2500"),
        ({"tender": f"{STEM}.9"}, "nothing was tendered as"),
        ({"tender": "20260621T120010Z.6.0"}, "the parent had 7"),
        ({"tender": "20260621T120010Z.8.0"}, "nothing was tendered as"),
        ({"interval": Interval(NEXT.start, after(NEXT.start, 20))}, "for longer than"),
        ({"interval": PRODUCT.interval_at(after(RUNNING.start, -10))}, "is over"),
        ({"interval": PRODUCT.interval_at(after(NEXT.start, 3600))}, "nothing was tendered for"),
    ],
)
def test_a_parent_that_lies_is_refused(awards, lie, words):
    why, _ = awards.take(award(**lie), NOW)
    assert words in why
    assert awards.of(NEXT).award == 0


def test_parts_beyond_the_tender_are_refused_from_the_part_that_is_too_much(awards):
    assert awards.take(award(quantity=400), NOW) == ("", True)
    why, _ = awards.take(award("t2", quantity=200), NOW)
    assert "with it 600 of" in why
    assert awards.of(NEXT).award == 400


def test_what_a_requirement_trades_back_answers_no_tender_and_keeps_the_contract(awards):
    assert awards.take(award(tender="", quantity=-900), NOW) == ("", True)
    why, _ = awards.take(award("t2", tender="", quantity=-9_900), NOW)
    assert "the contract allows 10000" in why


def test_forged_intervals_do_not_push_the_ones_at_hand_out_of_memory(awards):
    for hours in range(1, 50):
        far = PRODUCT.interval_at(after(NEXT.start, 3600 * hours))
        awards.take(award(f"far{hours}", interval=far), NOW)
        awards.cleared(Cleared(instrument=far, price=1))
    awards.cleared(Cleared(instrument=NEXT, price=1800))
    assert awards.of(NEXT).price == 1800
    assert awards.of(NEXT).revision == 7


def test_a_flood_of_refused_awards_of_one_interval_is_bounded(awards):
    for number in range(5000):
        awards.take(award(f"t{number}", quantity=9999), NOW)
    assert len(awards.of(NEXT).judged) == 1000


def test_after_a_restart_the_award_of_the_running_interval_counts_at_once():
    awards = Awards(CONTRACT, PRODUCT)  # which remembers nothing of the run before
    earlier = award(interval=RUNNING, tender="20260621T120000Z.3.0")
    assert awards.take(earlier, NOW) == ("", True)
    assert awards.of(RUNNING).answered
    assert awards.came_late(NOW)
    assert not awards.came_late(NOW)


def test_an_award_after_the_own_gate_counts_from_when_its_interval_begins(awards):
    awards.of(NEXT).held = True
    awards.take(award(), NOW)
    assert not awards.came_late(NOW)
    assert awards.came_late(NEXT.start)
