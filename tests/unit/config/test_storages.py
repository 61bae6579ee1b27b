"""How a storage is used, in the file and on the page of the check."""

import pytest

from gateway.config.storage_text import storage_texts
from gateway.model.device import Strategy

BATTERY = "{driver: modbus, connection: 'tcp://%s', role: storage, map: heat-pump.yaml%s}"


def devices(**more):
    lines = (f"  {name}: {BATTERY % (name, text)}\n" for name, text in more.items())
    return "devices:\n" + "".join(lines)


@pytest.mark.parametrize(
    ("text", "strategy", "told"),
    [
        ("", Strategy.PLAN, "plans ahead by tariff and history"),
        (", strategy: plan", Strategy.PLAN, "until then self-consumption"),
        (", strategy: self-consumption", Strategy.SELF_CONSUMPTION, "charges from surplus"),
    ],
)
def test_a_storage_plans_unless_the_owner_says_otherwise(loaded, text, strategy, told):
    site = loaded(devices(one=text)).site
    assert site.devices[0].device.strategy is strategy
    assert told in dict(storage_texts(site))["one"]


def test_two_that_plan_do_so_for_a_part_each(loaded):
    told = dict(storage_texts(loaded(devices(a="", b="", c=", tender: false")).site))
    assert told.keys() == {"a", "b"}
    assert all("for its part of the load" in text for text in told.values())
