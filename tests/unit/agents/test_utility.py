from dataclasses import replace

from gateway.agents import UTILITY, Utility
from gateway.model.resource import WATER_FLOW
from gateway.model.site import GridLimits
from gateway.model.tender import TieClass

LIMITED = Utility(limits=GridLimits(import_w=17000.0, export_w=5000.0))


def test_tariff_is_tendered_up_to_the_limits(make_gate, steps):
    assert steps(LIMITED.tenders(make_gate())) == [("SELL", 3000, 17000), ("BUY", 800, 5000)]


def test_without_limits_it_carries_more_than_any_house_draws(make_gate, steps):
    tenders = Utility(limits=GridLimits()).tenders(make_gate())
    assert steps(tenders) == [("SELL", 3000, 100_000), ("BUY", 800, 100_000)]


def test_export_limit_zero_is_no_buyer(make_gate, steps):
    agent = Utility(limits=GridLimits(import_w=17000.0, export_w=0.0))
    assert steps(agent.tenders(make_gate())) == [("SELL", 3000, 17000)]


def test_export_price_above_import_price_is_cut_one_tick_below_it(make_gate, steps):
    gate = make_gate(import_price=0.10, export_price=0.12)
    assert steps(LIMITED.tenders(gate)) == [("SELL", 1000, 17000), ("BUY", 999, 5000)]


def test_unknown_prices_serve_must_run_load_and_give_nothing_away(make_gate, steps):
    gate = make_gate(import_price=None, export_price=None)
    assert steps(LIMITED.tenders(gate)) == [("SELL", 20000, 17000), ("BUY", -10000, 5000)]


def test_import_price_at_the_floor_leaves_no_price_to_buy_at(make_gate, steps):
    gate = make_gate(import_price=-5.0, export_price=-6.0)
    assert steps(LIMITED.tenders(gate)) == [("SELL", -10000, 17000)]


def test_tick_of_the_product_is_kept(make_gate, product, steps):
    gate = make_gate(product=replace(product, tick=100), import_price=0.1234, export_price=0.2)
    assert steps(LIMITED.tenders(gate)) == [("SELL", 1200, 17000), ("BUY", 1100, 5000)]


def test_it_is_last_in_line_at_a_tie():
    assert LIMITED.party.id == UTILITY
    assert LIMITED.party.tie_class is TieClass.GRID


def test_other_resources_are_not_its_business(make_gate, product):
    water = replace(product, resource=WATER_FLOW, unit="l/min")
    assert LIMITED.tenders(make_gate(product=water)) == ()


def test_ids_are_unique_and_name_product_and_start(make_gate):
    ids = [tender.id for tender in LIMITED.tenders(make_gate())]
    assert ids == ["power-20260621T120001Z-0", "power-20260621T120001Z-1"]
