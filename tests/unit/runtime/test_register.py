"""Who may trade what, and what a day may cost."""

from dataclasses import replace

import pytest

from gateway.market import Market
from gateway.model.admittance import AskRegistration
from gateway.model.errors import WrongInput
from gateway.model.membership import (
    MOST_NAMES,
    MOST_WAITING,
    WAITS,
    Allowance,
    Enrolled,
    Member,
    Newcomer,
    PartyBook,
)
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.terms import Purpose, TermRule
from gateway.model.time import HOUR, Duration, Instant
from gateway.runtime.register import Register
from gateway.runtime.spending import Spending, utc_day

NOW = Instant(1_800_000_000_000_000_000)
HOURLY = Product(id="power", resource=POWER, unit="W", interval=HOUR)
FIRST = HOURLY.next_interval(NOW)
ANNA = Party(id="anna", outside=True)


def newcomer(name, since=NOW):
    return Newcomer(name=name, since=since, client="c", request="r", password="p" * 12)


def test_a_name_that_was_removed_is_not_given_to_a_stranger_but_may_be_added_again():
    book = PartyBook().add(Member(name="carol", since=NOW, by="command")).remove("carol", NOW)
    assert book.member("carol") is None
    with pytest.raises(WrongInput, match="taken"):
        book.ask(newcomer("carol"))
    assert book.add(Member(name="carol", since=NOW, by="command")).member("carol")


def test_a_full_list_takes_nobody_until_a_day_has_passed():
    book = PartyBook()
    for number in range(MOST_WAITING):
        book = book.ask(newcomer(f"s-{number}"))
    with pytest.raises(WrongInput, match="wait"):
        book.ask(newcomer("late"))
    assert not book.without_stale(Instant(NOW + WAITS)).waiting


def test_strangers_who_come_and_go_do_not_fill_the_book_for_ever():
    gone = (Member(name=f"s-{n}", since=NOW, by="x", removed=NOW) for n in range(MOST_NAMES))
    with pytest.raises(WrongInput, match="owner"):
        PartyBook(members=tuple(gone)).ask(newcomer("one-more"))


def test_a_password_is_in_no_text_of_what_carries_it():
    asked = AskRegistration(client="c", request_id="r", name="box", password="p" * 12)
    assert "p" * 12 not in f"{newcomer('box')} {asked}"


def test_who_registered_itself_is_enrolled_in_nothing_until_it_asks():
    register = Register((ANNA,), book=PartyBook().ask(newcomer("box")).accept("box", NOW))
    assert register.restriction("anna", "power") is None
    assert "create-enrollment" in register.restriction("box", "power").description
    register.take(register.book.decide("box", "power", Enrolled.YES, NOW))
    assert register.restriction("box", "power") is None


def test_a_party_of_the_configuration_goes_before_one_of_the_book():
    allowance = Allowance(max_open_tenders=1, enrolled=())
    same = Member(name="anna", since=NOW, by="command", allowance=allowance)
    register = Register((ANNA,), book=PartyBook().add(same))
    assert register.party("anna") == ANNA
    assert register.restriction("anna", "power") is None


def spending(terms=HOURLY, **limits):
    market = Market(terms, area="home", epoch=1, parties=(ANNA,))
    register = Register((ANNA,), {"anna": Allowance(**limits)})
    return market, Spending({"power": market}, register, utc_day)


def submission(id_, quantity, price=5000, side=Side.BUY, netting=False, revision=0):
    tender = Tender(id=id_, side=side, price=price, quantity=quantity)
    tenders = TenderSet(
        party="anna",
        product="power",
        interval=FIRST,
        tenders=(tender,),
        netting=netting,
        revision=revision,
    )
    return SubmitTenders(party="anna", request_id=id_, tenders=tenders)


def test_money_counts_the_worst_of_all_that_is_open():
    # 1000 W for an hour at 0.50 per kWh come to 0.50.
    market, budget = spending(money_per_day=1.0)
    for id_ in ("a", "b"):
        asked = submission(id_, 1000)
        assert budget.refusal(asked) is None
        market.submit(asked.tenders, NOW)
    refused = budget.refusal(submission("c", 1))
    assert (refused.code, refused.term) == (422, "moneyPerDay")
    assert budget.refusal(submission("d", 1000, price=0)) is None
    assert budget.refusal(submission("e", 1000, side=Side.SELL)) is None
    assert budget.refusal(submission("f", 1000, price=-5000, side=Side.SELL)) is not None


def test_what_a_rule_forces_counts_not_what_the_tender_says():
    rule = TermRule(purpose=Purpose.FORCE, term="quantity", value=3000)
    _, budget = spending(replace(HOURLY, rules=(rule,)), energy_per_day=2.0)
    assert budget.refusal(submission("a", 1)).term == "energyPerDay"


def test_a_requirement_takes_the_place_of_the_former_one():
    market, budget = spending(energy_per_day=1.0)
    market.submit(submission("a", 1000, netting=True, revision=1).tenders, NOW)
    assert budget.refusal(submission("b", 1000, netting=True, revision=2)) is None
    assert budget.refusal(submission("c", 1001, netting=True, revision=2)).term == "energyPerDay"


def test_what_was_traded_counts_until_the_day_is_over():
    market, budget = spending(energy_per_day=1.0)
    seller = Party(id="roof")
    market.add_party(seller)
    market.submit(submission("a", 1000).tenders, NOW)
    offer = submission("s", 1000, price=0, side=Side.SELL).tenders
    market.submit(replace(offer, party="roof"), NOW)
    budget.count(market.advance(HOURLY.gate(FIRST)))
    assert budget.refusal(submission("b", 1)).term == "energyPerDay"
    later = submission("c", 1000)
    next_day = HOURLY.interval_at(Instant(FIRST.start + 24 * HOUR))
    assert budget.refusal(replace(later, tenders=replace(later.tenders, interval=next_day))) is None


def test_what_may_be_given_back_of_a_position_is_part_of_the_worst_case():
    market, budget = spending(energy_per_day=1.4, money_per_day=1.0)
    market.add_party(Party(id="roof"))
    market.submit(submission("a", 1000, netting=True, revision=1).tenders, NOW)
    offer = submission("s", 1000, price=0, side=Side.SELL).tenders
    market.submit(replace(offer, party="roof"), NOW)
    budget.count(market.advance(HOURLY.gate(FIRST), unscheduled=True))
    assert market.positions.at("anna", FIRST.start) == 1000
    again = submission("b", 1000, netting=True, revision=2)
    assert budget.refusal(again) is None  # no worse than what stands
    market.cancel("anna", None, NOW)
    # 1 kWh was bought, and 1 kWh might be sold again.
    assert budget.refusal(again).term == "energyPerDay"
    # Out of a position for which nothing is stated it must get, at the floor if need be.
    assert budget.refusal(submission("c", 500, netting=True, revision=2)).term == "energyPerDay"


def test_silence_is_measured_from_what_was_heard_of_parties_only():
    register = Register((ANNA,))
    register.hear("anna", Duration(7))
    register.hear("nobody", Duration(7))
    assert (register.heard("anna"), register.heard("nobody")) == (7, None)
