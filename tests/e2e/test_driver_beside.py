"""A driver package from elsewhere: built, installed beside the wheel, tested and put to work."""

import asyncio
import json
import shutil
import subprocess

import pytest

from drivers.transport import RegisterMemory, serve_tcp
from tests.e2e.processes import free_port, until
from tests.e2e.wheels import CHECKOUT, build, environment, surroundings

pytestmark = pytest.mark.e2e

ROD_W = 1200
THERMOSTAT = 0xFFFF


class Heater(RegisterMemory):
    """An Acme H3 of the example: what it draws follows its rods."""

    def __init__(self):
        words = dict.fromkeys(range(22), 0)
        super().__init__({7: words | {0: 0xAC03, 2: 0x0203, 11: 525, 20: THERMOSTAT}})

    def write(self, unit, address, words):
        super().write(unit, address, words)
        here = self.units[7]
        here[10] = 0 if here[20] == THERMOSTAT else here[20] * ROD_W


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy of the example, so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("example") / "driver-acme"
    ignored = shutil.ignore_patterns("__pycache__", "dist")
    return shutil.copytree(CHECKOUT / "examples" / "driver-acme", folder, ignore=ignored)


@pytest.fixture(scope="module")
def installed(wheel, example, tmp_path_factory):
    """Both wheels in one environment."""
    driver = build(example, tmp_path_factory.mktemp("dist"))
    return environment(tmp_path_factory.mktemp("beside"), wheel, driver)


def site(folder, port, **own):
    heater = {"driver": "acme", "connection": f"tcp://127.0.0.1:{port}?unit=7", "role": "heat"}
    file = folder / "site.yaml"
    text = {
        "area": "home",
        "timezone": "UTC",
        "currency": "EUR",
        "control": "act",
        "state_dir": str(folder / "state"),
        "broker": {"kind": "embedded", "listen": {"host": "127.0.0.1", "port": free_port()}},
        "devices": {"boiler": {**heater, "price_cap": 1.0, **own}},
        "products": {"power": {"resource": "POWER", "unit": "W", "interval": "3s"}},
        "grid": {"import_price": 0.30, "export_price": 0.08},
    }
    file.write_text(json.dumps(text, indent=1))
    return file


def run(installed, program, *arguments, folder):
    command = [installed / "bin" / program, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=surroundings(),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_examples_own_tests_pass_where_it_is_installed(installed, example):
    options = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio")

    done = run(installed, "python", *options, folder=example)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_its_keys_are_known_and_a_wrong_one_is_named_with_its_line(installed, tmp_path):
    right = run(installed, "gridtender", "check", site(tmp_path, 502), folder=tmp_path)
    wrong = run(installed, "gridtender", "check", site(tmp_path, 502, rod_w=5), folder=tmp_path)

    assert (right.returncode, right.stderr) == (0, "")
    assert "acme" in right.stdout
    assert wrong.returncode == 2
    assert "rod_w" in wrong.stdout + wrong.stderr
    assert "100 to 4000" in wrong.stdout + wrong.stderr
    assert "site.yaml:" in wrong.stdout + wrong.stderr


async def test_a_gateway_steers_a_device_by_it_and_lets_go_at_the_end(installed, tmp_path):
    heater = Heater()
    here = heater.units[7]
    async with await serve_tcp(heater) as server:
        config = site(tmp_path, server.port, rod_w=ROD_W)
        with (tmp_path / "run.log").open("wb") as log:
            gateway = await asyncio.create_subprocess_exec(
                installed / "bin" / "gridtender", "run", "--config", config,
                cwd=tmp_path, env=surroundings(), stdout=log, stderr=log,
            )  # fmt: skip
        try:
            await until(lambda: here[10] == 3 * ROD_W, "all rods are on", 40)
            assert 0 < here[21] <= 60
            gateway.terminate()
            async with asyncio.timeout(20):
                assert await gateway.wait() == 0
        finally:
            if gateway.returncode is None:
                gateway.kill()
                await gateway.wait()
    said = (tmp_path / "run.log").read_text()
    assert (here[20], here[21]) == (THERMOSTAT, 0), said
    assert "Traceback" not in said
