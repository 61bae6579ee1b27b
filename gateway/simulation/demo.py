"""``gridtender demo``: a house in one process, the daemon in another, a picture of both here.

All that is shown was heard on MQTT, as any other client would hear it.
"""

import asyncio
import contextlib
import json
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.adapters.clock import Scale
from gateway.adapters.mqtt_watch import watch
from gateway.simulation.screen import Screen

AREA = "home"
_REDRAW_S = 0.5
_PLAIN_S = 5.0
_STOP_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the command line said.

    Attributes:
        seconds: real time to run, None = until Ctrl-C.
        house: settings of the house.
        export_limit_w, interval_s: of the site and its product.
        broker: auto | mosquitto | embedded.
    """

    scale: Scale
    seconds: float | None
    house: dict[str, object]
    export_limit_w: float
    interval_s: int
    broker: str


async def demo(options: DemoOptions, say: Callable[[str], None]) -> int:
    """Run the house and the daemon until time is up or Ctrl-C; the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="gridtender-demo-"))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        return await _run(options, folder, stop, say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(
    options: DemoOptions, folder: Path, stop: asyncio.Event, say: Callable[[str], None]
) -> int:
    house = await _start(
        "house", *_scale_args(options.scale), "--settings", json.dumps(options.house)
    )
    try:
        devices = json.loads(await _first_line(house))
        port = _free_port()
        config = _write_config(options, folder, devices, port)
        log = folder / "run.log"
        daemon = await _start_daemon(config, options.scale, log)
        say(_welcome(port, log))
        code = await _watch_over(options, daemon, port, stop, say)
        if code != 0:
            say(f"the daemon ended with exit code {code}; its last words:")
            say("\n".join(log.read_text().splitlines()[-15:]))
            await _release(folder, say)
        return 0 if stop.is_set() or code == 0 else 1
    finally:
        await _end(house)


async def _watch_over(
    options: DemoOptions,
    daemon: Process,
    port: int,
    stop: asyncio.Event,
    say: Callable[[str], None],
) -> int:
    """Draw until the time is up or somebody stops; then let the daemon release the devices."""
    screen = Screen(area=AREA)
    draw = _Painter(say)
    async with asyncio.TaskGroup() as tasks:
        watcher = tasks.create_task(
            watch(
                f"mqtt://127.0.0.1:{port}",
                username="guest",
                password="guest",  # noqa: S106 - the demo's open door
                filters=(f"rmf/1/{AREA}/d/#", f"rmf/1/{AREA}/p/#"),
                on_message=screen.hear,
            ),
            name="watcher",
        )
        painter = tasks.create_task(draw.run(screen), name="painter")
        waiting = {
            tasks.create_task(stop.wait(), name="stop"),
            tasks.create_task(daemon.wait(), name="daemon"),
        }
        await asyncio.wait(waiting, timeout=options.seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (watcher, painter, *waiting):
            task.cancel()
    if daemon.returncode is None:
        say("\nstopping: the daemon releases the devices ...")
        stop.set()
        return await _end(daemon)
    return daemon.returncode


class _Painter:
    """Redraws in place on a terminal, prints plain lines elsewhere."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._terminal = sys.stdout.isatty()
        self._drawn = 0

    async def run(self, screen: Screen) -> None:
        """Draw for ever."""
        while True:
            await asyncio.sleep(_REDRAW_S if self._terminal else _PLAIN_S)
            self._draw(screen.lines())

    def _draw(self, lines: list[str]) -> None:
        if not self._terminal:
            self._say("\n".join(lines) + "\n")
            return
        width = shutil.get_terminal_size().columns - 1
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        sys.stdout.write(up + "".join(f"\x1b[2K{line[:width]}\n" for line in lines))
        sys.stdout.write("\x1b[J")
        sys.stdout.flush()
        self._drawn = len(lines)


def _welcome(port: int, log: Path) -> str:
    topic = f"rmf/1/{AREA}/u/guest/req/power/create-tender"
    return (
        f"\nIn a second terminal (log: {log}):\n"
        f"  mosquitto_sub -p {port} -t 'rmf/1/{AREA}/p/#' -v\n"
        f"  mosquitto_sub -p {port} -t 'rmf/1/{AREA}/d/+/reading' -v\n"
        f"  mosquitto_sub -p {port} -u guest -P guest -t 'rmf/1/{AREA}/u/guest/in/#' -v\n"
        f'  mosquitto_pub -p {port} -u guest -P guest -t {topic} -m "$(gridtender example-tender'
        f' --port {port})"\n'
    )


def _scale_args(scale: Scale) -> tuple[str, ...]:
    return ("--scale", f"{scale.epoch_real},{scale.epoch_sim},{scale.speed}")


async def _start(*arguments: str) -> Process:
    """A child of our own program; Ctrl-C is ours alone to handle."""
    command = (sys.executable, "-m", "gateway.cli", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, start_new_session=True)


async def _start_daemon(config: Path, scale: Scale, log: Path) -> Process:
    command = (sys.executable, "-m", "gateway.cli", "run", "--config", str(config))
    with log.open("wb") as out:
        return await asyncio.create_subprocess_exec(
            *command, *_scale_args(scale), stdout=out, stderr=out, start_new_session=True
        )


async def _first_line(process: Process) -> str:
    if process.stdout is None:
        message = "the house was started without a pipe"
        raise RuntimeError(message)
    line = await process.stdout.readline()
    if not line:
        message = f"the simulated house did not start (exit code {await process.wait()})"
        raise RuntimeError(message)
    return line.decode()


async def _end(process: Process) -> int:
    """SIGTERM, and SIGKILL if that is not heard."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


async def _release(folder: Path, say: Callable[[str], None]) -> None:
    """What systemd's ExecStopPost does after a crash."""
    process = await _start("release", "--state-dir", str(folder / "state"))
    if process.stdout is not None:
        say((await process.stdout.read()).decode())
    await process.wait()


def _write_config(options: DemoOptions, folder: Path, devices: dict[str, Any], port: int) -> Path:
    """The demo's site; JSON is YAML."""
    site = {
        "area": AREA,
        "timezone": "Europe/Amsterdam",
        "currency": "EUR",
        "control": "act",
        "state_dir": str(folder / "state"),
        "broker": {
            "kind": options.broker,
            "listen": {"host": "127.0.0.1", "port": port},
            "guest": True,
        },
        "devices": devices,
        "products": {
            "power": {
                "resource": "POWER",
                "unit": "W",
                "interval": f"{options.interval_s}s",
                "mechanism": "uniform-price",
            }
        },
        "grid": {
            "import_limit_w": 17000,
            "export_limit_w": options.export_limit_w,
            "import_price": 0.30,
            "export_price": 0.08,
        },
    }
    path = folder / "demo.yaml"
    path.write_text(json.dumps(site, indent=1))
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_seed() -> int:
    """A house of its own each time, unless one is asked for."""
    return secrets.randbelow(1_000_000)
