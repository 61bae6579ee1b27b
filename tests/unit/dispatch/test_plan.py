"""From standing tenders and a balance to wanted flows."""

import pytest

from gateway.dispatch.merit import Step
from gateway.dispatch.plan import (
    LEAD_W,
    MARGIN_W,
    REENTRY_W,
    Balance,
    SourceMemory,
    SourceView,
    judge_source,
    plan_sources,
    plan_storage,
)
from gateway.model.time import SECOND, Duration, Instant

SETTLE = Duration(2 * SECOND)
PEAK = 8000.0


def at(s):
    return Instant((1_000 + s) * SECOND)


def roof(output_w=0.0, limit_w=None, s=0, id_="roof", nameplate_w=PEAK):
    return SourceView(id=id_, at=at(s), output_w=output_w, limit_w=limit_w, nameplate_w=nameplate_w)


GRID = Step(party="utility", buy=False, price=3000, power_w=17000, tie=2)


def export(limit_w):
    return Step(party="utility", buy=True, price=800, power_w=limit_w, tie=2)


def battery(id_="battery", *, charge=5000.0, discharge=5000.0, buy=1500, sell=1800):
    sides = ((True, buy, charge), (False, sell, discharge))
    return [Step(party=id_, buy=b, price=p, power_w=w) for b, p, w in sides if w]


def balance(load, *sources, storages=(), steps=(), export_limit_w=None, fixed_w=0.0):
    offers = [Step(party=s.id, buy=False, price=0, power_w=s.nameplate_w) for s in sources]
    return Balance(
        residual_w=load,
        fixed_w=fixed_w,
        sources=sources,
        storages=storages,
        steps=(*offers, GRID, *steps),
        export_limit_w=export_limit_w,
        floor=-10_000,
        cap=20_000,
    )


def stored(given, *, discharging=False, memory=None):
    plan = plan_storage(given, memory or {}, discharging=discharging, now=at(0), settle=SETTLE)
    return dict(plan.wanted)


def test_storage_serves_the_load_before_the_grid():
    given = balance(1200.0, storages=("battery",), steps=battery())
    assert stored(given) == {"battery": -1200.0}


def test_storage_takes_the_surplus():
    given = balance(300.0, roof(4300.0), storages=("battery",), steps=battery())
    assert stored(given) == {"battery": 4000.0}


def test_two_batteries_share_a_price_pro_rata():
    steps = [*battery("a", discharge=4000.0), *battery("b", discharge=2000.0)]
    wanted = stored(balance(3000.0, storages=("a", "b"), steps=steps))
    assert wanted == pytest.approx({"a": -2000.0, "b": -1000.0})


def test_an_empty_battery_offers_nothing_and_gets_nothing():
    given = balance(1200.0, storages=("battery",), steps=battery(discharge=0.0))
    assert stored(given) == {"battery": 0.0}


def test_a_hidden_surplus_is_drawn_out_by_a_lead_and_no_more():
    held = roof(300.0, limit_w=300.0)
    given = balance(300.0, held, storages=("battery",), steps=battery(), export_limit_w=0.0)
    assert stored(given) == {"battery": LEAD_W}


def test_while_discharging_a_hiding_source_is_believed_to_have_only_a_step_more():
    held = roof(300.0, limit_w=300.0)
    given = balance(2300.0, held, storages=("battery",), steps=battery(), export_limit_w=0.0)
    assert stored(given, discharging=True) == {"battery": pytest.approx(-(2000.0 - REENTRY_W))}


@pytest.mark.parametrize(
    ("load", "storing", "bound"),
    [
        (1000.0, 0.0, -(1000.0 - MARGIN_W)),
        (1000.0, 2000.0, -(3000.0 + REENTRY_W)),
        (1000.0, 5000.0, -(6000.0 - MARGIN_W)),
        (1000.0, -600.0, -(400.0 + REENTRY_W)),
        (0.0, 0.0, 0.0),
        (9000.0, 0.0, -(PEAK - MARGIN_W)),
    ],
)
def test_under_an_export_limit_of_0_a_limit_always_stands(load, storing, bound):
    given = balance(load, roof(), storages=("battery",), steps=battery(), export_limit_w=0.0)
    assert plan_sources(given, {"battery": storing}, {}) == {"roof": pytest.approx(bound)}


def test_an_export_limit_of_3_kw_is_used_but_for_the_margin():
    given = balance(500.0, roof(), steps=[export(3000.0)], export_limit_w=3000.0)
    assert plan_sources(given, {}, {}) == {"roof": pytest.approx(-(3500.0 - MARGIN_W))}


def test_without_a_site_limit_a_source_whose_output_is_taken_runs_free():
    given = balance(500.0, roof(3000.0), steps=[export(50_000.0)])
    assert plan_sources(given, {}, {}) == {"roof": None}


def test_when_nobody_buys_the_surplus_the_source_is_held_to_the_load():
    given = balance(500.0, roof(3000.0))
    assert plan_sources(given, {}, {}) == {"roof": pytest.approx(-(500.0 - MARGIN_W))}


def test_two_inverters_share_the_room_and_never_exceed_it_together():
    sources = (roof(id_="east", nameplate_w=6000.0), roof(id_="west", nameplate_w=3000.0))
    bounds = plan_sources(balance(900.0, *sources, export_limit_w=0.0), {}, {})
    assert sum(bounds.values()) == pytest.approx(-(900.0 - MARGIN_W))
    assert bounds["east"] == pytest.approx(-(600.0 - MARGIN_W / 2))


def test_a_source_at_its_limit_hides_and_one_below_it_does_not():
    assert judge_source(SourceMemory(), roof(2990.0, 3000.0), at(0), SETTLE).hidden
    assert not judge_source(SourceMemory(), roof(2000.0, 3000.0), at(0), SETTLE).hidden
    assert not judge_source(SourceMemory(), roof(2000.0), at(0), SETTLE).hidden


def raised(s, output_w, sample_s):
    memory = judge_source(SourceMemory(), roof(500.0, 500.0), at(0), SETTLE)
    memory = judge_source(memory, roof(500.0, 3000.0, s=0), at(0), SETTLE)
    return judge_source(memory, roof(output_w, 3000.0, s=sample_s), at(s), SETTLE).hidden


def test_after_a_raise_it_has_its_settle_time_and_longer_while_it_climbs():
    assert raised(1, 500.0, 1)
    assert not raised(2, 500.0, 2)
    assert raised(2, 900.0, 2)


def test_a_sample_from_before_the_raise_tells_nothing_however_late_it_is():
    assert raised(5, 500.0, 0)


def test_a_source_leads_by_a_little_where_the_import_limit_keeps_storage_from_leading():
    given = balance(
        600.0,
        roof(690.0, 690.0),
        storages=("battery",),
        steps=battery(),
        export_limit_w=0.0,
    )
    memory = {"roof": SourceMemory(hidden=True, output_w=690.0, limit_w=690.0)}
    led = plan_sources(given, {"battery": 90.0}, memory)
    leads = plan_sources(given, {"battery": 90.0}, memory, held_back=True)
    assert led == {"roof": pytest.approx(-(690.0 - MARGIN_W))}
    assert leads == {"roof": pytest.approx(-(690.0 + REENTRY_W))}
