"""The service on a real systemd: a Debian that boots, with ``install.sh`` run in it.

One machine for all tests, in the order of this page.  The house is another service on it, and
what a device does is judged at its registers.  Nothing is skipped: what is missing fails.
"""

import contextlib
import json
import re
import shlex
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.adapters.clock import real_now
from gateway.model.time import SECOND, parse_rfc3339
from tests.e2e.debian_root import a_wheel, change, check_tools, wheelhouse
from tests.e2e.machine import a_machine, until
from tests.e2e.processes import BASE, create_tender

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

UNIT = "gridtender.service"
CONFIG = "/etc/gridtender/gridtender.yaml"
STATE = "/var/lib/gridtender"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/test.conf"
PORT = 1884
QUIET = {"load_w": 300, "temperature_c": 21.2, "solar_w": 6000, "battery_soc_pct": 100}
HOUSE = f"""\
[Service]
ExecStart=/opt/house/bin/python -m gateway.cli house --settings {shlex.quote(json.dumps(QUIET))}
StandardOutput=truncate:/srv/house.json
"""
# A line whose driver never gives the loop back once a file is there.
STUCK = """
import os, time
from gateway.model.errors import DeviceUnavailable

def open_line(url, clock):
    return Stuck()

class Stuck:
    async def read(self, unit, address, count, *, timeout, function=3):
        if os.path.exists("/run/gridtender/hang"):
            time.sleep(3600)
        raise DeviceUnavailable("nothing is there")

    async def write(self, unit, address, words, *, timeout, function=16):
        raise DeviceUnavailable("nothing is there")

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass
"""
ROWS = """
import json, pathlib, sys
from gateway.adapters.journal import read_journal
for row in read_journal(pathlib.Path(sys.argv[1])):
    print(json.dumps([row.seq, row.hash, row.kind, row.body]))
"""
WMAXLIMPCT, WMAXLIM_ENA = 3, 7  # of model 123


