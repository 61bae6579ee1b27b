"""What a day costs the disk: an SD card is to last for years."""

from pathlib import Path

import pytest

SUNNY = {"seed": 1}
A_DAY_MB = 60  # of a product of 10 s; docs/operations.md says so
MINUTES = 20


def handed_to_the_kernel():
    """Bytes of every write call of this process."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


@pytest.mark.slow
def test_a_product_of_10_s_writes_at_most_60_mb_a_day(at_home):
    """Journal, its checkpoints, totals and counts; the lines of the log are among them."""

    async def script(home):
        await home.pass_time(120, step_s=10)
        before = handed_to_the_kernel()
        await home.pass_time(60 * MINUTES, step_s=10)
        return handed_to_the_kernel() - before

    ten = {"power": {"resource": "POWER", "unit": "W", "interval": "10s"}}
    written = at_home(script, SUNNY, products=ten, grid={"export_limit_w": 3000})
    assert 0 < written * 24 * 60 / MINUTES <= A_DAY_MB * 1e6
