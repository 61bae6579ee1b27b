"""docs/events.md and the code name the same log events, levels and fields."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOC = ROOT / "docs" / "events.md"
LEVELS = {"debug", "info", "warning", "error", "exception"}
EVENT = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")
LOGGER = re.compile(r"(^|[._])(log|say|logger)$|get_logger\(\)$")
ROW = re.compile(r"\| `([a-z._]+)` \|([^|]*)\|([^|]*)\|([^|]+)\|([^|]+)\|")


def said_in(tree, where):
    """(event, level, fields) of every call of a logger in a module."""
    bound = _bound(tree)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in LEVELS:
            continue
        receiver = ast.unparse(function.value)
        if not LOGGER.search(receiver):
            continue
        first = call.args[0] if call.args else None
        name = str(first.value) if isinstance(first, ast.Constant) else ""
        assert EVENT.fullmatch(name), f"{where}:{call.lineno}: an event is a constant noun.verb"
        given = [one.arg for one in call.keywords if one.arg != "exc_info"]
        assert None not in given, f"{where}:{call.lineno}: fields are spelled out"
        level = "error" if function.attr == "exception" else function.attr
        yield name, level, frozenset(given) | bound.get(receiver, frozenset())


def _bound(tree):
    """Fields bound to a logger when it is made, by how it is called."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            call = node.value
            if isinstance(call.func, ast.Attribute) and call.func.attr == "bind":
                names = frozenset(one.arg for one in call.keywords)
                found |= {ast.unparse(target): names for target in node.targets}
    return found


def handed_on(tree, where):
    """Places where a logger's method is passed on instead of called: nobody could list those."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return [
        f"{where}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in LEVELS
        and id(node) not in called
        and LOGGER.search(ast.unparse(node.value))
    ]


def modules():
    """Without ``gateway.party``, which runs in apps of others and logs as libraries do."""
    for folder in ("gateway", "drivers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.is_relative_to(ROOT / "gateway" / "party"):
                continue
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def code():
    """Event -> (levels, fields); a field may be missing from some of its calls."""
    found = {}
    for where, tree in modules():
        assert handed_on(tree, where) == []
        for name, level, fields in said_in(tree, where):
            levels, known = found.setdefault(name, (set(), set()))
            levels.add(level)
            known |= fields
    return found


@pytest.fixture(scope="module")
def table():
    """Event -> (levels, fields) as the page has them."""
    found = {}
    for name, levels, fields, _meaning, _action in ROW.findall(DOC.read_text(encoding="utf-8")):
        assert name not in found, f"{name} stands twice on the page"
        words = set(re.findall(r"[a-z]+", levels)) & LEVELS
        found[name] = words, set(re.findall(r"`([a-z_]+)`", fields))
    return found


def test_every_event_of_the_code_stands_on_the_page(code, table):
    assert sorted(set(code) - set(table)) == []


def test_every_event_of_the_page_is_said_by_the_code(code, table):
    assert sorted(set(table) - set(code)) == []


def test_levels_and_fields_are_the_same(code, table):
    both = set(code) & set(table)
    assert {name: code[name] for name in both} == {name: table[name] for name in both}


def test_every_row_of_the_page_was_read(table):
    rows = [line for line in DOC.read_text(encoding="utf-8").splitlines() if "| `" in line[:4]]
    assert len(rows) == len(table)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('log.info("a.b", x=1)', [("a.b", "info", {"x"})]),
        ('self._log.exception("a.b")', [("a.b", "error", set())]),
        ('structlog.get_logger().error("a.b", exc_info=e)', [("a.b", "error", set())]),
        ('self._log = get().bind(device=1)\nself._log.warning("a.b", y=2)',
         [("a.b", "warning", {"device", "y"})]),
        ('math.log(2)\nprogress.error("x")', []),
    ],
)  # fmt: skip
def test_the_scan_finds_calls_levels_and_bound_fields(text, found):
    assert [*said_in(ast.parse(text), "x")] == [(n, lv, frozenset(f)) for n, lv, f in found]


@pytest.mark.parametrize("text", ["log.info(name)", 'log.info("words")', 'log.info("a.b", **more)'])
def test_the_scan_refuses_what_cannot_be_listed(text):
    with pytest.raises(AssertionError, match="x:1"):
        list(said_in(ast.parse(text), "x"))


def test_the_scan_sees_a_method_that_is_handed_on():
    assert handed_on(ast.parse("say = log.info if x else log.warning"), "x") == ["x:1", "x:1"]
