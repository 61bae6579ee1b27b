"""What the file says and what it leaves out become one frozen site."""

from dataclasses import replace

import pytest

from gateway.config import exit_code
from gateway.model.device import Fallback, Limits, Role
from gateway.model.site import (
    BrokerSettings,
    ControlMode,
    DispatchSettings,
    FixedPrice,
    GridLimits,
    JournalSettings,
    LogSettings,
    PriceTable,
    Tariff,
    TopicPrice,
)
from gateway.model.tender import Party
from gateway.model.time import MILLISECOND, SECOND, parse_duration, parse_rfc3339

DEVICE = "{driver: sunspec, connection: 'tcp://h?unit=%d', role: %s%s}"


def only(result):
    """The only device of a faultless file."""
    assert [str(problem) for problem in result.problems] == []
    (settings,) = result.site.devices
    return settings


def one(role, keys="", *, grid=""):
    """A file with one device and perhaps a grid section."""
    return f"devices:\n  it: {DEVICE % (1, role, keys)}\n{grid}\n"


def test_file_with_the_area_alone_gives_every_default(loaded):
    result = loaded("area: cabin\n")
    site = result.site

    assert exit_code(result) == 0
    assert site.area == "cabin"
    assert (site.timezone, site.currency) == ("UTC", "EUR")
    assert site.control is ControlMode.OBSERVE
    assert site.state_dir == "/home/ann/.local/state/gridtender"
    assert site.broker == BrokerSettings()
    assert site.devices == ()
    assert site.limits == GridLimits()
    assert site.tariff == Tariff()
    assert site.dispatch == DispatchSettings()
    assert site.journal == JournalSettings()
    assert site.parties == ()
    assert site.log == LogSettings()
    (product,) = site.products
    assert (product.id, product.resource, product.unit) == ("power", "POWER", "W")
    assert (product.interval, product.price_floor, product.price_cap) == (
        10 * SECOND, -10_000, 20_000,
    )  # fmt: skip


def test_every_key_of_a_device_arrives(loaded):
    settings = only(
        loaded(
            "devices:\n  it:\n    driver: sunspec\n    connection: tcp://Battery.lan?unit=7\n"
            "    role: storage\n    poll: 0ms\n    timeout: 300ms\n    no_timer: accept\n"
            "    fallback: {after: 5min, level: {limit_w: 250}}\n"
            "    limits: {max_w: 5e3, charge_w: 4000, discharge_w: 3000, min_soc_pct: 10,\n"
            "      max_soc_pct: 95.5, ramp_w_per_s: 100,\n"
            "      min_run: 1min, min_rest: 2min, dwell: 3s}\n"
            "    tender: false\n    price_cap: 0.4\n    marginal_cost: 0.01\n    wear: 0.02\n"
            "    round_trip: 0.9\n    capacity_wh: 10000\n    sign: export\n",
        ),
    )
    device = settings.device

    assert settings.settings == {"role": Role.STORAGE, "sign": "export"}
    assert (device.id, device.driver, device.role) == ("it", "sunspec", Role.STORAGE)
    assert device.connection == "tcp://Battery.lan?unit=7"
    assert (device.line, device.unit) == ("tcp://battery.lan:502", 7)
    assert (device.poll, device.timeout) == (0, 300 * MILLISECOND)
    assert device.fallback == Fallback(after=parse_duration("5min"), level_w=250.0)
    assert device.limits == Limits(
        max_w=5000.0,
        charge_w=4000.0,
        discharge_w=3000.0,
        min_soc_pct=10.0,
        max_soc_pct=95.5,
        ramp_w_per_s=100.0,
        min_run=parse_duration("1min"),
        min_rest=parse_duration("2min"),
        dwell=parse_duration("3s"),
    )
    assert (device.no_timer, device.tender) == (True, False)
    assert (device.price_cap, device.marginal_cost, device.wear) == (0.4, 0.01, 0.02)
    assert (device.round_trip, device.capacity_wh) == (0.9, 10_000.0)


