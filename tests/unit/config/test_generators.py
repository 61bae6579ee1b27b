"""What ``gridtender check`` says of generators."""

from gateway.config.generator_text import generator_texts

SET = "driver: modbus, map: heat-pump.yaml, connection: 'tcp://h', role: generator"


def told(loaded, more=""):
    found = loaded(f"devices: {{genset: {{{SET}{more}}}}}\n")
    assert not found.problems
    return dict(generator_texts(found.site))["genset"].split("; ")


def test_one_of_which_nothing_is_known_gives_for_nothing(loaded):
    assert told(loaded) == ["gives a kWh for 0 EUR"]


def test_fuel_start_and_times_are_said(loaded):
    more = ", marginal_cost: 0.25, start_cost: 0.05, limits: {min_w: 2000, min_run: 15min}"
    assert told(loaded, more) == [
        "gives a kWh for 0.25 EUR and 0.05 EUR a start",
        "at least 2000 W",
        "runs for 15min at least",
        "starts where that is repaid: by its minimum run, or by the hours it can foresee",
    ]
