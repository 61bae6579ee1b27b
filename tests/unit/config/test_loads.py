"""Wishes, chargers and priorities in the file, and how the check tells them."""

import pytest

from gateway.adapters.calendar_programme import read_programme
from gateway.config.loads_text import load_texts
from gateway.model.wish import WishMode

CAR = "car: {driver: modbus, connection: 'tcp://c', role: ev, map: heat-pump.yaml"
PUMP = "pump: {driver: modbus, connection: 'tcp://p', role: heat, map: heat-pump.yaml"


def devices(*entries):
    return "devices:\n" + "".join(f"  {entry}}}\n" for entry in entries)


def told(site):
    return [text for _, text in load_texts(site)]


def test_a_car_has_its_least_power_and_does_not_flap(loaded):
    found = loaded(devices(f"{CAR}, charger: {{phases: 3, max_current: 20}}"))
    limits = found.site.devices[0].device.limits
    assert (limits.min_w, limits.max_w) == (4_140, 13_800)
    assert (limits.min_run, limits.min_rest) == (180 * 10**9, 60 * 10**9)
    assert "runs from 4140 W; at least 3min on and 1min off" in told(found.site)[0]


def test_what_the_owner_says_of_flapping_holds(loaded):
    found = loaded(devices(f"{CAR}, limits: {{min_run: 10s}}"))
    limits = found.site.devices[0].device.limits
    assert (limits.min_run, limits.min_rest) == (10 * 10**9, 0)


@pytest.mark.parametrize(
    "wish",
    ["'30 kWh by 07:00, at most 0.25'", "{energy: 30kWh, by: '07:00', price_cap: 0.25}"],
)
def test_a_wish_in_words_or_keys_is_told_in_words(loaded, wish):
    found = loaded(devices(f"{CAR}, price_cap: 0.3, wish: {wish}"))
    assert not found.problems
    assert found.site.devices[0].device.wish.mode is WishMode.CHEAPEST
    assert told(found.site) == [
        (
            "pays at most 0.3 EUR/kWh; runs from 1380 W; at least 3min on and 1min off; "
            "wish: every day 30 kWh, by 07:00, at most 0.25, when it costs least, at any price "
            "up to its cap once time is short"
        )
    ]


def test_what_it_gives_up_is_told_in_words_and_is_its_cap_where_none_is_given(loaded):
    found = loaded(devices(f"{PUMP}, gives_up_at: 0.6", f"{CAR}, price_cap: 0.3, gives_up_at: 0.3"))
    assert not found.problems
    assert [text.split("; ")[:2] for text in told(found.site)] == [
        [
            f"pays at most {price} EUR/kWh",
            f"gives up what it has bought where somebody pays {price} EUR/kWh",
        ]
        for price in ("0.6", "0.3")
    ]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            f"{CAR}, price_cap: 0.3, gives_up_at: 0.2",
            "found 0.2 with price_cap 0.3, allowed: at least price_cap",
        ),
        (
            f"{PUMP}, gives_up_at: 0.6, water: {{litres: 300}}",
            (
                "found 0.6 beside water, allowed: a load without programme, comfort and water: "
                "those know what their power is worth"
            ),
        ),
        (
            "roof: {driver: sunspec, connection: 'tcp://s', role: solar, gives_up_at: 0.6",
            "found a load's price on a device of role solar, allowed: ev, heat, load",
        ),
    ],
)
def test_what_could_not_give_up_is_refused(loaded, more, problem):
    (found,) = loaded(devices(more)).problems
    assert problem in str(found)


def test_a_priority_is_a_rank_and_the_check_says_where_it_ends(loaded):
    found = loaded(
        devices(f"{PUMP}, price_cap: 0.2, priority: before car", f"{CAR}, price_cap: 0.25")
    )
    pump, car = (one.device for one in found.site.devices)
    assert (pump.rank, car.rank) == (0, 1)
    assert told(found.site)[1] == (
        "goes before car at one price; above 0.2 EUR/kWh car goes first, since it pays up to 0.25"
    )


