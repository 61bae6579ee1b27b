"""The wheel, installed away from the checkout, has all that the program needs."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

CHECKOUT = Path(__file__).parents[2]
HEAT_PUMP = """\
area: home
timezone: Europe/Amsterdam
currency: EUR
devices:
  heat-pump:
    driver: modbus
    connection: tcp://192.168.1.30:502?unit=1
    role: heat
    map: heat-pump-demo.yaml
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The project's wheel, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel in it; the libraries are those of the test run."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    # Folders named in a .pth file are not searched for further .pth files: no editable install.
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


@pytest.fixture
def gridtender(installed, tmp_path):
    """Run the installed command in a folder that is not the checkout."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

    def run(*arguments, program="gridtender"):
        command = [installed / "bin" / program, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=kept, check=False, capture_output=True, text=True, timeout=60
        )

    return run


def data(installed):
    (folder,) = installed.glob("lib/python*/site-packages/gateway/_data")
    return folder


def test_wheel_holds_both_packages_and_the_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}
    assert tops == {"gateway", "drivers", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    shipped = {
        f"gateway/_data/{folder}/{path.relative_to(CHECKOUT / folder).as_posix()}"
        for folder in ("config", "systemd")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file()
    }
    assert shipped <= set(names)
    assert {"gateway/py.typed", "drivers/py.typed"} <= set(names)


def test_installed_program_is_the_wheel_and_not_the_checkout(gridtender, installed):
    code = "import gateway.cli, drivers.sunspec; print(gateway.cli.__file__)"
    found = gridtender("-c", code, program="python").stdout.strip()

    assert Path(found).is_relative_to(installed)


def test_help_names_the_commands(gridtender):
    done = gridtender("--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert all(word in done.stdout for word in ("run", "demo", "check", "release", "replay"))


def test_shipped_example_is_explained(gridtender, installed):
    done = gridtender("check", data(installed) / "config" / "gridtender.yaml")

    assert (done.returncode, done.stderr) == (0, "")
    assert all(word in done.stdout for word in ("roof", "battery", "observe"))


def test_shipped_register_map_is_found_by_its_name(gridtender, tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text(HEAT_PUMP)

    done = gridtender("check", site)

    assert (done.returncode, done.stderr) == (0, "")
    assert "heat-pump" in done.stdout


def test_mistake_in_a_configuration_is_named_with_its_place(gridtender, tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text("area: home\ntimezone: Mars/Olympus\n")

    done = gridtender("check", site)

    assert done.returncode == 2
    assert "site.yaml:2:" in done.stdout + done.stderr


def test_demo_runs_from_the_wheel(gridtender):
    done = gridtender("demo", "--for", "8s", "--speed", "20", "--broker", "embedded")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "solar roof" in done.stdout
    assert "EUR/kWh" in done.stdout
