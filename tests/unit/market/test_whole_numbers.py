"""The market counts in whole ticks and lots: what is rounded once is never rounded again."""

import ast
from pathlib import Path

import pytest

MARKET = Path(__file__).parents[3] / "gateway" / "market"
MODULES = sorted(MARKET.rglob("*.py"))
INEXACT = {"float", "math", "statistics", "round"}


def inexact(tree):
    """Lines with a fractional number, a division that is not whole, or a name that brings one."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node.lineno
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno
            case ast.Name(id=name) if name in INEXACT:
                yield node.lineno


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_module_of_the_market_counts_in_fractions(module):
    assert [*inexact(ast.parse(module.read_text("utf-8")))] == []


def test_a_fraction_would_be_found():
    found = [*inexact(ast.parse("a = b / 2\nc = 0.5\nd: float = 1\ne //= 2\n"))]
    assert found == [1, 2, 3]
