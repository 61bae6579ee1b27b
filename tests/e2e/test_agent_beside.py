"""An agent in a package of its own beside the wheel: found, checked, and named if gone."""

import json
import shutil

import pytest

from tests.e2e.test_mechanism_beside import run
from tests.e2e.wheels import CHECKOUT, build, environment

pytestmark = pytest.mark.e2e

SITE = """
area: home
state_dir: state
devices:
  rod: {{driver: modbus, connection: "tcp://127.0.0.1:1", role: heat, map: heat-pump-demo.yaml,
         agent: {agent}, price_cap: 0.2, limits: {{max_w: 3000}}}}
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example") / "agent-ramp"
    ignored = shutil.ignore_patterns("__pycache__", "dist")
    return shutil.copytree(CHECKOUT / "examples" / "agent-ramp", folder, ignore=ignored)


@pytest.fixture(scope="module")
def installed(wheel, example, tmp_path_factory):
    package = build(example, tmp_path_factory.mktemp("dist"))
    return environment(tmp_path_factory.mktemp("beside"), wheel, package)


def test_the_examples_own_tests_pass_where_it_is_installed(installed, example):
    options = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio")
    done = run(installed, "python", *options, folder=example)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_a_device_may_name_it_and_a_mistake_in_the_name_is_told(installed, tmp_path):
    right, wrong = tmp_path / "right.yaml", tmp_path / "wrong.yaml"
    right.write_text(SITE.format(agent="ramp"))
    wrong.write_text(SITE.format(agent="rampe"))
    good = run(installed, "gridtender", "check", "--json", right, folder=tmp_path)
    bad = run(installed, "gridtender", "check", wrong, folder=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert [one["id"] for one in json.loads(good.stdout)["site"]["devices"]] == ["rod"]
    assert bad.returncode == 2
    assert "did you mean 'ramp'?" in bad.stdout + bad.stderr


def test_the_house_tenders_by_it(installed, tmp_path):
    program = (
        "from gateway.app.agents import site_agents; from gateway.cli.arguments import load; "
        "from pathlib import Path; site = load(Path('right.yaml')).site; "
        "print([type(agent).__name__ for agent in site_agents(site)])"
    )
    (tmp_path / "right.yaml").write_text(SITE.format(agent="ramp"))
    done = run(installed, "python", "-c", program, folder=tmp_path)
    assert done.stdout.strip() == "['Utility', 'Ramp']", done.stderr
