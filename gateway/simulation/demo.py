"""``gridtender demo``: a house in one process, the daemon in another, a picture of both here.

All that is shown was heard on MQTT, as any other client would hear it; whether the devices
were let go in the end is read from their registers.
"""

import asyncio
import json
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.adapters.armory import FileArmory
from gateway.adapters.clock import Scale
from gateway.adapters.mqtt_watch import watch
from gateway.adapters.plugins import line_factories
from gateway.adapters.state import StateDir
from gateway.app.ending import asked_to_end
from gateway.app.painter import Painter
from gateway.model.errors import GridtenderError
from gateway.model.setpoint import Arming
from gateway.simulation.children import child, end, first_line, said
from gateway.simulation.screen import Screen
from gateway.simulation.second_terminal import tendering, watching
from gateway.simulation.situation import site_with
from gateway.simulation.verdict import verdicts

AREA = "home"
_SILENT_S = 30.0
_LAST_WORDS = 15
# A guest who pays more than the tariff and wants more than the sun gives: the price moves.
_GUEST_PRICE, _GUEST_W = 4500, 7000


class DemoFailed(GridtenderError):
    """The demo could not be set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the command line said.

    Attributes:
        seconds: real time to run, None = until Ctrl-C.
        house: settings of the house.
        site: sections of the configuration that a situation asks for.
        export_limit_w, interval_s: of the site and its product.
        broker: auto | mosquitto | embedded.
    """

    scale: Scale
    seconds: float | None
    house: Mapping[str, object]
    export_limit_w: float
    interval_s: int
    broker: str
    site: Mapping[str, Any]


async def demo(options: DemoOptions) -> int:
    """Run the house and the daemon until time is up or Ctrl-C; the exit code.

    Raises:
        DemoFailed: the house did not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="gridtender-demo-"))
    stop = asked_to_end()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop.set)
    try:
        scaled = _scale_args(options.scale)
        settings = ("--settings", json.dumps(options.house))
        async with child("house", *scaled, *settings) as house:
            config = _write_config(options, folder, await _devices(house))
            async with child(
                "run", "--config", str(config.path), *scaled, log=config.log
            ) as daemon:
                return await _Show(options, config, daemon, stop).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    """Where the files of this demo lie, and the broker's port."""

    path: Path
    state: Path
    log: Path
    port: int