@dataclass
class Service:
    """The installed service, and the house it steers."""

    machine: object
    wheels: Path
    house: dict = field(default_factory=dict)

    # -- the house ------------------------------------------------------------------------

    def start_house(self):
        self.machine.file("/srv/house.json").unlink(missing_ok=True)
        self.machine.run("systemctl", "start", "house")
        self.house = json.loads(until(self._house_says, "the house serves"))

    def _house_says(self):
        file = self.machine.file("/srv/house.json")
        return file.exists() and file.read_text()

    def limit(self):
        """The roof's limit in % of its nameplate by its registers, or None if none is in force."""
        port = re.search(r":(\d+)\?", self.house["roof"]["connection"])[1]
        words = self.machine.models(port)[123]
        return words[WMAXLIMPCT] / 100 if words[WMAXLIM_ENA] else None

    def steers(self):
        """No watt leaves the house: the roof gives what the load of 300 W needs."""
        limit = self.limit()
        return limit is not None and 1 < limit < 10

    def is_let_go(self):
        """The roof is at its fall-back level, 0 W: what keeps the export limit by itself."""
        return self.limit() == 0

    # -- the service ----------------------------------------------------------------------

    def configure(self, **changes):
        """Write the configuration; whether it was another."""
        site = {
            "area": "home",
            "timezone": "UTC",
            "control": "act",
            "broker": {"listen": {"host": "127.0.0.1", "port": PORT}},
            "devices": self.house,
            "grid": {"import_limit_w": 17000, "export_limit_w": 0},
            "parties": {"neighbour": {}},
            **changes,
        }
        before, after = self.machine.file(CONFIG).read_text(), json.dumps(site)
        self.machine.write(CONFIG, after)
        return before != after

    def drop_in(self, text):
        self.machine.write(DROP_IN, text)
        self.machine.run("systemctl", "daemon-reload")

    def restart(self):
        self.machine.run("systemctl", "restart", UNIT)

    @property
    def pid(self):
        return int(self.machine.property(UNIT, "MainPID"))

    @property
    def is_active(self):
        return self.machine.property(UNIT, "ActiveState") == "active"

    def restarts(self):
        return int(self.machine.property(UNIT, "NRestarts"))

    def kill(self, signal, pid=None):
        self.machine.run("sh", "-c", f"kill -{signal} {self.pid if pid is None else pid}")

    def back_since(self, pid):
        """Whether it runs again, as another process."""
        return self.is_active and self.pid != pid

    def install(self, *arguments, check=True):
        script = self.machine.file("/srv/systemd/install.sh")
        assert script.exists()
        pip = "PIP_ARGS=--no-index --find-links /srv/wheels"
        command = ("sh", "/srv/systemd/install.sh", *arguments)
        return self.machine.run(*command, env=(pip,), check=check, within_s=180)

    def version(self):
        code = "from importlib.metadata import version; print(version('gridtender'))"
        return self.machine.run("/opt/gridtender/bin/python", "-c", code).out.strip()

    # -- what it remembers ----------------------------------------------------------------

    def rows(self, state=STATE):
        """The journal as it is on the disk, told by the installed program: [seq, hash, kind, body].

        Its chain of hashes is checked on the way.
        """
        told = self.machine.run("/opt/gridtender/bin/python", "-c", ROWS, f"{state}/journal.sqlite")
        return [json.loads(line) for line in told.out.splitlines()]

    def schema(self):
        """The version of the journal's tables."""
        file = self.machine.file(f"{STATE}/journal.sqlite")
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return database.execute("PRAGMA user_version").fetchone()[0]

    def retained(self, user, password, topic="#", port=PORT):
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-u", user, "-P", password]
        command += ["-t", f"{BASE}/{topic}", "--retained-only", "-W", "1", "-F", "%t %p"]
        lines = self.machine.run(*command, check=False).out.splitlines()
        pairs = (line.split(" ", 1) for line in lines)
        return {topic.removeprefix(f"{BASE}/"): json.loads(said) for topic, said in pairs if said}

    def publish(self, user, password, topic, payload, port=PORT):
        command = [
            "mosquitto_pub",
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-u",
            user,
            "-P",
            password,
            "-q",
            "1",
        ]
        self.machine.run(*command, "-t", f"{BASE}/{topic}", "-s", given=json.dumps(payload))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Installed by ``install.sh`` on a machine without a network, beside a house."""
    check_tools()
    wheels = wheelhouse()
    with a_machine() as machine:
        built = a_wheel(tmp_path_factory.mktemp("dist"))
        give(machine, wheels, built)
        found = Service(machine=machine, wheels=machine.file("/srv/wheels"))
        found.install(f"/srv/wheels/{built.name}")
        machine.run("cp", "--archive", "/opt/gridtender.a", "/opt/house")
        machine.write("/etc/systemd/system/house.service", HOUSE)
        machine.run("systemctl", "daemon-reload")
        found.start_house()
        yield found


def give(machine, wheels, built):
    machine.run("mkdir", "/srv/wheels", "/srv/systemd")
    for file in (*wheels.glob("*.whl"), built):
        machine.file(f"/srv/wheels/{file.name}").write_bytes(file.read_bytes())
    for file in (Path(__file__).parents[2] / "systemd").iterdir():
        machine.file(f"/srv/systemd/{file.name}").write_bytes(file.read_bytes())


@pytest.fixture
def steering(service):
    """As the owner left it: running as installed, the roof limited to what the house needs."""
    since = service.machine.cursor(UNIT)
    try:
        if service.machine.file(DROP_IN).exists():
            service.machine.file(DROP_IN).unlink()
            service.machine.run("systemctl", "daemon-reload")
        if service.configure() or not service.is_active:
            service.restart()
        until(service.steers, "the export limit is kept", 30)
        yield service
    finally:  # shown when the test fails
        print(service.machine.said(UNIT, since))


def test_a_fresh_installation_only_observes_and_starts_with_the_machine(service):
    text = service.machine.file(CONFIG).read_text()
    service.machine.run("systemctl", "start", UNIT)

    assert "control: observe" in text
    assert service.machine.run("systemctl", "is-enabled", UNIT).out == "enabled\n"
    assert service.is_active
    assert service.limit() is None


def test_it_is_active_when_it_is_ready_and_says_what_it_does(steering):
    found = steering.machine.properties(UNIT, "ActiveState", "Type", "StatusText")

    assert (found["ActiveState"], found["Type"]) == ("active", "notify")
    assert found["StatusText"].startswith("5 devices")
    assert "control act" in found["StatusText"]


def test_the_running_unit_is_exposed_to_two_at_most(steering):
    told = steering.machine.run("systemd-analyze", "security", UNIT, "--no-pager").out

    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", told)[1]) <= 2.0


def test_it_runs_as_its_own_user_without_any_capability(steering):
    status = steering.machine.run("cat", f"/proc/{steering.pid}/status").out
    found = dict(line.split(":\t", 1) for line in status.splitlines())
    uid = steering.machine.run("id", "--user", "gridtender").out.strip()

    assert set(found["Uid"].split()) == {uid}
    assert uid != "0"
    assert int(found["CapEff"], 16) == int(found["CapBnd"], 16) == 0
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")


def test_it_can_write_to_its_own_folders_only(steering):
    """Not even root could, where the service lives."""

    def touch(path):
        inside = ("nsenter", "--target", str(steering.pid), "--mount", "--", "touch", path)
        done = steering.machine.run(*inside, check=False)
        return "written" if done.code == 0 else done.err.rsplit(": ", 1)[1].strip()

    folders = ("/etc", "/etc/gridtender", "/opt/gridtender", "/usr", "/srv", "/var/log", "/boot")
    refused = {folder: touch(f"{folder}/x") for folder in folders}
    own = {folder: touch(f"{folder}/x") for folder in (STATE, "/run/gridtender")}

    assert refused == dict.fromkeys(folders, "Read-only file system")
    assert own == dict.fromkeys(own, "written")
    assert touch("/home/x") != "written"
    assert touch("/root/x") != "written"


def test_a_reload_applies_a_new_configuration_and_keeps_the_process(steering):
    pid, since = steering.pid, steering.machine.cursor(UNIT)
    steering.configure(grid={"import_limit_w": 17000, "export_limit_w": 0, "import_price": 0.6})
    steering.machine.run("systemctl", "reload", UNIT)

    until(lambda: "config.reloaded" in steering.machine.said(UNIT, since), "it is applied")
    assert steering.pid == pid


def test_a_reload_of_a_broken_configuration_changes_nothing_and_says_where(steering):
    pid, since = steering.pid, steering.machine.cursor(UNIT)
    steering.configure(timezone="Mars/Base")
    steering.machine.run("systemctl", "reload", UNIT)

    until(lambda: "Mars/Base" in steering.machine.said(UNIT, since), "the mistake is named")
    assert "config.kept" in steering.machine.said(UNIT, since)
    assert (steering.pid, steering.steers()) == (pid, True)


def test_the_journal_holds_its_lines_with_priorities_and_a_reload_said_why(steering):
    since = steering.machine.cursor(UNIT)
    steering.configure(timezone="Mars/Base")
    steering.machine.run("systemctl", "reload", UNIT)
    until(lambda: "config.kept" in steering.machine.said(UNIT, since), "it is refused")
    steering.configure()
    steering.machine.run("systemctl", "reload", UNIT)
    until(lambda: "config.reloaded" in steering.machine.said(UNIT, since), "it is applied")

    own = [
        entry
        for entry in steering.machine.journal(UNIT, f"--after-cursor={since}")
        if entry["SYSLOG_IDENTIFIER"] == "gridtender"
    ]
    priorities = {entry["MESSAGE"].split()[0]: entry["PRIORITY"] for entry in own}
    assert priorities["config.refused"] == "3"
    assert priorities["config.reloaded"] == "6"
    assert {entry["_PID"] for entry in own} == {str(steering.pid)}
    errors = str(steering.machine.journal(UNIT, "--priority=err"))
    assert "Mars/Base" in errors
    assert "config.reloaded" not in errors


def test_a_crash_lets_go_of_a_device_without_a_timer_before_the_restart(steering):
    pid, since, restarts = steering.pid, steering.machine.cursor(UNIT), steering.restarts()
    steering.kill("KILL")

    until(steering.is_let_go, "the roof is at its fall-back level", 5)
    assert "roof: at its fall-back level" in steering.machine.said(UNIT, since)
    until(lambda: steering.back_since(pid), "it runs again", 20)
    until(steering.steers, "the export limit is kept", 30)
    assert steering.restarts() == restarts + 1


def test_a_crash_loses_no_position_and_no_price(steering):
    steering.configure(products={"power": {"interval": "30s"}})
    steering.restart()
    password = steering.machine.file(f"{STATE}/credentials/neighbour").read_text().strip()

    def retained(topic):
        return steering.retained("neighbour", password, topic).get(topic, {})

    def session_with_time_left():
        found = retained("p/power/session")
        left = parse_rfc3339(found["sessionClose"]) - real_now() if found else 0
        return found if left > 5 * SECOND else None

    session = until(session_with_time_left, "a session", 30)
    tender = create_tender("neighbour", session, "one", {"price": 9000, "quantity": 700})
    steering.publish("neighbour", password, "u/neighbour/req/power/create-tender", tender)
    bought = until(lambda: position(retained), "the neighbour has bought", 60)
    assert [step["quantity"] for step in bought] == [700]
    before, clearing = steering.rows(), retained("p/power/clearing")
    pid = steering.pid
    steering.kill("KILL")
    until(lambda: steering.back_since(pid), "it runs again", 20)

    assert until(lambda: position(retained), "the position is told again", 10) == bought
    after = steering.rows()
    assert after[: len(before)] == before
    again = until(lambda: retained("p/power/clearing"), "the price is told again", 10)
    if again["sequence"] == clearing["sequence"]:
        assert again == clearing
    assert again["sequence"] >= clearing["sequence"]
    replayed = steering.machine.run(
        "/opt/gridtender/bin/gridtender", "replay", f"{STATE}/journal.sqlite"
    )
    assert replayed.code == 0, replayed.said


def position(retained):
    """What it has bought or sold, by interval."""
    steps = retained("u/neighbour/pos/power").get("steps", [])
    return [step for step in steps if step["quantity"]]


def test_the_watchdog_ends_a_process_that_is_stopped_and_its_devices_are_let_go(steering):
    steering.drop_in("[Service]\nWatchdogSec=3\nTimeoutAbortSec=2\n")
    steering.restart()
    until(steering.steers, "the export limit is kept", 30)
    pid, since = steering.pid, steering.machine.cursor(UNIT)
    steering.kill("STOP")

    until(steering.is_let_go, "the roof is at its fall-back level", 12)
    assert "atchdog timeout" in steering.machine.said(UNIT, since)
    until(lambda: steering.back_since(pid), "it runs again", 20)
    until(steering.steers, "the export limit is kept", 30)


def test_the_watchdog_ends_a_loop_that_hangs_and_the_log_says_where(steering):
    packages = steering.machine.run(
        *("/opt/gridtender/bin/python", "-c"),
        "import sysconfig; print(sysconfig.get_path('purelib'))",
    ).out.strip()
    folder = str(Path(packages).resolve()).replace("/opt/gridtender/", "/opt/gridtender.a/")
    steering.machine.write(f"{folder}/stuck.py", STUCK)
    points = f"{folder}/stuck-1.0.dist-info"
    steering.machine.write(f"{points}/METADATA", "Metadata-Version: 2.1\nName: stuck\nVersion: 1\n")
    steering.machine.write(
        f"{points}/entry_points.txt", "[gridtender.lines]\nstuck = stuck:open_line\n"
    )
    steering.drop_in("[Service]\nWatchdogSec=3\n")
    odd = {"driver": "sunspec", "role": "meter", "connection": "stuck://nowhere:1"}
    steering.configure(devices={**steering.house, "odd": odd})
    steering.restart()
    until(steering.steers, "the export limit is kept", 30)
    pid, since = steering.pid, steering.machine.cursor(UNIT)
    steering.machine.run("touch", "/run/gridtender/hang")

    until(steering.is_let_go, "the roof is at its fall-back level", 15)
    assert "atchdog timeout" in steering.machine.said(UNIT, since)
    assert "stuck.py" in steering.machine.said(UNIT, since)  # where it hung
    until(lambda: steering.back_since(pid), "it runs again", 20)


def test_a_state_folder_elsewhere_is_released_too(steering):
    elsewhere = "/srv/market"
    own = ("install", "--directory", "--owner=gridtender", "--mode=0700", elsewhere)
    steering.machine.run(*own)
    steering.drop_in(f"[Service]\nReadWritePaths={elsewhere}\n")
    steering.configure(state_dir=elsewhere)
    steering.restart()
    until(steering.steers, "the export limit is kept", 30)
    assert list(steering.machine.file(elsewhere).glob("arming/*.json"))
    steering.configure(state_dir=elsewhere, control="fly")  # and a mistake elsewhere in the file
    steering.kill("KILL")

    until(steering.is_let_go, "the roof is at its fall-back level", 5)


def test_a_stop_lets_go_and_a_start_takes_up_again(steering):
    since = steering.machine.cursor(UNIT)
    steering.machine.run("systemctl", "stop", UNIT)
    assert steering.is_let_go()
    assert steering.machine.property(UNIT, "Result") == "success"
    said = steering.machine.said(UNIT, since)
    assert "gateway.stopped" in said
    assert "broker.died" not in said  # it hears the last word
    assert "notification message from PID" not in said

    steering.machine.run("systemctl", "start", UNIT)
    until(steering.steers, "the export limit is kept", 30)


def test_the_distributions_broker_serves_with_the_printed_access_rules(steering):
    broker(steering)
    steering.configure(broker={"url": "mqtt://127.0.0.1:1883", "username": "gateway"})
    steering.machine.run("systemctl", "start", "mosquitto")
    steering.restart()
    until(steering.steers, "the export limit is kept", 30)

    def told(user):
        return steering.retained(user, user, port=1883)

    until(lambda: told("neighbour").get("status", {}).get("status") == "online", "it is online")
    steering.publish("neighbour", "neighbour", "status", {"status": "forged"}, 1883)
    steering.publish("neighbour", "neighbour", "d/roof/set", {"commanded": 0}, 1883)
    heard = told("neighbour")
    assert heard["status"]["status"] == "online"
    assert heard["d/roof/set"]["outcome"] in {"accepted", "effective"}
    assert not any(topic.startswith("u/") and "/neighbour/" not in topic for topic in heard)

    session = heard["p/power/session"]
    tender = create_tender("neighbour", session, "two", {"price": 9000, "quantity": 100})
    steering.publish("neighbour", "neighbour", "u/neighbour/req/power/create-tender", tender, 1883)
    until(
        lambda: any(kind == "submit" and '"t-two"' in body for *_, kind, body in steering.rows()),
        "the request is in the journal",
    )
    steering.machine.run("systemctl", "stop", "mosquitto")


def broker(steering):
    """The distribution's mosquitto, with what ``gridtender schema acl`` prints."""
    acl = steering.machine.run("/opt/gridtender/bin/gridtender", "schema", "acl", "--area", "home")
    steering.machine.write("/etc/mosquitto/gridtender.acl", acl.out)
    for user in ("gateway", "neighbour"):
        first = () if steering.machine.file("/etc/mosquitto/passwords").exists() else ("-c",)
        command = ("mosquitto_passwd", "-b", *first, "/etc/mosquitto/passwords", user, user)
        steering.machine.run(*command)
    steering.machine.write("/etc/gridtender/mqtt-password", "gateway\n")
    steering.machine.write(
        "/etc/mosquitto/conf.d/gridtender.conf",
        "listener 1883 127.0.0.1\nallow_anonymous false\n"
        "password_file /etc/mosquitto/passwords\nacl_file /etc/mosquitto/gridtender.acl\n",
    )
    for file in ("passwords", "gridtender.acl"):
        steering.machine.run("chown", "mosquitto:", f"/etc/mosquitto/{file}")


