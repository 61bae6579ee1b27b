"""A world without clock or sockets, and hands to turn its registers with."""

import pytest

from drivers.simulated.settings import parse_settings
from drivers.simulated.world import World
from gateway.model.time import parse_rfc3339, seconds

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CALM = {"solar_w": 6000, "load_w": 500, "meter_noise_w": 0, "temperature_c": 21.2}


class Hands:
    """A world at noon; ``wait`` lets time pass, ``write`` sets raw words by point name."""

    def __init__(self, **settings):
        self.world = World(parse_settings(CALM | settings), NOON)
        self.now = NOON

    def wait(self, span_s):
        self.now += seconds(span_s)
        self.world.advance(self.now)
        return self

    def write(self, device, **words):
        box = getattr(self.world, device)
        for name, word in words.items():
            model, point = name.removeprefix("m").split("_", 1)
            box.write(box.bank.address(f"{model}.{point}"), [word & 0xFFFF])

    def get(self, device, point):
        box = getattr(self.world, device)
        box.read(40_000, 2)
        return box.bank.get(point)

    def truth(self, name):
        return self.world.truth()[name]


@pytest.fixture
def hands():
    return Hands