def test_every_other_key_arrives(loaded, tmp_path):
    (tmp_path / "pw").write_text("secret")
    site = loaded(
        "area: home\ntimezone: Europe/Amsterdam\ncurrency: NOK\ncontrol: advise\nstate_dir: state\n"
        "broker: {url: 'mqtt://h:1884', username: gate, password_file: pw}\n"
        "grid: {import_limit_w: 17000, export_limit_w: 0, import_price: {topic: t/in},\n"
        "  export_price: -0.05}\n"
        "dispatch: {gate_lead: 1s, settle: 3s, deviation_w: 50}\n"
        "journal: {sync_window: 1s, syncs_per_minute: 6, keep: 7d}\n"
        "parties: {wallbox: {max_open_tenders: 5}, app: }\n"
        "log: {level: debug, format: json}\n"
        "products:\n  power: {interval: 5s, tick: 0.01, lot: 10, price_floor: -0.5,\n"
        "    price_cap: 1, price_rule: low, price_scale: -2, quantity_scale: 1}\n"
        "  water: {resource: WATER_FLOW}\n",
    ).site

    assert (site.timezone, site.currency) == ("Europe/Amsterdam", "NOK")
    assert site.control is ControlMode.ADVISE
    assert site.state_dir == "state"
    assert site.broker == BrokerSettings(url="mqtt://h:1884", username="gate", password_file="pw")
    assert site.limits == GridLimits(import_w=17_000.0, export_w=0.0)
    assert site.tariff == Tariff(
        import_price=TopicPrice(topic="t/in"), export_price=FixedPrice(value=-0.05)
    )
    assert site.dispatch == DispatchSettings(
        gate_lead=SECOND, settle=parse_duration("3s"), deviation_w=50.0
    )
    assert site.journal == JournalSettings(
        sync_window=SECOND, syncs_per_minute=6, keep=parse_duration("7d")
    )
    assert site.parties == (
        Party(id="wallbox", outside=True, max_open_tenders=5),
        Party(id="app", outside=True, max_open_tenders=1000),
    )
    assert site.log == LogSettings(level="debug", format="json")
    power, water = site.products
    assert (power.tick, power.lot, power.price_floor, power.price_cap) == (1, 1, -50, 100)
    assert (power.price_rule, power.currency, power.gate_lead) == ("low", "NOK", SECOND)
    assert (water.unit, water.price_unit, water.gate_lead) == ("l/min", "l/min*h", SECOND)


def test_sick_device_leaves_the_others_alone(loaded):
    result = loaded(
        f"devices:\n  a: {DEVICE % (1, 'solar', '')}\n  b: {DEVICE % (2, 'sola', '')}\n"
        f"  c: {DEVICE % (3, 'grid', '')}\n",
    )

    assert [settings.device.id for settings in result.site.devices] == ["a", "c"]
    assert result.refused == ("b",)
    assert exit_code(result) == 2


def test_sick_section_stops_the_site(loaded):
    result = loaded("grid: {import_limit_w: lots}\n")

    assert result.site is None
    assert exit_code(result) == 2


def test_sick_grid_meter_under_a_limit_stops_an_acting_site(loaded):
    text = "control: act\n" + one("grid", ", poll: 1", grid="grid: {export_limit_w: 0}")

    assert loaded(text).site is None
    assert loaded(text.replace("act", "observe")).site is not None


@pytest.mark.parametrize(
    ("role", "keys", "grid", "level_w"),
    [
        ("solar", "", "", None),
        ("solar", "", "grid: {export_limit_w: 5000}", 0.0),
        ("solar", ", limits: {max_w: 8000}", "grid: {export_limit_w: 5000}", 0.0),
        ("solar", ", limits: {max_w: 4000}", "grid: {export_limit_w: 5000}", None),
        ("solar", "", "grid: {import_limit_w: 17000}", None),
        ("solar", ", fallback: {after: 30s}", "grid: {export_limit_w: 0}", 0.0),
        ("solar", ", fallback: {level: own-rule}", "grid: {export_limit_w: 0}", None),
        ("solar", ", fallback: {level: {limit_w: 90}}", "", 90.0),
        ("storage", "", "", None),
        ("storage", "", "grid: {export_limit_w: 5000}", 0.0),
        ("storage", "", "grid: {import_limit_w: 17000}", 0.0),
        ("heat", "", "grid: {import_limit_w: 17000}", None),
    ],
)
def test_fallback_left_out_keeps_the_sites_limits(loaded, role, keys, grid, level_w):
    assert level_w == only(loaded(one(role, keys, grid=grid))).device.fallback.level_w