def test_it_starts_with_the_machine_before_network_house_and_broker_are_there(steering):
    broker(steering)
    steering.configure(broker={"url": "mqtt://127.0.0.1:1883", "username": "gateway"})
    steering.machine.reboot()

    until(lambda: steering.is_active, "it is active", 30)
    assert steering.machine.property("house.service", "ActiveState") == "inactive"
    assert steering.machine.property("mosquitto.service", "ActiveState") == "inactive"

    steering.machine.run("systemctl", "start", "mosquitto")
    until(lambda: steering.retained("neighbour", "neighbour", "status", 1883), "it is on MQTT", 40)
    steering.start_house()


def not_a_wheel(folder):
    (folder / "gridtender-8.0.0-py3-none-any.whl").write_bytes(b"half a downl")
    return folder / "gridtender-8.0.0-py3-none-any.whl"


def does_not_start(sources):
    change(sources / "gateway/cli/__init__.py", "import argparse\n", "raise ImportError\n")


def wants_another_configuration(sources):
    change(sources / "gateway/config/load.py", "return 2 if loaded.problems else 0", "return 2")


def add_migration(sources):
    file = sources / "gateway/adapters/journal_schema.py"
    steps = re.search(r"\nMIGRATIONS: [^\n]* = \((.*?)\)\n", file.read_text(), re.DOTALL)[1]
    change(file, re.escape(steps), f'{steps}, statements("CREATE TABLE newer (id INTEGER)")')