class _Show:
    """From the first picture to the release of the devices."""

    def __init__(
        self, options: DemoOptions, config: _Config, daemon: Process, stop: asyncio.Event
    ) -> None:
        self._options = options
        self._config = config
        self._daemon = daemon
        self._stop = stop
        self._painter = Painter(sys.stdout)
        self._screen = Screen(area=AREA, speed=options.scale.speed)

    async def run(self) -> int:
        """The exit code."""
        self._say(*_welcome(self._config))
        heard = await self._watch_over()
        armed = self._armed()
        if self._daemon.returncode is None:
            self._say("", "stopping: the daemon releases the devices ...")
            code = await end(self._daemon)
        else:
            code = self._daemon.returncode
        if code != 0:
            await self._crashed(code)
        released = await self._judge(armed)
        if not heard:
            self._say(f"nothing was heard of the gateway within {_SILENT_S:g} s; it said:")
            self._last_words()
        return 0 if heard and released and code == 0 else 1

    async def _watch_over(self) -> bool:
        """Draw until the time is up, somebody stops, or the daemon ends or stays silent."""
        async with asyncio.TaskGroup() as tasks:
            ends = {
                tasks.create_task(self._stop.wait(), name="stop"),
                tasks.create_task(self._daemon.wait(), name="daemon"),
                tasks.create_task(self._silence(), name="silence"),
            }
            shows = {
                tasks.create_task(self._listen(), name="watcher"),
                tasks.create_task(self._paint(), name="painter"),
            }
            await asyncio.wait(
                ends, timeout=self._options.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for task in ends | shows:
                task.cancel()
        return bool(self._screen.topics) or self._stop.is_set()

    async def _listen(self) -> None:
        await watch(
            f"mqtt://127.0.0.1:{self._config.port}",
            username="guest",
            password="guest",  # noqa: S106 - the demo's open door
            filters=(f"rmf/1/{AREA}/d/#", f"rmf/1/{AREA}/p/#", f"rmf/1/{AREA}/m/control"),
            on_message=self._screen.hear,
        )

    async def _paint(self) -> None:
        try:
            await self._painter.run(self._screen.lines)
        except BrokenPipeError:  # whoever read us has gone
            self._stop.set()

    async def _silence(self) -> None:
        """Return when nothing was heard for too long."""
        await asyncio.sleep(_SILENT_S)
        if self._screen.topics:
            await asyncio.Event().wait()

    def _armed(self) -> tuple[Arming, ...]:
        """What is driven now: the records that release goes by."""
        return FileArmory(StateDir(self._config.state).armings).all()

    async def _crashed(self, code: int) -> None:
        """What systemd does when the daemon dies: ``release``."""
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._say("", f"the daemon {how}; its last words:")
        self._last_words()
        self._say("gridtender release, as systemd's ExecStopPost runs it:")
        async with child("release", "--state-dir", str(self._config.state)) as release:
            self._say((await said(release)).rstrip())

    async def _judge(self, armed: tuple[Arming, ...]) -> bool:
        """Say what the registers hold; whether every device was let go."""
        found = await verdicts(armed, line_factories())
        if found:
            self._say("read from the devices' registers:")
        for device, verdict in found.items():
            text = f"{device:<10} {verdict or 'NOT RELEASED'}"
            self._say(textwrap.fill(text, 99, initial_indent="  ", subsequent_indent=" " * 13))
        return all(found.values())

    def _last_words(self) -> None:
        lines = self._config.log.read_text(errors="replace").splitlines()
        self._say(*(f"  {line}" for line in lines[-_LAST_WORDS:]))

    def _say(self, *lines: str) -> None:
        try:
            self._painter.say("\n".join(lines))
        except BrokenPipeError:
            self._stop.set()


def _welcome(config: _Config) -> list[str]:
    lines = [*watching(config.port, AREA)]
    buying = tendering(config.port, AREA, price=_GUEST_PRICE, quantity=_GUEST_W)
    return [
        "A simulated house and the gateway that steers it.  Ctrl-C stops it and lets go of all.",
        f"Log of the gateway: {config.log}",
        "",
        "In a second terminal, to look on:",
        *(f"  {line}" for line in lines),
        f"and to buy {_GUEST_W} W at {_GUEST_PRICE / 10_000:.2f} EUR/kWh as guest:",
        *(f"  {line}" for line in buying),
        "",
    ]


async def _devices(house: Process) -> dict[str, Any]:
    """What the house serves, as a configuration's ``devices``."""
    line = await first_line(house)
    if not line:
        message = f"the simulated house did not start (exit code {await house.wait()})"
        raise DemoFailed(message)
    devices: dict[str, Any] = json.loads(line)
    return devices


def _scale_args(scale: Scale) -> tuple[str, ...]:
    return ("--scale", f"{scale.epoch_real},{scale.epoch_sim},{scale.speed}")


def _write_config(options: DemoOptions, folder: Path, devices: dict[str, Any]) -> _Config:
    """The demo's site; JSON is YAML."""
    config = _Config(
        path=folder / "demo.yaml", state=folder / "state", log=folder / "run.log", port=_free_port()
    )
    site = {
        "area": AREA,
        "timezone": "Europe/Amsterdam",
        "currency": "EUR",
        "control": "act",
        "state_dir": str(config.state),
        "broker": {
            "kind": options.broker,
            "listen": {"host": "127.0.0.1", "port": config.port},
            "guest": True,
        },
        "devices": devices,
        "products": {"power": _product(options)},
        "grid": {
            "import_limit_w": 17000,
            "export_limit_w": options.export_limit_w,
            "import_price": 0.30,
            "export_price": 0.08,
        },
    }
    config.path.write_text(json.dumps(site_with(site, options.site), indent=1))
    return config


def _product(options: DemoOptions) -> dict[str, str]:
    return {
        "resource": "POWER",
        "unit": "W",
        "interval": f"{options.interval_s}s",
        "mechanism": "uniform-price",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_seed() -> int:
    """A house of its own each time, unless one is asked for."""
    return secrets.randbelow(1_000_000)


def interval_for(speed: float) -> int:
    """Seconds of a product that clears about every five real seconds, as people count time."""
    return next((s for s in (5, 10, 15, 30, 60, 300, 900) if s >= 5 * speed), 3600)
