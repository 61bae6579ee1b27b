"""Opting out and availability as strangers say it: each wrong word gets its outcome."""

import json

import pytest

from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.standing import CancelOpt, CreateOpt, Opt, OptReason, SetAvailability
from gateway.model.time import SECOND, Duration, parse_rfc3339
from gateway.wire.border import Border
from gateway.wire.requests import Answer, parse

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
POWER_10S = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
BORDER = Border(area="home", products={"power": POWER_10S}, local=frozenset({"roof"}))
HEAD = {"requestId": "r-1", "partyId": "app"}
OPT = HEAD | {"optId": "o-1", "optType": "optOut", "optReason": "economic"}


def said(topic, payload, party="app"):
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return parse(f"rmf/1/home/u/{party}/{topic}", content, BORDER, NOW)


def refusal(found):
    assert isinstance(found, Answer), found
    return int(found.refused.code), found.message.topic.rpartition("/")[2]


def test_opting_out_says_why_where_and_how_long():
    asked = OPT | {"marketContext": "power", "until": "2026-06-22T00:00:00Z"}
    opt = Opt(
        id="o-1",
        reason=OptReason.ECONOMIC,
        product="power",
        until=parse_rfc3339("2026-06-22T00:00:00Z"),
    )
    wanted = CreateOpt(party="app", request_id="r-1", opt=opt)
    assert said("req/market/create-opt", asked) == wanted


def test_the_topic_says_who_speaks():
    bare = {"optId": "o-1", "optType": "optOut", "optReason": "economic"}
    opt = Opt(id="o-1", reason=OptReason.ECONOMIC)
    assert said("opt", bare) == CreateOpt(party="app", request_id="o-1", opt=opt)
    assert said("opt", b"") == CreateOpt(party="app", request_id="opt-in", opt=None)
    assert said("opt", b" \n") == CreateOpt(party="app", request_id="opt-in", opt=None)


@pytest.mark.parametrize(
    ("payload", "calendar"),
    [
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VCALENDAR\r\nEND:VCALENDAR"),
        (b'["vcalendar", [], []]', '["vcalendar",[],[]]'),
        (b'{"availability": ["vcalendar", [], []]}', '["vcalendar",[],[]]'),
        (b"", ""),
    ],
)
def test_a_calendar_comes_as_it_is(payload, calendar):
    wanted = SetAvailability(party="app", request_id="avail", calendar=calendar)
    assert said("avail", payload) == wanted


def test_an_opt_out_is_cancelled_by_its_id():
    wanted = CancelOpt(party="app", request_id="r-1", opt="o-1")
    assert said("req/market/cancel-opt", HEAD | {"optId": "o-1"}) == wanted


@pytest.mark.parametrize(
    ("topic", "payload", "code", "answer"),
    [
        ("req/market/create-opt", HEAD, 400, "created-opt"),
        ("req/market/create-opt", OPT | {"optType": "maybe"}, 400, "created-opt"),
        ("req/market/create-opt", OPT | {"optReason": "mood"}, 400, "created-opt"),
        ("req/market/create-opt", HEAD | {"optType": "optOut"}, 400, "created-opt"),
        ("req/market/create-opt", OPT | {"until": "tomorrow"}, 400, "created-opt"),
        ("req/market/create-opt", OPT | {"optId": "a b"}, 400, "created-opt"),
        ("req/market/create-opt", OPT | {"marketContext": "heat"}, 404, "created-opt"),
        ("req/market/create-opt", OPT | {"partyId": "bob"}, 403, "created-opt"),
        ("req/power/create-opt", OPT, 404, "created-opt"),
        ("req/market/create-opt", b"{", 400, "created-opt"),
        ("req/market/create-opt", b"", 400, "created-opt"),
        ("req/market/cancel-opt", HEAD, 400, "canceled-opt"),
        ("req/market/cancel-opt", HEAD | {"optId": 7}, 400, "canceled-opt"),
        ("req/market/cancel-opt", HEAD | {"partyId": "bob", "optId": "o"}, 403, "canceled-opt"),
        ("req/power/cancel-opt", HEAD | {"optId": "o"}, 404, "canceled-opt"),
        ("req/market/create-avail", HEAD, 400, "created-avail"),
        ("req/market/create-avail", HEAD | {"availability": 7}, 400, "created-avail"),
        ("req/market/create-avail", HEAD | {"availability": None}, 400, "created-avail"),
        ("opt", b"out", 400, "created-opt"),
        ("opt", b"[]", 400, "created-opt"),
        ("opt", b'{"optType": NaN}', 400, "created-opt"),
        ("opt", OPT | {"partyId": "bob"}, 403, "created-opt"),
        ("opt", b"\xff", 400, "created-opt"),
        ("avail", b"[" * 40, 400, "created-avail"),
        ("avail", b"[1," * 40 + b"1" + b"]" * 40, 400, "created-avail"),
        ("avail", b"x" * 70_000, 400, "created-avail"),
        ("avail", b"[" + b"1," * 40_000 + b"1]", 400, "created-avail"),
    ],
)
def test_each_wrong_word_is_answered(topic, payload, code, answer):
    assert refusal(said(topic, payload)) == (code, answer)


@pytest.mark.parametrize("topic", ["opt", "avail"])
def test_nobody_outside_speaks_for_a_device(topic):
    assert refusal(said(topic, b"", party="roof"))[0] == 403


def test_what_others_retain_for_us_is_told_from_what_was_for_then():
    topics = BORDER.topics
    assert topics.stands("rmf/1/home/u/app/opt")
    assert topics.stands("rmf/1/home/u/app/avail")
    assert not topics.stands("rmf/1/home/u/app/req/market/create-opt")
    assert not topics.stands("rmf/1/home/u/app/status")
