"""A mechanism from elsewhere: installed beside the wheel, tested, told of and cleared by."""

import json
import shutil
import subprocess

import pytest

from tests.e2e.wheels import CHECKOUT, build, environment, surroundings

pytestmark = pytest.mark.e2e

SITE = """
area: home
timezone: UTC
currency: EUR
state_dir: state
products:
  power: {{mechanism: {mechanism}}}
"""
BOOK = {
    "product": {"price_min": 0, "price_max": 250, "price_tick": 1},
    "tenders": [
        {"id": "roof", "party": "roof", "side": "SELL", "price": 50, "quantity": 100},
        {"id": "early", "party": "early", "side": "BUY", "price": 150, "quantity": 70},
        {"id": "late", "party": "late", "side": "BUY", "price": 200, "quantity": 70},
    ],
}


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy of the example, so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("example") / "mechanism-first-come"
    ignored = shutil.ignore_patterns("__pycache__", "dist")
    return shutil.copytree(CHECKOUT / "examples" / "mechanism-first-come", folder, ignore=ignored)


@pytest.fixture(scope="module")
def installed(wheel, example, tmp_path_factory):
    """Both wheels in one environment."""
    package = build(example, tmp_path_factory.mktemp("dist"))
    return environment(tmp_path_factory.mktemp("beside"), wheel, package)


def run(installed, program, *arguments, folder):
    return subprocess.run(
        [installed / "bin" / program, *arguments],
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
    assert "2 passed" in done.stdout


def test_a_product_may_name_it_and_a_mistake_in_the_name_is_told(installed, tmp_path):
    right, wrong = tmp_path / "right.yaml", tmp_path / "wrong.yaml"
    right.write_text(SITE.format(mechanism="first-come"))
    wrong.write_text(SITE.format(mechanism="first-came"))

    good = run(installed, "gridtender", "check", right, folder=tmp_path)
    bad = run(installed, "gridtender", "check", wrong, folder=tmp_path)

    assert (good.returncode, good.stderr) == (0, "")
    assert "first-come" in good.stdout
    assert bad.returncode == 2
    assert "did you mean 'first-come'?" in bad.stdout + bad.stderr


def test_a_book_is_cleared_by_it(installed, tmp_path):
    file = tmp_path / "book.json"
    file.write_text(json.dumps(BOOK))

    done = run(
        installed, "gridtender", "clear", file, "--mechanism", "first-come", "--json",
        folder=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    got = {one["id"]: one["quantity"] for one in found["awards"]}
    assert (found["price"], got) == (50, {"roof": -100, "early": 70, "late": 30})
