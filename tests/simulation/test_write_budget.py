"""A write budget that runs out: money waits, limits do not; and what is counted."""

from gateway.model.setpoint import SetpointStatus, TakenWrite
from gateway.model.time import in_seconds, parse_rfc3339

SUNNY = {"load_w": 300, "temperature_c": 21.2, "solar_w": 4000}
NO_HEAT = {"heatpump": None}
TIGHT = {"per_day": 30, "volatile": False}


def spent(home, device):
    """The budget is gone before the test begins."""
    home.gateway.writes.note(device, (TakenWrite(address=1, count=1),) * 30)


def test_without_a_budget_left_a_battery_follows_a_changing_load_only_now_and_then(at_home):
    async def script(home, *, tight):
        await home.pass_time(40)
        if tight:
            spent(home, "battery")
        before = home.gateway.writes.of("battery").today
        for step in range(40):
            home.house.set_load(300 + 500 * (step % 2))
            await home.pass_time(5, step_s=1)
        told = [f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "battery"]
        return home.gateway.writes.of("battery").today - before, told[-1]

    house = {**SUNNY, "battery_soc_pct": 50}
    grid = {"import_limit_w": None}
    free = {**NO_HEAT, "battery": {"writes": {"per_day": 0, "volatile": False}}}
    many, _ = at_home(lambda h: script(h, tight=False), house, grid=grid, devices=free)
    tight = {**NO_HEAT, "battery": {"writes": TIGHT}}
    few, told = at_home(lambda h: script(h, tight=True), house, grid=grid, devices=tight)
    assert many > 35
    assert few <= 10  # renewals of its timer, which never wait
    assert (told.writes_per_day, told.writes_today > 30) == (30, True)
    assert "write budget" in told.because


def test_without_a_budget_left_an_export_limit_of_0_still_holds(at_home):
    async def script(home):
        await home.pass_time(41.3)
        spent(home, "roof")
        home.house.set_load(2300)
        await home.pass_time(20)
        start = home.clock.now()
        home.house.set_load(300)
        await home.pass_time(20)
        return home.back_within(start, lambda grid: grid >= -50)

    house = {**SUNNY, "solar_w": 6000, "battery_soc_pct": 100}
    devices = {**NO_HEAT, "roof": {"writes": TIGHT}}
    assert at_home(script, house, grid={"export_limit_w": 0}, devices=devices) <= 4.0


def test_a_limit_without_timer_that_stands_is_not_written_again(at_home):
    async def script(home):
        await home.pass_time(120, step_s=1)
        before = home.gateway.writes.of("roof")
        began = home.clock.now()
        await home.pass_time(600, step_s=1)
        told = [f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "roof"]
        hours = in_seconds(home.clock.now() - began) / 3600
        return (home.gateway.writes.of("roof").today - before.today) / hours, told

    house = {**SUNNY, "battery_soc_pct": 100, "solar_w": 6000}
    a_hour, _ = at_home(script, house, grid={"export_limit_w": 3000}, devices=NO_HEAT)
    # The lease alone was 120 an hour; what is left follows the meter's noise.
    assert a_hour < 60


def test_after_midnight_utc_the_published_count_begins_anew(at_home):
    async def script(home):
        await home.pass_time(40, step_s=1)
        spent(home, "battery")
        home.gateway.dispatcher.tell()
        await home.pass_time(120, step_s=1)
        told = [f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "battery"]
        late = parse_rfc3339("2026-06-22T00:00:00Z")
        return [f.writes_today for f in told if f.at < late], [
            f.writes_today for f in told if f.at >= late
        ]

    house = {**SUNNY, "solar_w": 0, "battery_soc_pct": 80}
    epoch = parse_rfc3339("2026-06-21T23:59:00Z")
    devices = {**NO_HEAT, "battery": {"writes": TIGHT}}
    before, after = at_home(script, house, epoch=epoch, devices=devices)
    assert before[-1] >= 30
    assert after
    assert max(after) < 10


def test_what_a_timer_ends_is_counted_apart(at_home):
    async def script(home):
        await home.pass_time(300, step_s=1)
        return home.gateway.writes.of("battery")

    count = at_home(script, {**SUNNY, "battery_soc_pct": 50}, devices=NO_HEAT)
    assert count.today <= 3
    assert count.volatile_today >= 9
