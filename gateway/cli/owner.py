"""``hands-off``, ``release``, ``wish``: the owner takes devices back, or wishes something."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, command, seconds, state_of, state_options

if TYPE_CHECKING:
    from gateway.adapters.state import StateDir
    from gateway.cli.arguments import Commands


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    text = "Let go of all devices: they follow their own rule, or their fall-back level."
    hands_off = command(commands, "hands-off", _hands_off, text)
    hands_off.add_argument("--for", dest="seconds", type=seconds, default=None, metavar="2h")
    hands_off.add_argument("--device", default=None, metavar="D", help="of this device only")
    hands_off.add_argument("--reason", default="", help="with --device: why, for those who ask")
    hands_off.add_argument("--end", action="store_true", help="take up what is configured again")
    state_options(hands_off)
    text = "Bring every armed device to its fall-back level; for use after a crash."
    release = command(commands, "release", _release, text)
    release.add_argument(
        "--restore",
        action="store_true",
        help="write the words found before the first setpoint instead",
    )
    state_options(release)

    text = "Wish something of a load, once: '30 kWh by 07:00, at most 0.25' or 'surplus'."
    wish = command(commands, "wish", _wish, text)
    wish.add_argument("device")
    wish.add_argument("words", nargs="*", help="as in the configuration's wish")
    wish.add_argument("--end", action="store_true", help="what is configured is wished again")
    state_options(wish)


def _hands_off(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now
    from gateway.model.site import ControlMode, OwnerControl
    from gateway.model.time import SECOND, Instant, rfc3339

    if options.device is not None:
        return _leave_alone(options)
    state = state_of(options)
    if options.end:
        state.clear_control()
        print(f"the configured control mode holds again{_from_when(state, '')}")
        return FINE
    until = None
    if options.seconds is not None:
        until = Instant(real_now() + int(options.seconds * SECOND))
    state.store_control(OwnerControl(mode=ControlMode.HANDS_OFF, until=until))
    end = "until gridtender hands-off --end" if until is None else f"until {rfc3339(until)}"
    effect = "; the running gateway lets go of its devices within a second"
    print(f"hands off {end}{_from_when(state, effect)}")
    return FINE


def _from_when(state: "StateDir", running: str) -> str:
    if state.is_held():
        return running
    return f"; no gateway is running on {state.path}: it holds from its next start"


def _leave_alone(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now
    from gateway.adapters.opt_out_file import OptOutFiles
    from gateway.model.errors import WrongInput
    from gateway.model.opt_out import OptOut
    from gateway.model.time import SECOND, Instant
    from gateway.wire.topics import is_name

    if not is_name(options.device):
        message = f"{options.device!r} is no name of a device"
        raise WrongInput(message)
    state, now, until = state_of(options), real_now(), None
    if options.seconds is not None:
        until = Instant(now + int(options.seconds * SECOND))
    opt_out = OptOut(
        device=options.device, at=now, until=until, reason=options.reason, over=options.end
    )
    OptOutFiles(state.path).leave(opt_out)
    what = "is steered again" if options.end else f"is {opt_out}"
    print(f"{options.device} {what}{_from_when(state, '; the running gateway obeys in a second')}")
    return FINE


def _wish(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now
    from gateway.adapters.wish_file import WishFile
    from gateway.model.errors import WrongInput
    from gateway.model.wish import Said, wish_of
    from gateway.wire.topics import is_name

    if not is_name(options.device) or bool(options.words) == options.end:
        message = "name a device and say what you wish of it, or --end"
        raise WrongInput(message)
    words = "" if options.end else str(wish_of(" ".join(options.words)))
    state = state_of(options)
    WishFile(state.path).leave(Said(device=options.device, at=real_now(), words=words))
    what = "what is configured is wished again" if options.end else words
    print(f"{options.device}: {what}{_from_when(state, '; the running gateway takes it')}")
    return FINE


def _release(options: argparse.Namespace) -> int:
    from gateway.adapters.armory import FileArmory

    state = state_of(options)
    with state.lock():
        armory = FileArmory(state.armings) if state.armings.is_dir() else None
        if armory is None or not (armory.all() or armory.broken):
            print("no device is armed")
            return FINE
        from gateway.app.daemon import release_offline

        done = asyncio.run(release_offline(armory, restore=options.restore, say=print))
    return FINE if done else FAILED
