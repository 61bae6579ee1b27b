"""Whatever words stand in the newer models: an answer, or a fault that is named."""

import asyncio
from contextlib import suppress
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.errors import GridtenderError
from gateway.model.reading import Quality
from gateway.model.setpoint import Written

SPECIAL = (0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0xFFF6, 10)


def scrambled(made, chance):
    """The map with other words in the bodies of its models, the chain left as it is."""
    words = made.memory.units[1]
    for place in made.places.values():
        for address in range(place + 2, place + 2 + words[place + 1]):
            if chance.random() < 0.3:
                words[address] = chance.choice((*SPECIAL, chance.randrange(0x10000)))
    return made


@pytest.mark.parametrize(("kind", "role"), [("der", "solar"), ("der_battery", "storage")])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), quantity=st.floats(-20_000, 20_000))
def test_any_words_are_read_steered_and_released_without_another_fault(
    rig, kind, role, seed, quantity
):
    made = scrambled(getattr(rig, kind)(), Random(seed))

    async def life():
        async with rig.mem(made.memory) as line:
            driver = rig.driver(line, role, keys={"connect": True})
            with suppress(GridtenderError):
                await driver.connect()
                reading = await driver.read()
                assert (reading.power_w is None) <= (reading.quality is not Quality.GOOD)
                await driver.arm()
                for wanted in (quantity, None):
                    assert isinstance(await driver.write(rig.setpoint(wanted)), Written)
                    await driver.read()

    asyncio.run(life())
    assert all(0 <= word <= 0xFFFF for word in made.memory.units[1].values())
    disconnect = (made.at("802.SetOp"), (2,)) if kind == "der_battery" else None
    assert disconnect not in [request[1:] for request in made.writes()]
