"""A thermostat that heats when power is cheap: the ramp bid over a simulated room.

    PARTY_PASSWORD=... python examples/thermostat.py mqtt://localhost:1883 anna home

The colder the room is against what is wanted, the more it bids, around the mean price of late.
"""

import asyncio
import os
import statistics
import sys
from collections import deque

from gateway.party import Party, Refused

WANTED_C, BAND_C, RAMP = 21.0, 2.0, 2.0  # the bid spans RAMP deviations of price over BAND_C
HEATER_W, LOSS_W_PER_C, HEAT_WH_PER_C, OUTSIDE_C = 1500, 60, 50, 5.0


async def main(url: str, name: str, area: str) -> None:
    """Bid for every next interval; heat with what was bought."""
    room_c, prices, running = 20.0, deque([0.20, 0.30], maxlen=100), None
    password = os.environ["PARTY_PASSWORD"]  # an argument is seen by all who list processes
    async with Party(name, url=url, password=password, area=area) as me:
        hours = (await me.terms("power")).interval / 3.6e12
        async for session in me.sessions("power"):
            if (cleared := me.clearing("power")) is not None and cleared.price is not None:
                prices.append(float(cleared.price))
            mean, spread = statistics.mean(prices), statistics.pstdev(prices)
            bid = mean + (WANTED_C - room_c) * RAMP * spread / BAND_C
            try:
                await me.consume("power", HEATER_W, at_most=max(bid, 0.0))
            except Refused as refused:
                print(refused, flush=True)
            if running is not None:  # its gate is closed: what it bought is what it heats with
                bought = await me.position("power", running)
                loss_w = LOSS_W_PER_C * (room_c - OUTSIDE_C)
                room_c += (float(bought.at(running.start)) - loss_w) * hours / HEAT_WH_PER_C
            running = session.interval
            print(f"{room_c:.3f} C, bid {bid:.4f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
