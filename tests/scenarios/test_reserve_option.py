"""An option on power: a premium for the right, the strike for what is called."""

import pytest

from tests.scenarios.strangers import Strangers

pytestmark = [pytest.mark.slow, pytest.mark.patient]


@pytest.fixture(scope="module")
def called(lived):
    """Who may call when, and what it came to."""

    async def script(home):
        strangers = Strangers(home)
        ask = strangers.ask
        for ahead_s in range(300, 900, 60):  # the writer stands ready from one o'clock on
            assert await ask("genset", "SELL", "call", 1000, 0.50, ahead_s) is True
        without = await ask("desk", "BUY", "call", 600, 0.50, 300)
        assert await ask("genset", "SELL", "reserve", 1000, 0.01) is True
        assert await ask("desk", "BUY", "reserve", 1000, 0.01) is True
        await home.pass_time(480, 5)
        for ahead_s in range(60, 360, 60):
            assert await ask("desk", "BUY", "call", 600, 0.90, ahead_s) is True
        beyond = await ask("desk", "BUY", "call", 401, 0.50, 60)
        rest = await ask("desk", "BUY", "call", 400, 0.50, 60)
        await home.pass_time(52, 1)
        late = await ask("desk", "BUY", "call", 100, 0.50)
        return strangers, {"without": without, "beyond": beyond, "rest": rest, "late": late}

    return lived("reserve-option", script)


def test_only_who_paid_the_premium_may_call_and_not_more_than_it_paid_for(called):
    told, answers = called
    assert told.traded("reserve", "desk") == [("desk", 1000, 0.01, 0.01)]
    assert answers["without"] == (
        "cover",
        "desk could come to 600 of call bought; 0 of reserve cover 0",
    )
    assert answers["beyond"][0] == "cover"
    assert answers["rest"] is True


def test_what_is_called_costs_the_strike_whatever_the_price_of_power_is(called):
    told, _ = called
    calls = told.traded("call", "desk", "genset")
    assert {price for _, _, price, _ in calls} == {0.50}
    paid = [(watts, money) for party, watts, _, money in calls if party == "desk"]
    assert paid == [(600, 0.005)] * 5 + [(400, 0.003333)]
    assert sum(watts for _, watts, _, _ in calls) == 0


def test_after_its_last_moment_the_option_for_that_minute_is_gone(called):
    _, answers = called
    assert answers["late"] is not True
