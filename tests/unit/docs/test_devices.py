"""The tables of the devices page are those of the recordings and register maps as they are."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "scripts" / "devices_docs.py"


def test_the_page_is_as_generated():
    script = runpy.run_path(str(SCRIPT))
    page = script["DOCUMENT"].read_text("utf-8")
    assert script["document"](page) == page, "run: PYTHONPATH=. python scripts/devices_docs.py"
