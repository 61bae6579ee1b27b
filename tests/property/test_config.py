"""Whatever is in the file, loading gives a ``Loaded`` with places inside the file."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import exit_code, explain, explain_json, load
from gateway.model.errors import SettingsError

GOOD = (Path(__file__).parents[2] / "config" / "gridtender.yaml").read_text(encoding="utf-8")
TREE = yaml.safe_load(GOOD)
SPICE = ["", " ", "\n", "\t", ":", "-", "{", "}", "[", "]", "'", '"', "#", "&a", "*a", "!t", "|",
         "0", "-1", "1e999", "null", "yes", "a: b", "\x00", "\u2028", "\ufeff", "é"]  # fmt: skip


class Sunspec:
    """Takes ``sign`` only, and only as text."""

    def parse(self, _device, mapping):
        sign = mapping.get("sign", "import")
        if isinstance(sign, str):
            return sign
        return (SettingsError(path=("sign",), found=repr(sign), allowed="text"),)

    def json_schema(self):
        return {"sign": {"type": "string"}}

    def open(self, device, settings, line):
        raise NotImplementedError


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["1s", "own-rule", "solar", "grid", "act", "tcp://h:99999", "power", "0ms"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5) | st.sampled_from(["limit_w", "csv", "topic"]), inner,
                      max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def mutated_text(draw):
    """The good file with a few pieces cut out, doubled or replaced."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = (
            text[:start] + draw(st.sampled_from(SPICE) | st.just(text[start:end] * 2)) + text[end:]
        )
    return text


def replaced(draw, tree):
    """The tree with one value somewhere replaced, or one key misspelt."""
    if not isinstance(tree, dict) or not tree or draw(st.integers(0, 3)) == 0:
        return draw(values)
    name = draw(st.sampled_from(sorted(tree)))
    if draw(st.integers(0, 5)) == 0:
        return {(key + "x" if key == name else key): value for key, value in tree.items()}
    return {**tree, name: replaced(draw, tree[name])}


@st.composite
def mutated_tree(draw):
    return yaml.safe_dump(replaced(draw, TREE), allow_unicode=True, sort_keys=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("config") / "site.yaml"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=mutated_text() | mutated_tree() | st.text(max_size=60))
def test_any_file_gives_a_site_or_problems_with_places(file, text):
    file.write_text(text, encoding="utf-8", errors="replace", newline="")
    lines = file.read_bytes().count(b"\n") + 2 + text.count("\r") + text.count("\u2028") * 2

    loaded = load(file, {"sunspec": Sunspec()}, ["tcp"], environ={"HOME": "/h"})

    assert loaded.site is not None or loaded.problems
    assert exit_code(loaded) == (2 if loaded.problems else 0)
    for problem in loaded.problems:
        assert 0 <= problem.line <= lines
        assert problem.found
        assert problem.allowed
    assert explain(loaded, {}).startswith(str(file))
    assert explain_json(loaded, {})["ok"] is not bool(loaded.problems)
