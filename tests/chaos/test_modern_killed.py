"""A killed and a hung daemon before devices by 704 and 715: nobody runs release."""

import signal

import pytest

from tests.e2e.processes import NO_EXPORT, NO_HEAT, until

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

EMBEDDED = {"kind": "embedded"}
AFTER_S = 10
SOON = {"fallback": {"after": f"{AFTER_S}s"}}
MARGIN_S = 3
MODERN = {"modern": True, "solar_w": 6000}


async def test_after_kill_9_roof_and_battery_reach_their_levels_by_their_own_timers(place):
    await place.build(**MODERN)
    devices = {**NO_HEAT, "roof": SOON, "battery": SOON}
    daemon = await place.run(place.write(broker=EMBEDDED, grid=NO_EXPORT, devices=devices))
    await until(lambda: place.truth("battery_w") > 4500, "the surplus charges the battery", 25)
    assert place.point("roof", "704.WMaxLimPctRvrtTms") == AFTER_S

    await daemon.kill()
    assert place.truth("roof_w") < -4000
    await until(
        lambda: place.truth("roof_w") > -1 and abs(place.truth("battery_w")) < 1,
        "both stand still",
        AFTER_S + MARGIN_S,
    )
    assert place.point("roof", "704.WMaxLimPct") == 0
    assert place.point("roof", "704.WMaxLimPctEna") == 1
    assert place.point("battery", "704.WSetEna") == 1
    restored = await place.release("--restore")
    assert restored.code == 0, restored.out + restored.err
    assert place.point("roof", "704.WMaxLimPctEna") == 0
    assert place.point("battery", "704.WSetEna") == 0


async def test_a_hung_daemon_beats_no_longer_and_the_devices_stop_before_the_timer(place):
    await place.build(**MODERN, heartbeat_s=4.0)
    daemon = await place.run(place.write(broker=EMBEDDED, grid=NO_EXPORT, devices=NO_HEAT))
    await until(lambda: place.truth("battery_w") > 4500, "the surplus charges the battery", 25)
    beat = place.point("roof", "715.ControllerHb")
    assert beat > 0

    daemon.send(signal.SIGSTOP)
    try:
        await until(
            lambda: place.truth("roof_w") > -1 and abs(place.truth("battery_w")) < 1,
            "both stand still",
            4 + 2 * MARGIN_S,
        )
    finally:
        daemon.send(signal.SIGCONT)
    await until(lambda: place.truth("battery_w") > 4500, "it goes on", 25)
    assert (await daemon.end())[0] == 0
