"""What needs a person, and what that person can do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.app.board import Board, Payload

FAULTS: Final = {
    "JOURNAL_FAILED": "Free some space, or look at the disk of the state folder. The devices are "
    "still steered; outside parties are refused until it is written again.",
    "JOURNAL_SET_ASIDE": "Look at the disk or SD card. What could be proven goes on; the damaged "
    "file was kept and can be removed. The message ends with the next restart.",
    "ARMING_UNUSABLE": "Restore the device it names by hand, then remove the file: until then the "
    "gateway does not drive it.",
    "CALENDAR_UNREACHABLE": "See whether address, user and password of caldav are right and "
    "the server runs. What the calendar said last holds meanwhile.",
    "DEVICE_FROZEN": "Restart the device's logger or what connects it: it shows the same values "
    "whatever it is told, so it is not believed and kept at its fall-back level.",
    "DEVICE_LOST": "Check its power, its network and that no other program holds its only "
    "connection. What it had traded was traded back; it tenders again when it answers.",
    "DATA_STALE": "See whether what connects the device (a logger, a cloud, a bridge) still hears "
    "it: what it tells is of before, and nothing rests on it.",
    "VALUE_OUT_OF_RANGE": "Compare with the device's own display: a wrong scale or register in its "
    "map, or a nameplate that is set too small, tells such values.",
    "STRING_LOW": "Have the string looked at: its fuse, its connectors, its switch, what shades "
    "it. The inverter gives what the others make.",
    "YIELD_LOW": "Look at the roof as the text says: shade, dirt, snow, a string or a module that "
    "is off, the inverter's own limit. It ends on the first sunny day without a loss.",
    "DEVICE_EXCHANGED": "Nothing, if you exchanged it: it is taken as a new one. Else see who has "
    "its address. The notice ends after a day.",
    "FIRMWARE_CHANGED": "See in its release notes what changed, and whether control from outside "
    "is still allowed in its menu: updates reset that. The notice ends after a day.",
    "METER_FROZEN": "Restart the grid meter or what connects it: it shows the same values "
    "whatever the house does, so it is not believed.",
    "VENDOR_EVENT": "Only the maker knows what these bits mean: look the number up in the device's "
    "manual. It is not taken for a failure.",
    "WIRING_SUSPECT": "Do as the text proposes, then restart the gateway. Until then its numbers, "
    "and what is steered by them, cannot be right.",
    "INTERTIE_BREACH": "See what draws or gives so much, or agree on more with the market above. "
    "It ends by itself once the contract is kept for as long as its notice.",
    "INTERTIE_DEAD": "See to the fuse and the meter of the connection: it measures no voltage, so "
    "nothing is traded with the market above.",
    "SETPOINT_CONTESTED": "Find the other controller (an app, a home automation, the maker's "
    "cloud) and stop it, or choose with the device's key contest who gives way.",
    "SETPOINT_NOT_FOLLOWED": "See whether the device allows control from outside, and whether "
    "something else limits it: its own app, a full battery, a ripple control receiver, heat.",
}
_WRITTEN: Final = (
    "It gets only what safety asks for until midnight UTC. Raise its writes.per_day if its maker "
    "allows it, or find out what makes it move so often."
)
_OTHER_FAULT: Final = "The text says what was found; the log around that time may say more."
_REPORTED: Final = "the device reports it"
_OWN_FAULT: Final = (
    "Its display, app or manual says what to do about it. The message ends when the device says "
    "that it is over."
)
_STATES: Final = {
    "offline": "Check its power, its network and that no other program holds its only "
    "connection. The gateway goes on trying.",
    "faulty": "Read the device's own display or app: it reports the fault itself.",
}
_OUTCOMES: Final = {
    "refused": "Allow control in the device's settings, or as the reason says.",
    "no-effect": FAULTS["SETPOINT_NOT_FOLLOWED"],
    "overridden": FAULTS["SETPOINT_CONTESTED"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Something that is not as it should be.

    Attributes:
        what: what was found; ``since``: RFC 3339, empty where nobody knows.
        do: what a person can do.
    """

    subject: str
    what: str
    do: str
    since: str = ""


def attention(board: Board) -> Iterator[Attention]:
    """All that a running gateway says is not as it should be, the gateway's own first."""
    for fault in board.faults():
        code = str(fault.get("code", ""))
        yield Attention(
            subject=str(fault.get("deviceId", "")),
            what=_sentence(code, fault.get("text")),
            do=FAULTS.get(code, _other(fault)),
            since=str(fault.get("since", "")),
        )
    yield from _halted(board)
    told = {str(fault.get("deviceId")) for fault in board.faults()}
    for device in board.devices():
        yield from _device(device, board, faulted=device in told)


def _other(fault: Payload) -> str:
    """What to do about a fault whose code is the device's own, or unknown."""
    reported = str(fault.get("text", "")).startswith(_REPORTED)
    return _OWN_FAULT if reported else _OTHER_FAULT


def _halted(board: Board) -> Iterator[Attention]:
    for topic, session in sorted(board.topics.items()):
        if topic.endswith("/session") and session.get("sessionStatus") == "HALTED":
            product = topic.split("/")[1]
            yield Attention(
                subject=product,
                what="not traded with outside parties: the journal is not written",
                do=FAULTS["JOURNAL_FAILED"],
            )


def _device(device: str, board: Board, *, faulted: bool) -> Iterator[Attention]:
    state = board.of(f"d/{device}/state")
    word = str(state.get("state", ""))
    if word in _STATES and board.of(f"d/{device}/fault/DEVICE_LOST") == {}:
        yield Attention(
            subject=device,
            what=_sentence(word, state.get("reason")),
            do=_STATES[word],
            since=str(state.get("since", "")),
        )
    status = board.of(f"d/{device}/set")
    outcome = str(status.get("outcome"))
    budget, writes = status.get("writesPerDay"), status.get("writesToday") or 0
    if budget is not None and writes >= budget:
        what = f"written to {writes} times today, {budget} are allowed"
        yield Attention(subject=device, what=what, do=_WRITTEN)
    if outcome in _OUTCOMES and not faulted and word != "offline":
        yield Attention(subject=device, what=_outcome(outcome, status), do=_OUTCOMES[outcome])


def _outcome(outcome: str, status: Payload) -> str:
    return _sentence(f"setpoint {outcome}", status.get("detail"))


def _sentence(what: str, why: object) -> str:
    return f"{what}: {why}" if why else what
