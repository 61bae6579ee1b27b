"""A day of looks at a house: what is the wrong way round is named, a right house never is."""

import math
import random
from dataclasses import replace
from functools import cache

import pytest

from gateway.metering.polarity import ENOUGH, Evidence, Kind, Look, Phase, observe, verdict

HOUR_S = 3600


@cache
def day(seed=1, **house):
    """The looks of ``lived``, made once."""
    return tuple(lived(seed, **house))


def lived(seed, *, hidden_w=0.0, battery=True, sun=True, hours=range(24)):
    """A look twice a minute: an uneven load, clouds, a battery that follows or charges."""
    dice = random.Random(seed)
    into = out = 1_000_000.0
    cloud, cloudy = 1.0, 0
    for step in range(120 * 24):
        hour = step / 120
        if cloudy <= 0:
            cloud, cloudy = dice.choice([1.0, 1.0, 0.5, 0.2]), dice.randint(3, 40)
        cloudy -= 1
        height = max(0.0, math.sin((hour - 6) / 12 * math.pi))
        roof, hidden = -6000 * height * cloud, -hidden_w * height * cloud
        loads = [200 + 100 * math.sin(step / 37), 150 + 150 * (step % 90 < 20), 180.0]
        loads[dice.randint(0, 2)] += 2000 * (dice.random() < 0.05)
        load = sum(loads)
        store = 0.0
        if battery and 2 <= hour < 3:
            store = 3000.0
        elif battery and hour >= 17:
            store = -min(1500.0, max(0.0, load + roof)) * 0.9
        elif battery and 10 <= hour < 13:
            store = max(0.0, min(2500.0, -roof - load))
        meter = load + roof + hidden + store
        into += max(0.0, meter) / 120
        out += max(0.0, -meter) / 120
        shares = [one + (roof + hidden + store) / 3 for one in loads]
        if int(hour) in hours:
            yield Look(
                at_s=30.0 * step,
                meter_w=meter + dice.gauss(0, 5),
                sources={"roof": roof + dice.gauss(0, 5) * (height > 0)} if sun else {},
                stores={"battery": store} if battery else {},
                phases={
                    name: Phase(w=w, va=abs(w) / 0.97)
                    for name, w in zip("ABC", shares, strict=True)
                },
                in_wh=float(int(into)),
                out_wh=float(int(out)),
            )


def judged(looks):
    """Verdicts in the order they came, each once."""
    evidence, told = Evidence(), []
    for look in looks:
        evidence = observe(evidence, look)
        found = verdict(evidence)
        if found is not None and (not told or told[-1].suspect != found.suspect):
            told.append(found)
    return told


def turned(look, letters="ABC"):
    """The meter with the transformers of these phases the wrong way round."""
    phases = {
        name: replace(one, w=-one.w) if name in letters else one
        for name, one in look.phases.items()
    }
    if letters == "ABC":
        back = {"in_wh": look.out_wh, "out_wh": look.in_wh}
        return replace(look, meter_w=-look.meter_w, phases=phases, **back)
    return replace(look, meter_w=sum(one.w for one in phases.values()), phases=phases)


def unsigned(look):
    """W alone the other way round: a wrong sign in the configuration."""
    return replace(turned(look), in_wh=look.in_wh, out_wh=look.out_wh)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("battery", [True, False])
def test_a_right_house_is_never_suspected(seed, battery):
    assert judged(day(seed, battery=battery)) == []


@pytest.mark.parametrize("battery", [True, False])
def test_a_meter_that_is_turned_is_named_and_its_counters_agree_with_it(battery):
    (found,) = judged(map(turned, day(battery=battery)))
    assert found.suspect.kind is Kind.METER
    assert not found.counters
    assert found.votes >= ENOUGH


def test_a_wrong_sign_in_the_configuration_contradicts_the_counters_as_well():
    found = judged(map(unsigned, day()))[-1]
    assert found.suspect.kind is Kind.METER
    assert found.counters


def test_counters_that_move_against_a_right_power_are_blamed_alone():
    def crossed(look):
        return replace(look, in_wh=look.out_wh, out_wh=look.in_wh)

    (found,) = judged(map(crossed, day()))
    assert found.suspect.kind is Kind.COUNTERS


