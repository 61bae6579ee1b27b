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
        bare = await ask("genset", "SELL", "reserve", 1000, 0.01)
        for ahead_s in range(240, 3900, 60):  # the writer stands ready from one o'clock on
            assert await ask("genset", "SELL", "call", 1000, 0.50, ahead_s) is True
        without = await ask("desk", "BUY", "call", 600, 0.50, 300)
        assert await ask("genset", "SELL", "reserve", 1000, 0.01) is True
        assert await ask("desk", "BUY", "reserve", 1000, 0.01) is True
        await home.pass_time(480, 5)
        for ahead_s in range(60, 360, 60):
            assert await ask("desk", "BUY", "call", 600, 0.90, ahead_s) is True
        beyond = await ask("desk", "BUY", "call", 401, 0.50, 60)
        rest = await ask("desk", "BUY", "call", 400, 0.50, 60)
        standing = strangers.standing("genset", "call")
        back = [await strangers.cancel("genset", "call", standing[at]) for at in sorted(standing)]
        home.gateway.withdraw("genset")  # its link is gone
        silent = len(strangers.standing("genset", "call"))
        await home.pass_time(52, 1)
        late = await ask("desk", "BUY", "call", 100, 0.50)
        return strangers, {
            "bare": bare,
            "without": without,
            "beyond": beyond,
            "rest": rest,
            "back": back,
            "silent": silent,
            "late": late,
        }

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


def test_who_was_paid_to_stand_ready_can_be_called_whether_it_likes_it_or_not(called):
    _, answers = called
    term, why = answers["bare"]
    assert term == "standby"
    assert why.endswith("and have 0 of call on offer")
    refused = [answer for answer in answers["back"] if answer is not True]
    assert len(refused) == 55  # 13:04 was called whole, 13:05 to 13:59 are to come
    assert {term for term, _ in refused} == {"standby"}
    assert answers["back"][-1] is True  # the minute after two was never paid for
    assert answers["silent"] == 55
