"""A device that answers every write and keeps its old words."""

SUNNY = {"load_w": 300, "temperature_c": 21.2, "solar_w": 4000, "battery_soc_pct": 50}


def deaf(home, device):
    """It acknowledges what is written and takes nothing of it; returns when it was written to."""
    box, when = home.house._outlets[device]._box, []
    box.write = lambda _address, _words: when.append(home.clock.monotonic())
    return when


def test_a_device_that_takes_writes_and_keeps_nothing_is_not_written_to_at_every_poll(at_home):
    async def script(home):
        when = deaf(home, "battery")
        await home.pass_time(300)
        box = home.house._outlets["battery"]._box
        del box.write
        await home.pass_time(40)
        return when, home.house.truth()["battery_w"]

    when, follows_w = at_home(script, SUNNY, devices={"heatpump": None})
    # After 0, 1, 3, 7, 15, 31 s and then every 30 s; each turn is a few requests at one moment.
    assert 5 <= len(set(when)) <= 15
    assert follows_w > 3000
