"""Every test that the safety page names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DEFINED = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
NAMED = re.compile(r"`(test_\w+)`")


def test_every_promise_names_tests_that_exist():
    page = (ROOT / "docs" / "safety.md").read_text("utf-8")
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in DEFINED.findall(path.read_text("utf-8"))
    }
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    without = [row for row in rows if "shown by" not in row and not NAMED.search(row)]
    assert not without
    assert set(NAMED.findall(page)) <= defined
