"""``drill``: with the owner's consent one device is left to itself, and its fall-back measured."""

import argparse
import json
import sys
import time
import uuid
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, WRONG, command, name, state_of, state_options

if TYPE_CHECKING:
    from gateway.adapters.drill import DrillFiles
    from gateway.adapters.state import StateDir
    from gateway.cli.arguments import Commands
    from gateway.model.drill import DrillProgress

_LOOK_EVERY_S = 0.2
_ANSWER_WITHIN_S = 15.0


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = "Stop renewing one device, measure how long it takes to fall back, and take it back."
    drill = command(commands, "drill", _drill, text)
    drill.add_argument("device", type=name, metavar="DEVICE")
    drill.add_argument("--yes", action="store_true", help="do not ask whether you agree")
    drill.add_argument("--json", action="store_true")
    state_options(drill)


def _drill(options: argparse.Namespace) -> int:
    from gateway.adapters.drill import DrillFiles
    from gateway.model.drill import DrillRequest

    state = state_of(options)
    if not state.is_held():
        print(f"no gateway runs on {state.path}: start it, then drill", file=sys.stderr)
        return FAILED
    if not (options.yes or _consents(options.device)):
        return WRONG
    files = DrillFiles(state.path)
    request = DrillRequest(id=uuid.uuid4().hex, device=options.device)
    if not files.ask(request):
        print("another drill is under way: wait until it has ended", file=sys.stderr)
        return FAILED
    try:
        ended = _Waiting(state, files, request.id, quiet=options.json).wait()
    finally:
        if files.request() == request:
            files.clear()  # the gateway takes the device back when its request is gone
    return FAILED if ended is None else _report(ended, as_json=options.json)


def _consents(device: str) -> bool:
    if not sys.stdin.isatty():
        message = "a drill needs your consent: say --yes, or run it on a terminal"
        print(message, file=sys.stderr)
        return False
    print(
        f"The gateway stops renewing the setpoint of {device} until it falls back by itself,\n"
        "a few minutes at most. The other devices go on keeping the limits. Ctrl-C ends it."
    )
    return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}


class _Waiting:
    """Follows what the gateway says of one request, in real time."""

    def __init__(self, state: "StateDir", files: "DrillFiles", id_: str, *, quiet: bool) -> None:
        self._state = state
        self._files = files
        self._id = id_
        self._quiet = quiet
        self._live = sys.stdout.isatty() and not quiet
        self._since = time.monotonic()
        self._told = ""

    def wait(self) -> "DrillProgress | None":
        """The last word; None when the gateway has none."""
        from gateway.model.drill import DrillState

        while True:
            time.sleep(_LOOK_EVERY_S)
            said = self._files.progress()
            heard = said if said is not None and said.id == self._id else None
            if heard is not None and heard.state is not DrillState.RUNNING:
                self._end_line()
                return heard
            if lost := self._lost(heard):
                self._end_line()
                print(lost, file=sys.stderr)
                return None
            if heard is not None:
                self._show(heard)

    def _lost(self, heard: "DrillProgress | None") -> str:
        """Why no more is to be heard, or empty."""
        if not self._state.is_held():
            return "the gateway has ended; its devices fall back by themselves"
        if heard is None and time.monotonic() - self._since > _ANSWER_WITHIN_S:
            return "the gateway does not answer: is it of this version?"
        return ""

    def _show(self, running: "DrillProgress") -> None:
        if running.text != self._told:
            self._told, self._since = running.text, time.monotonic()
            if not self._quiet:
                print(f"{running.device}: {running.text}", flush=True)
        if self._live:
            print(f"\r  {time.monotonic() - self._since:5.0f} s ", end="", flush=True)

    def _end_line(self) -> None:
        if self._live and self._told:
            print()


def _report(ended: "DrillProgress", *, as_json: bool) -> int:
    from gateway.model.drill import DrillState

    if as_json:
        print(json.dumps(_machine(ended)))
    else:
        words = {
            DrillState.REFUSED: "no drill: ",
            DrillState.UNKNOWN_DEVICE: "no drill: ",
            DrillState.ABORTED: "ended early: ",
        }
        print(f"{ended.device}: {words.get(ended.state, '')}{ended.text}")
    if ended.state is DrillState.UNKNOWN_DEVICE:
        return WRONG
    return FINE if ended.result is not None and ended.result.kept else FAILED


def _machine(ended: "DrillProgress") -> dict[str, object]:
    """For a program: durations in seconds."""
    from gateway.model.time import rfc3339

    result = ended.result
    measured = None
    if result is not None:
        measured = {
            "at": rfc3339(result.at),
            "promised_s": result.promised_s,
            "timer_s": result.timer_s,
            "stood_s": result.stood_s,
            "observed_s": result.observed_s,
            "flow_s": result.flow_s,
            "kept": result.kept,
            "maker": result.identity.maker,
            "model": result.identity.model,
            "serial": result.identity.serial,
        }
    return {
        "device": ended.device,
        "state": ended.state.value,
        "text": ended.text,
        "result": measured,
    }
