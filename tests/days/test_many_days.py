"""The whole daemon over virtual days: it neither grows nor wears the disk."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
# More than twice the retention; a minute of computing each.  `make chaos` takes 30.
DAYS = int(os.environ.get("GRIDTENDER_DAYS", "12"))
KEPT_DAYS = 5
MEGABYTE = 1_000_000
DAY_S = 600  # real seconds a virtual day may take on a busy machine

pytestmark = [pytest.mark.patient, pytest.mark.slow]


@pytest.fixture(scope="module")
def midnights(tmp_path_factory):
    """What was seen at each midnight."""
    run = subprocess.run(
        [
            *(sys.executable, str(ROOT / "benchmarks" / "many_days.py"), "--json"),
            *("--days", str(DAYS), "--poll", "60s", "--interval", "15min"),
            *("--keep", f"{KEPT_DAYS}d"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("days"),
        timeout=DAYS * DAY_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_resident_memory_grows_less_than_one_percent_a_day_after_the_first(midnights):
    first, last = midnights[0]["rss"], midnights[-1]["rss"]
    assert last <= first * (1 + 0.01 * (len(midnights) - 1))


def test_no_queue_table_or_task_grows_with_the_days(midnights):
    settled = midnights[min(KEPT_DAYS, len(midnights) - 1)]
    last = midnights[-1]
    assert last["objects"] <= settled["objects"] * 1.05
    assert last["tasks"] <= settled["tasks"] + 2
    assert last["retained"] <= settled["retained"] + 5


def test_files_are_bounded_by_the_retention(midnights):
    sizes = [sum(midnight["files"].values()) for midnight in midnights]
    assert max(sizes) <= 1.5 * max(sizes[: KEPT_DAYS + 2])


def test_no_day_writes_more_than_the_days_before(midnights, capsys):
    written = [midnight["written"] for midnight in midnights]
    with capsys.disabled():
        print(f"\nbytes written a day: {written}; resident: {[m['rss'] for m in midnights]}")
    assert max(written[1:]) <= 2 * median(written[1:]) + 2 * MEGABYTE


def test_the_party_was_served_every_time(midnights):
    assert midnights[-1]["refused"] == 0
