"""Recordings of devices as files, and devices out of them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.adapters.files import write_whole
from gateway.adapters.plugins import driver_packages, server_factories
from gateway.app.ending import asked_to_end
from gateway.app.probing import recording
from gateway.model.errors import SettingsError, WrongInput
from gateway.ports.served import Replay

_LARGEST = 16_000_000  # bytes; a whole address space as text is not a tenth of it


def read_recording(path: Path) -> Mapping[str, object]:
    """The document in a file.

    Raises:
        WrongInput: it cannot be read, or is no JSON object.
    """
    try:
        if path.stat().st_size > _LARGEST:
            message = f"{path}: too large for a recording"
            raise WrongInput(message)
        document: object = json.loads(path.read_text("utf-8"))
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise WrongInput(message) from None
    except (ValueError, RecursionError) as error:
        message = f"{path}: no recording: {error}"
        raise WrongInput(message) from None
    if not isinstance(document, dict):
        message = f"{path}: no recording: it holds no JSON object"
        raise WrongInput(message)
    return document


def store(path: Path, document: Mapping[str, object]) -> None:
    """Replace the file as a whole."""
    write_whole(path, text_of(document))


def text_of(document: Mapping[str, object]) -> str:
    """As it stands in a file: one register a line, so that two can be compared."""
    return json.dumps(document, indent=1) + "\n"


def replayed(path: Path, *, night: bool) -> Replay:
    """The device in a file.

    Raises:
        WrongInput: it is no recording that an installed driver plays back; says where.
    """
    document = read_recording(path)
    wrong = "no installed driver plays recordings back"
    for package in recording(driver_packages()):
        try:
            return package.replay(document, night=night)
        except SettingsError as error:
            wrong = str(error)
    message = f"{path}: {wrong}"
    raise WrongInput(message)


async def serve(replay: Replay, host: str, port: int, say: Callable[[str], None]) -> None:
    """Answer as the recorded device until SIGTERM or SIGINT."""
    stop = asked_to_end()
    server = await server_factories()["tcp"](replay.registers, port, host, delay=replay.delay)
    async with server:
        shown = f"[{host}]" if ":" in host else host
        say(f"tcp://{shown}:{server.port}?unit={replay.unit}  {replay.name}".rstrip())
        say("It keeps what is written until it ends (Ctrl-C).")
        await stop.wait()
