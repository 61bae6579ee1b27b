"""The service as installed: systemd accepts and confines it; an upgrade keeps the owner's."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.config import load
from gateway.model.site import ControlMode

pytestmark = pytest.mark.integration

SYSTEMD = Path(__file__).parents[2] / "systemd"
INSTALLED = "/opt/gridtender/bin"
WHEEL = {
    "gridtender_stub.py": "def main():\n    print('stub')\n",
    "gridtender-{version}.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: gridtender\nVersion: {version}\n"
    ),
    "gridtender-{version}.dist-info/WHEEL": (
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "gridtender-{version}.dist-info/entry_points.txt": (
        "[console_scripts]\ngridtender = gridtender_stub:main\n"
    ),
    "gridtender-{version}.dist-info/RECORD": "",
}


def run(*command, **options):
    return subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True, **options
    )


needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@pytest.fixture
def unit(tmp_path):
    """The unit with its paths pointed at the environment the tests run in."""
    text = (SYSTEMD / "gridtender.service").read_text()
    here = Path(sys.executable).parent
    assert text.count(INSTALLED) == 2
    path = tmp_path / "gridtender.service"
    path.write_text(text.replace(INSTALLED, str(here)))
    return path


@needs_systemd
def test_systemd_finds_nothing_to_complain_about(unit):
    verdict = run("systemd-analyze", "verify", unit)

    assert (verdict.returncode, verdict.stderr) == (0, "")


@needs_systemd
def test_the_service_is_confined_to_an_exposure_of_two_at_most(unit):
    verdict = run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "NotifyAccess=main",
        "User=gridtender",
        "WatchdogSec=30",
        "TimeoutAbortSec=5",
        "Restart=always",
        "RestartSec=5",
        "StartLimitIntervalSec=0",
        "ExecStart=/opt/gridtender/bin/gridtender run --config /etc/gridtender/gridtender.yaml",
        (
            "ExecStopPost=/opt/gridtender/bin/gridtender release"
            " --config /etc/gridtender/gridtender.yaml"
        ),
        "ExecReload=/bin/sh -c 'kill -HUP $MAINPID'",
        "TimeoutStopSec=20",
        "KillMode=mixed",
        "LoadCredential=mqtt-password:/etc/gridtender/mqtt-password",
        "DeviceAllow=char-ttyUSB rw",
        "DeviceAllow=char-ttyACM rw",
        "DeviceAllow=char-ttyAMA rw",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
    ],
)
def test_the_unit_promises_what_the_documents_say(line):
    assert line in (SYSTEMD / "gridtender.service").read_text().splitlines()


def test_serial_devices_are_not_hidden():
    lines = (SYSTEMD / "gridtender.service").read_text().splitlines()

    assert not any(line.startswith("PrivateDevices=") for line in lines)


@needs_systemd
def test_the_user_may_use_serial_lines_and_nothing_else(tmp_path):
    (tmp_path / "etc").mkdir()

    made = run("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "gridtender.sysusers.conf")

    assert made.returncode == 0, made.stderr
    user = (tmp_path / "etc/passwd").read_text()
    assert "gridtender" in user
    assert "nologin" in user
    groups = (tmp_path / "etc/group").read_text().splitlines()
    assert any(line.startswith("dialout:") and line.endswith(":gridtender") for line in groups)


def test_the_configuration_to_start_with_is_right_as_it_is_written(tmp_path):
    file = tmp_path / "gridtender.yaml"
    file.write_text((SYSTEMD / "gridtender.yaml").read_text().replace("@TIMEZONE@", "UTC"))

    loaded = load(file, {}, {"tcp"}, environ={"STATE_DIRECTORY": str(tmp_path)})

    assert loaded.problems == ()
    assert loaded.site.control is ControlMode.OBSERVE


def wheel(folder, version):
    path = folder / f"gridtender-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name.format(version=version), text.format(version=version))
    return path


def install(root, *arguments):
    environ = {**os.environ, "PIP_ARGS": "--no-index --no-deps", "PYTHON": sys.executable}
    return run(
        *("sh", SYSTEMD / "install.sh", "--root", root, "--no-systemctl", *arguments), env=environ
    )


def version(root):
    shown = run(root / "opt/gridtender/bin/python", "-m", "pip", "show", "gridtender")
    return next(line for line in shown.stdout.splitlines() if line.startswith("Version:"))


@pytest.mark.slow
def test_installed_upgraded_and_removed_it_keeps_what_is_the_owners(tmp_path):
    root = tmp_path / "root"
    config, state = root / "etc/gridtender", root / "var/lib/gridtender"

    first = install(root, wheel(tmp_path, "1.0"))
    assert first.returncode == 0, first.stderr
    assert run(root / "opt/gridtender/bin/gridtender").stdout == "stub\n"
    assert version(root) == "Version: 1.0"
    assert "control: observe" in (config / "gridtender.yaml").read_text()
    assert "@" not in (config / "gridtender.yaml").read_text()
    assert (config / "mqtt-password").read_bytes() == b""
    assert stat.S_IMODE((config / "mqtt-password").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert (root / "etc/systemd/system/gridtender.service").exists()
    assert (root / "etc/sysusers.d/gridtender.conf").exists()

    (config / "gridtender.yaml").write_text("area: mine\n")
    (config / "mqtt-password").write_text("hush")
    (state / "journal.db").write_text("rows")
    second = install(root, wheel(tmp_path, "2.0"))
    assert second.returncode == 0, second.stderr
    assert version(root) == "Version: 2.0"

    removed = install(root, "--uninstall")
    assert removed.returncode == 0, removed.stderr
    assert not (root / "opt/gridtender").exists()
    assert not (root / "etc/systemd/system/gridtender.service").exists()
    assert (config / "gridtender.yaml").read_text() == "area: mine\n"
    assert (config / "mqtt-password").read_text() == "hush"
    assert (state / "journal.db").read_text() == "rows"


@pytest.mark.slow
def test_an_image_runs_from_wherever_it_is_and_an_interrupted_switch_is_no_matter(tmp_path):
    """The blank in the path, too, is gone when the image has become the root."""
    root = tmp_path / "an image"
    (root / "opt").mkdir(parents=True)
    (root / "opt/gridtender.new").symlink_to("gridtender.a")
    (root / "opt/gridtender.a").mkdir()

    done = install(root, wheel(tmp_path, "1.0"))

    assert done.returncode == 0, done.stderr
    assert run(root / "opt/gridtender/bin/gridtender").stdout == "stub\n"
    assert not (root / "opt/gridtender/gridtender.a").is_symlink()
    moved = root.rename(tmp_path / "moved")
    assert run(moved / "opt/gridtender/bin/gridtender").stdout == "stub\n"


def test_a_folder_that_is_not_ours_is_neither_filled_nor_removed(tmp_path):
    theirs = tmp_path / "opt/gridtender/theirs"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("precious")

    refused = install(tmp_path, wheel(tmp_path, "1.0"))
    removed = install(tmp_path, "--uninstall")

    assert refused.returncode == 1
    assert "is not ours: move it away" in refused.stderr
    assert removed.returncode == 0
    assert theirs.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--purge"], "--purge and --leave-devices go with --uninstall"),
        (["--purse"], "unknown option --purse"),
        (["absent.whl"], "absent.whl: no such file"),
        (["a.whl", "b.whl"], "one wheel at most, found a.whl and b.whl"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_done(arguments, said, tmp_path):
    refused = install(tmp_path, *arguments)

    assert refused.returncode == 1
    assert said in refused.stderr
    assert list(tmp_path.iterdir()) == []
