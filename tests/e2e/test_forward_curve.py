"""The forward curve on a real mosquitto: retained for who comes later, and after a crash."""

import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.clock import Scale, real_now
from gateway.adapters.history import HistoryFile
from gateway.model.time import MINUTE, Instant, parse_rfc3339
from gateway.ports.history import Entry
from tests.e2e.processes import NO_HEAT, free_port, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
LOAD_W, SPEED = 500.0, 10.0
POWER = {"resource": "POWER", "unit": "W"}
PRODUCTS = {
    "power": {**POWER, "interval": "1min"},
    "hourly": {**POWER, "interval": "1h", "forward": {"horizon": "24h", "every": "15min"}},
}


def remember(state, now):
    """Three days of the same load."""
    state.mkdir(mode=0o700, exist_ok=True)
    quarter = 15 * MINUTE
    now = Instant(now // quarter * quarter)
    HistoryFile(state).add([
        Entry(series=series, at=Instant(now - back * quarter), value=LOAD_W)
        for back in range(1, 3 * 96 + 1)
        for series in ("load", "residual")
    ])  # fmt: skip


async def test_it_is_there_for_who_comes_later_and_outlives_a_crash(place):
    now, port = real_now(), free_port()
    scale = Scale(epoch_real=now, epoch_sim=now, speed=SPEED)
    await place.build(scale=scale, solar_w=0, load_w=LOAD_W)
    remember(place.state, now)
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        devices=NO_HEAT,
        parties={"anna": {}},
        products=PRODUCTS,
    )
    options = ("--scale", f"{now},{now},{SPEED}")
    daemon = await place.run(config, options=options)
    word = (place.state / "credentials" / "anna").read_text().strip()

    async def curve(within_s):
        async with listening(port, "anna", word) as anna:
            found = lambda: anna.newest.get("p/hourly/forward")  # noqa: E731
            told, _ = await until(found, "a curve", within_s)
            return told

    first = await curve(40)
    assert len(first["intervals"]) >= 20
    assert await curve(5) == first  # retained
    await daemon.kill()
    await place.run(config, options=options)
    again = await curve(40)
    assert parse_rfc3339(again["at"]) >= parse_rfc3339(first["at"])
    assert len(again["intervals"]) >= 20
    hours = [one for one in place.transactions() if one.product == "hourly"]
    bought = {}
    for one in hours:
        if one.party == "must-run":
            bought[one.interval] = bought.get(one.interval, 0) + one.signed
    assert len(bought) >= 20
    assert all(w == pytest.approx(LOAD_W, abs=100) for w in bought.values())
