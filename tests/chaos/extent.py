"""How much is tried: kills by ``GRIDTENDER_CHAOS`` (``make chaos``: 1000), the rest in step."""

import os

KILLS = int(os.environ.get("GRIDTENDER_CHAOS", "100"))
RUNS = max(1, KILLS // 100)
