"""The wheel, installed away from the checkout, has all that the program needs."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.e2e.wheels import CHECKOUT, environment, surroundings

pytestmark = pytest.mark.e2e

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
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel in it."""
    return environment(tmp_path_factory.mktemp("installed"), wheel)


@pytest.fixture
def gridtender(installed, tmp_path):
    """Run the installed command in a folder that is not the checkout."""
    kept = surroundings()

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
