"""A person writes into the calendar on a server, and the house obeys within one sync."""

import re

import pytest

from gateway.adapters.clock import WallClock
from gateway.model.time import HOUR, rfc3339
from tests.e2e.processes import until
from tests.radicale import PASSWORD, USER, radicale  # noqa: F401  a fixture

pytestmark = pytest.mark.e2e


def at(hours):
    return re.sub(r"[-:]|\.\d+", "", rfc3339(WallClock().now() + round(hours * HOUR)))


def configured(place, url):
    (place.folder / "word").write_text(f"{PASSWORD}\n")
    caldav = {"url": url, "user": USER, "password_file": "word", "every": "10s"}
    car = {"price_cap": 0.01, "limits": {"min_run": "0s", "min_rest": "0s"}}
    return place.write(devices={"heatpump": None, "car": car}, caldav=caldav)


async def test_a_wish_in_the_calendar_is_obeyed_edited_and_taken_back(place, radicale):  # noqa: F811
    await place.build(car_wh=20_000, solar_w=0)
    daemon = await place.run(configured(place, radicale.url))
    await until((place.state / "calendar.ics").exists, "the first sync", 30)
    await until(lambda: place.truth("car_w") == 0, "it waits", 30)
    radicale.write("trip", "car: 10 kWh now, at most 0.50", at(-0.1), at(9))
    await until(lambda: place.truth("car_w") > 4000, "the car charges", 40)

    radicale.stop()
    await daemon.says("calendar.unreachable", within_s=40)
    assert place.truth("car_w") > 4000
    radicale.start()
    await daemon.says("calendar.reached", within_s=40)

    radicale.write("trip", "car: 10 kWh now, at most 0.02", at(-0.1), at(9))
    await until(lambda: place.truth("car_w") == 0, "it is too dear", 40)
    radicale.write("trip", "car: 10 kWh now, at most 0.50", at(-0.1), at(9))
    await until(lambda: place.truth("car_w") > 4000, "the car charges again", 40)
    radicale.remove("trip")
    await until(lambda: place.truth("car_w") == 0, "nothing is wished any more", 40)
