"""A byte fuzzer that follows the code's branches, bounded in time, at every door."""

import os
import subprocess
import sys

import pytest

from tests.fuzz.targets import TARGETS

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

SECONDS = int(os.environ.get("GRIDTENDER_FUZZ_SECONDS", "12"))
LONGEST_INPUT_S = 10


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_byte_fuzzer_breaks_no_promise(name, tmp_path):
    pytest.importorskip("atheris", reason="there is no atheris for this machine")
    found = tmp_path / "found-"
    run = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "tests.fuzz", name, str(tmp_path / "corpus")),
            *(f"-max_total_time={SECONDS}", f"-timeout={LONGEST_INPUT_S}", "-rss_limit_mb=1024"),
            *("-seed=7", f"-artifact_prefix={found}", "-print_final_stats=1", "-max_len=32768"),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
    )
    inputs = {path.name: path.read_bytes() for path in tmp_path.glob("found-*")}
    assert run.returncode == 0, f"{run.stdout[-3000:]}\n{run.stderr[-3000:]}\n{inputs}"
    assert "number_of_executed_units" in run.stderr