def test_two_roofs_that_break_the_limit_together_both_fall_to_zero(loaded):
    keys = ", limits: {max_w: 4000}"
    site = loaded(
        f"grid: {{export_limit_w: 5000}}\ndevices:\n  a: {DEVICE % (1, 'solar', keys)}\n"
        f"  b: {DEVICE % (2, 'solar', keys)}\n",
    ).site

    assert [settings.device.fallback.level_w for settings in site.devices] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("url", "line", "unit"),
    [
        ("tcp://192.168.1.20", "tcp://192.168.1.20:502", 1),
        ("tcp://192.168.1.20:1502/?unit=0", "tcp://192.168.1.20:1502", 0),
        ("TCP://Meter.LAN:502?unit=240", "tcp://meter.lan:502", 240),
        ("tcp://[fe80::1]:1502?unit=3", "tcp://[fe80::1]:1502", 3),
        ("tcp://h?transaction=any&unit=2", "tcp://h:502?transaction=any", 2),
        ("tcp://h?reconnect=1h", "tcp://h:502?reconnect=1h", 1),
        ("rtu+tcp://h?unit=3", "rtu+tcp://h:502", 3),
        ("tls://h?unit=1", "tls://h:802", 1),
        ("tls://h?key=/b&cert=/a&ca=/c%26d", "tls://h:802?ca=/c%26d&cert=/a&key=/b", 1),
        ("rtu:///dev/ttyUSB0?unit=3", "rtu:///dev/ttyUSB0", 3),
        ("rtu:///dev/ttyUSB0?baud=9600&parity=none&stopbits=1", "rtu:///dev/ttyUSB0", 1),
        (
            "rtu:///dev/x?stopbits=2&parity=even&baud=19200",
            "rtu:///dev/x?baud=19200&parity=even&stopbits=2",
            1,
        ),
        ("mem://roof", "mem://roof", 1),
        ("mem://roof?unit=4", "mem://roof", 4),
    ],
)
def test_devices_on_one_connection_share_the_line(loaded, url, line, unit):
    device = only(loaded(f"devices: {{a: {{driver: sunspec, connection: '{url}', role: load}}}}\n"))

    assert (line, unit) == (device.device.line, device.device.unit)


@pytest.mark.parametrize(
    "url",
    [
        "", "tcp://", "tcp://:502", "tcp://h:0", "tcp://h:x", "tcp://[::1", "tcp://h/path",
        "tcp://u:p@h", "tcp://h?unit=", "tcp://h?unit=-1", "tcp://h?unit=1&baud=9600",
        "tcp://h#1", "tcp://a b", "mem://", "http://h", "://h", "tcp://h?transaction=none",
        "tcp://h?reconnect=500ms", "tcp://h?reconnect=0s", "rtu+tcp://h?baud=9600", "tls://h?ca=c.pem",
        "tls://h?key=/k", "tls://h?name=a/b", "rtu://ttyUSB0", "rtu:///", "rtu:///dev/x?baud=300",
        "rtu:///dev/x?parity=N", "rtu:///dev/x?stopbits=1.5", "mem://roof?baud=9600",
    ],
)  # fmt: skip
def test_other_urls_are_refused(loaded, url):
    result = loaded(f"devices: {{a: {{driver: sunspec, connection: '{url}', role: load}}}}\n")

    assert [problem.path for problem in result.problems] == ["devices.a.connection"]


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("192.168.1.20", "did you mean 'tcp://192.168.1.20'?"),
        ("/dev/ttyUSB0", "did you mean 'rtu:///dev/ttyUSB0'?"),
        ("rtu://dev/ttyUSB0", "did you mean 'rtu:///dev/ttyUSB0', with three '/'?"),
        ("rtu:///dev/ttyUSB0?bauds=9600", "did you mean 'baud'?"),
    ],
)
def test_a_url_that_is_nearly_right_is_put_right(loaded, url, hint):
    result = loaded(f"devices: {{a: {{driver: sunspec, connection: '{url}', role: load}}}}\n")

    assert [problem.hint for problem in result.problems] == [hint]


