"""One resource into another: a heat pump buys power, and sells the heat that it becomes."""

import pytest

from tests.scenarios.strangers import Strangers

COP = 3
PUMP, FLATS = "cellar", ("flat-1", "flat-2")


@pytest.fixture(scope="module")
def minute(lived):
    """One minute: power is bought 20 s ahead of it, heat sold 1 s ahead."""

    async def script(home):
        strangers = Strangers(home)
        ask = strangers.ask
        assert await ask("flat-1", "BUY", "heat", 2000, 0.14) is True
        assert await ask("flat-2", "BUY", "heat", 1500, 0.12) is True
        assert await ask("flat-2", "BUY", "heat", 1000, 0.09) is True
        early = await ask(PUMP, "SELL", "heat", 3000, 0.10)
        assert await ask(PUMP, "BUY", "power", 1000, 0.36) is True
        await home.pass_time(42, 1)
        too_much = await ask(PUMP, "SELL", "heat", COP * 1000 + 1, 0.10)
        assert await ask(PUMP, "SELL", "heat", COP * 1000, 0.10) is True
        await home.pass_time(18, 1)
        return strangers, early, too_much

    return lived("heat-from-power", script)


def test_no_heat_is_sold_that_no_power_was_bought_for(minute):
    _, early, too_much = minute
    assert early == ("cover", "cellar could come to 3000 of heat sold; 0 of power cover 0")
    assert too_much == ("cover", "cellar could come to 3001 of heat sold; 1000 of power cover 3000")


def test_heat_costs_a_third_of_power_or_more_and_the_pump_does_not_lose(minute):
    told = minute[0]
    assert told.traded("power", PUMP) == [(PUMP, 1000, 0.30, 0.005)]
    heat = told.traded("heat", PUMP, *FLATS)
    assert {price for _, _, price, _ in heat} == {0.12}
    assert {(party, watts) for party, watts, _, _ in heat} == {
        (PUMP, -3000),
        ("flat-1", 2000),
        ("flat-2", 1000),
    }
    # 3 kW for a minute at 0.12 are 0.006, a kW at 0.30 is 0.005.
    assert sum(money for _, _, _, money in told.traded("heat", PUMP)) == -0.006