def dies_after_it_migrated(sources):
    add_migration(sources)
    change(sources / "gateway/app/daemon.py", r"await stop\.wait\(\)", "raise SystemExit(3)")


def offer(service, built):
    """The wheel's path on the machine."""
    service.machine.file(f"/srv/wheels/{built.name}").write_bytes(built.read_bytes())
    return f"/srv/wheels/{built.name}"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (not_a_wheel, "pip could not install"),
        (does_not_start, "the new program does not start"),
        (wants_another_configuration, f"does not take {CONFIG} as it is"),
    ],
)
def test_an_upgrade_that_cannot_be_leaves_the_old_one_running(steering, tmp_path, edit, said):
    pid, version = steering.pid, steering.version()
    built = edit(tmp_path) if edit is not_a_wheel else a_wheel(tmp_path, "8.0.0", edit)

    told = steering.install(offer(steering, built), check=False)

    assert told.code == 1
    assert said in told.err
    assert "nothing was changed" in told.err
    assert (steering.pid, steering.version()) == (pid, version)
    assert steering.steers()
    assert len(list(steering.machine.file("/opt").glob("gridtender.*"))) == 1


def test_an_upgrade_that_does_not_stay_up_goes_back_with_the_state_as_it_was(steering, tmp_path):
    version, before = steering.version(), steering.rows()
    schema = steering.schema()
    built = a_wheel(tmp_path, "9.0.0", dies_after_it_migrated)

    told = steering.install(offer(steering, built), check=False)

    assert told.code == 1
    assert "what was installed before runs on, with its state" in told.err
    assert steering.version() == version
    assert steering.schema() == schema
    assert steering.rows()[: len(before)] == before
    until(steering.steers, "the export limit is kept", 30)
    assert len(list(steering.machine.file("/opt").glob("gridtender.*"))) == 1
    assert not steering.machine.file(f"{STATE}.before").exists()


