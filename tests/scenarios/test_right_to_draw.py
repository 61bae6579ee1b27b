"""A capacity product bounds power: the right is bought first, and what it covers after that."""

import pytest

from tests.scenarios.strangers import Strangers

pytestmark = [pytest.mark.slow, pytest.mark.patient]


def test_the_workshop_draws_as_much_as_it_holds_the_right_to_and_may_not_sell_it_then(lived):
    async def script(home):
        ask = Strangers(home).ask
        assert (await ask("workshop", "BUY", "power", 1000, 0.40, 300))[0] == "cover"
        assert await ask("house-owner", "SELL", "right", 4000, 0.02) is True
        assert await ask("workshop", "BUY", "right", 3000, 0.05) is True
        # From one o'clock on it has the right to 3000 W, in the minutes before to nothing.
        assert (await ask("workshop", "BUY", "power", 1000, 0.40, 30))[0] == "cover"
        assert await ask("workshop", "BUY", "power", 2000, 0.40, 300) is True
        _, why = await ask("workshop", "BUY", "power", 1001, 0.40, 300)
        assert why == "workshop could come to 3001 of power bought; 3000 of right cover 3000"
        assert await ask("workshop", "BUY", "power", 1000, 0.40, 300) is True
        assert await ask("workshop", "BUY", "power", 3000, 0.40, 360) is True
        assert (await ask("workshop", "SELL", "right", 1, 0.01))[0] == "cover"
        await home.pass_time(480, 5)
        return Strangers(home)

    told = lived("right-to-draw", script)
    # 3 kW for an hour at 0.02 are 0.06; a minute of 3 kW at 0.30 is 0.015.
    assert told.traded("right", "workshop") == [("workshop", 3000, 0.02, 0.06)]
    minutes = told.traded("power", "workshop")
    assert {price for _, _, price, _ in minutes} == {0.30}
    assert sum(money for *_, money in minutes) == 0.03
    assert sum(watts for _, watts, _, _ in minutes) == 6000
