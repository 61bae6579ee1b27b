from gateway.agents import MUST_RUN, MustRun


def test_residual_is_bought_at_the_cap_rounded_up(make_gate, steps):
    assert steps(MustRun().tenders(make_gate(residual_w=512.3))) == [("BUY", 20000, 513)]


def test_unknown_generation_is_sold_at_the_floor_rounded_down(make_gate, steps):
    assert steps(MustRun().tenders(make_gate(residual_w=-512.7))) == [("SELL", -10000, 512)]


def test_parties_without_a_meter_answer_for_their_own_part(make_gate, steps):
    gate = make_gate(residual_w=2500.0, unmetered=2000)
    assert steps(MustRun().tenders(gate)) == [("BUY", 20000, 500)]


def test_unmetered_buyers_that_do_not_draw_turn_the_residual(make_gate, steps):
    gate = make_gate(residual_w=500.0, unmetered=2000)
    assert steps(MustRun().tenders(gate)) == [("SELL", -10000, 1500)]


def test_without_a_fresh_grid_meter_nothing_is_tendered(make_gate):
    assert MustRun().tenders(make_gate(residual_w=None)) == ()


def test_nothing_to_draw_is_no_tender(make_gate):
    assert MustRun().tenders(make_gate(residual_w=0.0)) == ()


def test_its_party_is_the_residual():
    assert MustRun().party.id == MUST_RUN
