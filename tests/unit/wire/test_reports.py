"""The catalogue of what a device reports uses the words of OpenADR, and names what is there."""

import json
from dataclasses import replace

import pytest

from gateway.model.device import Capabilities, Control, Role
from gateway.model.resource import TEMPERATURE
from gateway.wire.mirror import Mirror
from gateway.wire.reports import reports
from scripts.mqtt_docs import FACTS, NOW, ROOF, SITE

REPORT_TYPES = {"demand", "usage", "level", "setPoint", "operatingState"}
READING_TYPES = {"Direct Read", "Summed", "Estimated", "x-notApplicable"}


def of(role, **told):
    device = replace(ROOF, role=role)
    return {(one["topic"], one["field"]): one for one in reports(device, Capabilities(**told))}


@pytest.mark.parametrize("role", list(Role))
def test_every_word_is_one_of_the_vocabulary(role):
    for one in of(role, control=Control.LIMIT, states=(TEMPERATURE,)).values():
        assert one["reportType"] in REPORT_TYPES
        assert one["readingType"] in READING_TYPES


def test_a_storage_reports_its_charge_a_source_what_it_could_give_and_nobody_what_he_has_not():
    assert ("reading", "soc_pct") in of(Role.STORAGE)
    assert ("reading", "soc_pct") not in of(Role.SOLAR)
    assert ("reading", "available_w") in of(Role.SOLAR)
    assert ("set", "commanded") not in of(Role.METER)
    warm = of(Role.METER, states=(TEMPERATURE,))[("reading", "flows.x-TEMPERATURE")]
    assert warm["itemBase"]["itemUnits"] == "celsius"


def test_each_field_that_is_named_stands_in_the_payload_of_its_topic():
    told = {}
    for fact in FACTS:
        for message in Mirror(SITE).messages(fact, NOW):
            if message.topic.startswith("rmf/1/home/d/roof/"):
                told[message.topic.rsplit("/", 1)[1]] = json.loads(message.payload)
    for one in told["desc"]["reports"]:
        found = told[one["topic"]]
        for key in one["field"].split("."):
            assert key in found, one
            found = found[key]
