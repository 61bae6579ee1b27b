"""docs/scenarios.md: every scenario is on it, and its own example is one."""

import re
from pathlib import Path

from gateway.adapters.plugins import driver_packages, house_factories
from gateway.config import load
from gateway.simulation.situation import load_situation
from gateway.testing import VirtualClock
from tests.scenarios.conftest import LIBRARY
from tests.simulation.harness import write_site

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"


def test_every_file_of_the_library_has_its_command_on_the_page():
    page = PAGE.read_text("utf-8")
    files = [*LIBRARY.glob("*.yaml"), *LIBRARY.glob("*.json"), *LIBRARY.glob("*/*.json")]
    assert len(files) >= 15
    for file in files:
        assert f"config/scenarios/{file.relative_to(LIBRARY)}" in page, file


async def test_the_example_is_a_situation_that_the_house_and_the_gateway_take(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "mine.yaml"
    file.write_text(example)
    given = load_situation(file).situation
    house = house_factories()["demo"](VirtualClock(given.start), given.house)
    site = load(write_site(tmp_path, house, **given.site), driver_packages(), ("mem",), environ={})
    assert not site.problems