def test_devices_on_one_port_agree_on_its_speed(loaded):
    device = "{driver: sunspec, connection: 'rtu:///dev/ttyUSB0?unit=%d%s', role: load}"
    text = f"devices:\n  a: {device % (1, '&baud=19200')}\n  b: {device % (2, '')}\n"

    (problem,) = loaded(text).problems

    assert problem.path == "devices.b.connection"
    assert "where a has other options" in problem.found


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/gridtender:/var/lib/x"}, "/var/lib/gridtender"),
        ({"XDG_STATE_HOME": "/state"}, "/state/gridtender"),
        ({"STATE_DIRECTORY": "/s", "XDG_STATE_HOME": "/x"}, "/s"),
    ],
)
def test_state_folder_follows_the_service_manager_then_the_desktop(loaded, environ, folder):
    assert folder == loaded("area: home\n", **environ).site.state_dir


def test_no_folder_for_the_state_is_a_problem(loaded):
    (problem,) = loaded("area: home\n", HOME="").problems

    assert problem.path == "state_dir"


@pytest.mark.parametrize(("content", "given"), [("secret", True), ("", False), (None, False)])
def test_credential_of_the_service_manager_is_used_unless_empty(loaded, tmp_path, content, given):
    file = tmp_path / "mqtt-password"
    if content is not None:
        file.write_text(content)

    broker = loaded("area: home\n", CREDENTIALS_DIRECTORY=str(tmp_path)).site.broker

    assert (str(file) if given else None) == broker.password_file


def test_price_table_is_read_beside_the_file_and_sorted(loaded, tmp_path):
    (tmp_path / "p.csv").write_text(
        "\ufefftime,import_price,export_price\r\n2026-06-21T15:00:00+02:00,0.3,0.1\r\n"
        "2026-06-21T12:00:00Z,0.2,-0.05\r\n\r\n",
        encoding="utf-8",
    )
    noon, one_pm = (parse_rfc3339(f"2026-06-21T{hour}:00:00Z") for hour in (12, 13))

    tariff = loaded("grid: {import_price: {csv: p.csv}, export_price: {csv: p.csv}}\n").site.tariff

    assert tariff.import_price == PriceTable(steps=((noon, 0.2), (one_pm, 0.3)))
    assert tariff.export_price == PriceTable(steps=((noon, -0.05), (one_pm, 0.1)))


def test_words_that_yaml_1_1_takes_for_something_else_stay_words(loaded):
    site = loaded("area: no\nparties: {on: {}, y: {}}\nbroker: {username: off}\n").site

    assert site.area == "no"
    assert [party.id for party in site.parties] == ["on", "y"]
    assert site.broker.username == "off"


def test_number_with_an_exponent_is_a_number(loaded):
    site = loaded("grid: {import_limit_w: 17e3}\nbroker: {listen: {port: 1e4}}\n").site

    assert site.limits.import_w == 17_000.0
    assert site.broker.listen_port == 10_000


def test_anchors_share_settings_between_devices(loaded):
    site = loaded(
        "devices:\n"
        "  a: {driver: sunspec, connection: 'tcp://a', role: solar, fallback: &f {after: 30s}}\n"
        "  b: {driver: sunspec, connection: 'tcp://b', role: load, fallback: *f}\n",
    ).site

    a, b = (settings.device for settings in site.devices)
    assert a.fallback == b.fallback == replace(Fallback(), after=parse_duration("30s"))


def test_positions_tell_what_the_file_gives(loaded):
    positions = loaded("area: home\nlog:\n  level: info\n").positions

    assert (positions["log", "level"].line, positions["log", "level"].column) == (3, 10)
    assert ("log", "format") not in positions


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("area: home\n", "There is no healthy device"),
        ("grid: {import_price: 0.1, export_price: 0.2}\n", "export_price is above import_price"),
        ("grid: {import_price: 3}\n", "import_price 3 is outside the prices of product power"),
        ("grid: {import_price: {topic: t}}\n", "import_price is unknown until the first message"),
        ("grid: {export_limit_w: 0}\n", "export_limit_w cannot be kept without a grid meter"),
        (one("solar"), "No device has role grid"),
        (
            one("solar", ", fallback: {level: own-rule}", grid="grid: {export_limit_w: 0}"),
            "it falls back to its own rule, which may break a limit",
        ),
        (one("storage", ", no_timer: accept"), "it may be driven without a timer of its own"),
    ],
)
def test_what_may_surprise_is_noted(loaded, text, start):
    result = loaded(text)

    assert result.problems == ()
    assert any(note.startswith(start) for note in result.notes)
