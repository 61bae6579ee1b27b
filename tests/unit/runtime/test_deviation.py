"""When the market is asked again before its next gate."""

from gateway.model.site import DispatchSettings, GridLimits
from gateway.model.time import SECOND, Instant
from gateway.runtime.deviation import DeviationWatch

START = Instant(1_000 * SECOND)


def watch(**limits):
    return DeviationWatch(limits=GridLimits(**limits), settings=DispatchSettings())


def calls(watched, meter_w, position_w, seconds):
    """The seconds at which an auction is called."""
    at = (Instant(START + s * SECOND) for s in range(seconds))
    return [s for s, now in enumerate(at) if watched.reason(meter_w, position_w, now)]


def test_a_broken_limit_calls_at_once_and_ever_rarer_while_it_stays_broken():
    assert calls(watch(import_w=5000.0), 5100.0, 5100.0, 30) == [0, 1, 3, 7, 15, 23]


def test_a_limit_mended_and_broken_again_calls_at_once():
    watched = watch(export_w=0.0)
    assert watched.reason(-100.0, 0.0, START).startswith("export 100 W above the limit of 0 W")
    assert watched.reason(0.0, 0.0, Instant(START + SECOND)) == ""
    assert watched.reason(-100.0, 0.0, Instant(START + 2 * SECOND))


def test_the_meters_noise_at_a_limit_is_no_breach():
    assert calls(watch(import_w=5000.0, export_w=0.0), 5015.0, 5015.0, 5) == []
    assert calls(watch(import_w=5000.0, export_w=0.0), -45.0, -45.0, 5) == []


def test_a_deviation_calls_when_it_outlasts_the_settle_time():
    assert calls(watch(), 300.0, 0.0, 4) == [3]


def test_a_deviation_that_goes_away_in_time_calls_nothing():
    watched = watch()
    assert calls(watched, 300.0, 0.0, 2) == []
    assert watched.reason(0.0, 0.0, Instant(START + 2 * SECOND)) == ""
    assert watched.reason(300.0, 0.0, Instant(START + 3 * SECOND)) == ""


def test_auctions_for_a_lasting_deviation_are_rationed():
    assert len(calls(watch(), 300.0, 0.0, 60)) <= 3 + 60 // 5


def test_after_an_auction_that_changed_nothing_a_deviation_rests():
    watched = watch()
    watched.rest_until(Instant(START + 10 * SECOND))
    assert calls(watched, 300.0, 0.0, 12) == [10]
