"""What each runtime dependency costs a start: seconds and resident memory, in order of import.

    .venv/bin/python benchmarks/imports.py

Method: a fresh interpreter per round imports the modules in the order below; after each the
resident set (VmRSS) and the clock are read.  A module pays for what it imports first, so the order
is that of the daemon.  Shown is the median of the rounds; the last lines are the whole program.
"""

import json
import platform
import statistics
import subprocess
import sys

ROUNDS = 9
LIBRARIES = (
    "asyncio",
    "sqlite3",
    "yaml",
    "structlog",
    "pydantic.main",
    "aiomqtt",
    "pymodbus.client",
    "amqtt.broker",
    "icalendar",
    "prometheus_client",
)
PROGRAM = ("gateway.cli", "gateway.config", "gateway.app.daemon", "drivers.sunspec")
CHILD = """
import json, sys, time
def rss_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
rows = [("python", 0.0, rss_kb())]
for name in json.loads(sys.argv[1]):
    began, before = time.perf_counter(), rss_kb()
    __import__(name)
    rows.append((name, time.perf_counter() - began, rss_kb() - before))
rows.append(("together", sum(row[1] for row in rows), rss_kb()))
print(json.dumps(rows))
"""


def measure(modules: tuple[str, ...]) -> list[tuple[str, float, float]]:
    """Name, milliseconds and megabytes of each module: medians over fresh interpreters."""
    command = [sys.executable, "-c", CHILD, json.dumps(modules)]
    rounds = [json.loads(subprocess.check_output(command)) for _ in range(ROUNDS)]
    return [
        (
            rows[0][0],
            1000 * statistics.median(row[1] for row in rows),
            statistics.median(row[2] for row in rows) / 1024,
        )
        for rows in zip(*rounds, strict=True)
    ]


def main() -> None:
    """Print both tables."""
    print(f"Python {platform.python_version()}, {platform.machine()}, median of {ROUNDS} rounds")
    for title, modules in (("libraries", LIBRARIES), ("the program", PROGRAM)):
        print(f"\n{title:20} {'import ms':>10} {'RSS MB':>8}")
        for name, milliseconds, megabytes in measure(modules):
            print(f"{name:20} {milliseconds:10.1f} {megabytes:8.1f}")


if __name__ == "__main__":
    main()
