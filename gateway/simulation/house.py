"""The process of the simulated devices: serves a house on loopback until it is told to stop."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import TextIO

from gateway.adapters.clock import Scale, ScaledClock
from gateway.app.ending import asked_to_end
from gateway.ports.house import HouseFactory


async def serve_house(
    factory: HouseFactory, settings: Mapping[str, object], scale: Scale, out: TextIO = sys.stdout
) -> None:
    """Serve and print one JSON line: each device's configuration with its connection.

    Returns after SIGTERM or SIGINT.
    """
    house = factory(ScaledClock(scale), settings)
    stop = asked_to_end()
    connections = await house.serve()
    devices = {
        device: {**config, "connection": connections[device]}
        for device, config in house.devices.items()
    }
    out.write(json.dumps(devices) + "\n")
    out.flush()
    while not stop.is_set():
        # Physics moves when it is asked: a long unasked spell would be caught up in one call.
        house.truth()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)
    await house.close()
