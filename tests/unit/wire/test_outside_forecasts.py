"""What apps foresee on ``owner/forecast/WHAT``: taken as it is, or refused with a reason."""

import json

import pytest

from gateway.model.forecast import Foreseen, OutsideForecast, TakenBack
from gateway.model.time import HOUR, parse_rfc3339
from gateway.wire.forecast import parse_forecast

NOW = parse_rfc3339("2026-06-21T11:50:00Z")
START = parse_rfc3339("2026-06-21T12:00:00Z")
GOOD = {"v": 1, "start": "2026-06-21T12:00:00Z", "step": "PT1H", "mean_w": [3200, 2900.5]}


def said(**changes):
    return parse_forecast("sun", json.dumps({**GOOD, **changes}).encode(), NOW)


def test_a_series_is_taken_and_holds_for_a_day_where_it_does_not_say():
    assert said() == OutsideForecast(
        what=Foreseen.SUN, start=START, step=HOUR, mean_w=(3200, 2900.5), until=START + 24 * HOUR
    )


def test_quantiles_and_its_own_validity_are_taken():
    told = said(p10_w=[1000, 900], p90_w=[4000, 3900], valid_until="2026-06-21T15:00:00+02:00")
    assert (told.p10_w, told.p90_w) == ((1000, 900), (4000, 3900))
    assert told.until == START + HOUR


def test_nothing_at_all_takes_it_back():
    assert parse_forecast("load", b" ", NOW) == TakenBack(Foreseen.LOAD)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mean_w": []}, "mean_w has 0 values"),
        ({"mean_w": [1.0] * 1001}, "mean_w has 1001 values"),
        ({"mean_w": [-1.0]}, "from 0 to"),
        ({"mean_w": [10**400]}, "mean_w"),
        ({"mean_w": "3200"}, "mean_w"),
        ({"mean_w": [True]}, "mean_w.0"),
        ({"p10_w": [1.0]}, "one per step"),
        ({"p10_w": [2.0, 2.0], "p90_w": [1.0, 3.0]}, "p10_w is above p90_w"),
        ({"step": "PT1S"}, "step is PT1S"),
        ({"step": "P2D"}, "step is PT48H"),
        ({"step": "hourly"}, "is not an ISO 8601 duration"),
        ({"start": "2026-06-21T12:00:00"}, "offset"),
        ({"start": "8999-12-31T23:00:00Z"}, "more than 60 days away"),
        ({"valid_until": "9999-12-31T23:59:59-14:00"}, "not in the years 1000 to 9000"),
        ({"start": "2026-06-19T12:00:00Z"}, "past"),
        ({"valid_until": "2026-06-21T11:00:00Z"}, "past"),
        ({"start": "2026-06-21T08:00:00Z"}, "its last step is over"),
        ({"v": 2}, "v"),
    ],
)
def test_what_is_no_forecast_is_refused_with_a_reason(changes, reason):
    told = said(**changes)
    assert isinstance(told, str)
    assert reason in told


@pytest.mark.parametrize("payload", [b"{", b"[]", b"null", b"\xff", b'{"v":1}', b"3200"])
def test_what_is_no_document_is_refused(payload):
    assert isinstance(parse_forecast("sun", payload, NOW), str)


def test_nothing_else_is_foreseen():
    assert "load or sun" in parse_forecast("rain", b"{}", NOW)