def test_ranks_follow_the_longest_row(loaded):
    rods = "rods: {driver: modbus, connection: 'tcp://r', role: load, map: heat-pump.yaml"
    found = loaded(
        devices(CAR, f"{PUMP}, priority: before rods and car", f"{rods}, priority: before car")
    )
    ranks = {one.device.id: one.device.rank for one in found.site.devices}
    assert ranks == {"pump": 0, "rods": 1, "car": 2}


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([f"{CAR}, wish: soon"], "devices.car.wish: found 'soon', allowed: an amount"),
        ([f"{CAR}, wish: {{energy: 30}}"], "found energy: 30, allowed: an energy such as 30kWh"),
        ([f"{CAR}, wish: 80 %"], "found a state of charge, allowed: an energy, or capacity_wh"),
        ([f"{PUMP}, charger: {{phases: 3}}"], "found a charger on a device of role heat"),
        ([f"{CAR}, charger: {{phases: 4}}"], "devices.car.charger.phases: found 4"),
        ([f"{CAR}, priority: high"], "found 'high', allowed: before and the ids of other loads"),
        ([f"{CAR}, priority: before boat", PUMP], "found before boat, allowed: pump"),
        ([f"{CAR}, priority: before car"], "found before car, which goes before car"),
        (
            [f"{CAR}, priority: before pump", f"{PUMP}, priority: before car"],
            "allowed: an order without a circle",
        ),
    ],
)
def test_mistakes_are_named(loaded, entries, told):
    problems = [str(problem) for problem in loaded(devices(*entries)).problems]
    assert any(told in problem for problem in problems), problems


MACHINE = "machine: {driver: modbus, connection: 'tcp://m', role: load, map: heat-pump.yaml"


def template(folder, *lines):
    body = "".join(f"{line}\r\n" for line in ("BEGIN:VTODO", "UID:wash", *lines, "END:VTODO"))
    (folder / "wash.ics").write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n")


def test_a_programme_is_read_from_its_template_and_told_in_words(loaded, tmp_path):
    template(tmp_path, "SUMMARY:Wash 2 kW", "DURATION:PT20M")
    machine = f"{MACHINE}, programme: wash.ics, wish: {{start: '14:00'}}"
    found = loaded(devices(machine), programmes=read_programme)
    assert not found.problems
    assert str(found.site.devices[0].device.programme) == "2000 W for 20min"
    assert told(found.site)[0].endswith(
        "draws 2000 W for 20min once it has begun; wish: every day start at 14:00, at any price "
        "up to its cap"
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("programme: wash.ics", "found interval 'wash' has DTSTART; a template has lengths alone"),
        ("programme: none.ics", "none.ics: devices.machine.programme: found no readable file"),
        ("programme: wash.txt", "found 'wash.txt', allowed: stretches such as 2000 W for 20min"),
        ("wish: {start: '14:00'}", "found a start, allowed: a start beside the programme"),
        ("programme: 9 W for 1min, wish: start", "found start now, allowed: a time of every day"),
    ],
)
def test_a_template_or_a_start_that_cannot_be_is_a_problem(loaded, tmp_path, more, why):
    template(tmp_path, "DTSTART:20260101T000000Z")
    more = more.replace("9 W for 1min", "'9 W for 1min'")
    found = loaded(devices(f"{MACHINE}, {more}"), programmes=read_programme)
    assert why in "\n".join(map(str, found.problems))


def boiler(more):
    told = f"{{driver: modbus, map: heat-pump.yaml, connection: 'tcp://b', {more}}}"
    return f"devices: {{boiler: {told}}}\n"


def test_hot_water_is_told_in_litres_and_heat(loaded):
    found = loaded(boiler("role: heat, water: {litres: 300, cop: 3, rise: 60}"))
    assert not found.problems
    assert told(found.site) == [
        (
            "pays any price; keeps 300 l of water at 45 to 60 C, 5.2 kWh of heat between them; "
            "at 60 C once in 7d"
        )
    ]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("role: load, water: {litres: 300}", "found water of role load, allowed: role heat"),
        (
            "role: heat, water: {litres: 300}, comfort: {wish: 20, low: 19, high: 21}",
            "found water beside a comfort",
        ),
        ("role: heat, water: {litres: 300, low: 60}", "found low 60, high 60, allowed: low below"),
        ("role: heat, water: {litres: 300, rise: 70}", "water.rise: found 70, allowed: above low"),
        (
            "role: heat, water: {litres: 0}",
            "water.litres: found 0, allowed: a number in l, above 0",
        ),
        ("role: heat, water: {litres: 9, sensor: nix}", "water.sensor: found nix, allowed: a dev"),
    ],
)
def test_water_that_cannot_be_is_a_problem(loaded, more, why):
    assert why in "\n".join(map(str, loaded(boiler(more)).problems))