def test_an_upgrade_keeps_configuration_credentials_and_state_and_migrates(steering, tmp_path):
    before, schema = steering.rows(), steering.schema()
    kept = (CONFIG, "/etc/gridtender/mqtt-password", f"{STATE}/credentials/neighbour")
    owners = {path: steering.machine.file(path).read_bytes() for path in kept}
    steering.drop_in("[Service]\nMemoryMax=200M\n")
    built = a_wheel(tmp_path, "7.0.0", add_migration)

    told = steering.install(offer(steering, built))

    assert "up to date and running" in told.out
    assert steering.version() == "7.0.0"
    assert {path: steering.machine.file(path).read_bytes() for path in kept} == owners
    assert steering.machine.property(UNIT, "MemoryMax") == str(200 * 1024 * 1024)
    assert steering.schema() == schema + 1
    assert steering.rows()[: len(before)] == before
    until(steering.steers, "the export limit is kept", 30)
    assert not steering.machine.file(f"{STATE}.before").exists()


def test_without_its_devices_answering_it_is_stopped_but_not_removed(steering):
    house = int(steering.machine.property("house.service", "MainPID"))
    steering.kill("STOP", house)
    try:
        told = steering.install("--uninstall", check=False)
    finally:
        steering.kill("CONT", house)

    assert told.code == 1
    assert "roof: NOT released" in told.said
    assert "stopped, but not removed" in told.err
    assert not steering.is_active
    assert steering.machine.file("/opt/gridtender/bin").parent.is_symlink()


def test_removed_it_has_given_the_devices_back_and_left_what_is_the_owners(steering):
    steering.install("--uninstall")

    assert steering.limit() is None
    assert not list(steering.machine.file("/opt").glob("gridtender*"))
    assert steering.machine.property(UNIT, "LoadState") == "not-found"
    assert '"area": "home"' in steering.machine.file(CONFIG).read_text()
    assert steering.machine.file(f"{STATE}/journal.sqlite").exists()
    assert steering.machine.file(f"{STATE}/credentials/neighbour").exists()


def test_purged_nothing_of_it_is_left(service):
    service.install("--uninstall", "--purge")

    for path in ("/etc/gridtender", STATE, f"/etc/systemd/system/{UNIT}", f"{DROP_IN}/.."):
        assert not service.machine.file(path).exists()
    assert service.machine.run("id", "gridtender", check=False).code != 0