def test_a_battery_with_the_wrong_sign_is_named():
    def wrong(look):
        return replace(look, stores={name: -w for name, w in look.stores.items()})

    (found,) = judged(map(wrong, day()))
    assert (found.suspect.kind, found.suspect.device) == (Kind.STORE, "battery")


@pytest.mark.parametrize("letters", ["A", "B", "AC"])
def test_a_transformer_that_is_turned_on_one_phase_or_two_is_named(letters):
    found = judged(turned(look, letters) for look in day())[-1]
    assert (found.suspect.kind, found.suspect.phases) == (Kind.PHASES, letters)
    assert not found.swapped


def test_transformers_on_each_others_phase_are_told_from_turned_ones():
    def swapped(look):
        """Current of A with the voltage of B and the other way round: cos 120 degrees."""
        a, b = look.phases["A"].w, look.phases["B"].w
        crossed = {
            **look.phases,
            "A": Phase(w=-0.5 * b, va=abs(b)),
            "B": Phase(w=-0.5 * a, va=abs(a)),
        }
        total = sum(one.w for one in crossed.values())
        return replace(look, phases=crossed, meter_w=total)

    found = judged(map(swapped, day()))[-1]
    assert found.suspect.phases == "AB"
    assert found.swapped


def test_a_roof_nobody_told_us_of_makes_no_meter_wrong():
    assert judged(day(hidden_w=3000, battery=False)) == []
    assert judged(day(hidden_w=3000, battery=False, sun=False)) == []


def test_a_house_without_known_sources_is_judged_after_a_day_only():
    looks = [turned(look) for look in day(battery=False, sun=False)]
    assert judged(looks[: len(looks) // 2]) == []
    later = [replace(look, at_s=look.at_s + 24 * HOUR_S) for look in looks]
    night = [look for look in [*looks, *later] if look.meter_w < 0]
    (found,) = judged(night)
    assert found.suspect.kind is Kind.METER


def test_a_step_of_the_sun_tells_by_day_what_the_loads_cannot():
    hours = range(8, 17)
    later = [
        replace(look, at_s=look.at_s + 24 * HOUR_S) for look in day(2, battery=False, hours=hours)
    ]
    looks = [*day(battery=False, hours=hours), *later]
    (found,) = judged(map(turned, looks))
    assert found.suspect.kind is Kind.METER
    assert judged(looks) == []


def still(number, meter_w, battery_w=0.0):
    """A look at a dark house."""
    return Look(
        at_s=30.0 * number, meter_w=meter_w, sources={"roof": 0.0}, stores={"battery": battery_w}
    )


def test_what_was_mended_is_believed_again_however_long_it_was_wrong():
    evidence = Evidence()
    for number in range(5000):
        evidence = observe(evidence, still(number, -400.0))
    assert verdict(evidence) is not None
    for number in range(5000, 5100):
        evidence = observe(evidence, still(number, 400.0))
    assert verdict(evidence) is None


def test_single_odd_looks_among_silent_ones_say_nothing():
    looks = [still(number, -400.0 if number % 2 else 0.0) for number in range(500)]
    assert judged(looks) == []


def test_a_meter_that_contradicts_itself_for_half_of_the_time_is_not_judged():
    looks = [still(number, -400.0 if number % 8 < 4 else 400.0) for number in range(500)]
    assert judged(looks) == []


def test_what_explains_a_charging_battery_but_not_a_resting_one_is_no_explanation():
    charging = [still(number, -5300.0, 5000.0) for number in range(60)]
    assert judged(charging) == []
    (found,) = judged([*charging, *(still(number, -300.0) for number in range(60, 400))])
    assert found.suspect.kind is Kind.METER


def test_a_battery_behind_its_inverter_that_is_charged_from_the_grid_is_no_wrong_sign():
    night = [
        Look(at_s=30.0 * n, meter_w=3300.0, sources={"hybrid": 3000.0}, stores={"battery": 2900.0})
        for n in range(10 * ENOUGH)
    ]
    assert judged(night) == []
