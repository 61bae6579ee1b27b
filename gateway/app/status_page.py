"""The gateway on one screen, for a person."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.app.board import Board, Payload, commanded, money, tightened, watts
from gateway.app.status_advice import Attention, attention
from gateway.app.status_ground import Ground
from gateway.model.time import MINUTE, SECOND, Instant, parse_rfc3339, rfc3339

WIDTH: Final = 80
_LABEL: Final = 10
_NARROWEST: Final = 12
_STALE_S: Final = 60
_SHOUTED: Final = frozenset({"offline", "faulty"})
# Parties of the gateway itself.
_OWN: Final = frozenset({"utility", "must-run"})
_LONGEST: Final = ((24 * 60 * MINUTE, "d"), (60 * MINUTE, "h"), (MINUTE, "min"), (SECOND, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that was found out.

    Attributes:
        ground: None where the state folder may not be looked into; ``blind``: why.
        board: what was heard on MQTT; empty when nothing was.
        unheard: why nothing was heard, else empty.
        synchronised: this machine's clock.
        parties: outside parties of the configuration, where it was read.
    """

    area: str
    now: Instant
    ground: Ground | None
    blind: str
    board: Board
    unheard: str
    broker: str
    synchronised: bool
    parties: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether a gateway runs, by the lock or, where that is not seen, by its own word."""
        if self.ground is not None:
            return self.ground.running
        return self.board.of("status").get("status") == "online"

    @property
    def heard(self) -> bool:
        """Whether the running gateway was heard."""
        return self.board.of("status").get("status") == "online"

    @property
    def unknown(self) -> bool:
        """Whether nothing tells if one runs."""
        return self.ground is None and not self.heard

    def attention(self) -> list[Attention]:
        """All that needs a person."""
        found = [*self._about_ground()]
        if self.running and not self.heard:
            do = "The house is steered all the same. See to the broker; the log says more."
            found.append(Attention(subject="broker", what=self.unheard, do=do))
        if not self.synchronised:
            do = "Prices and gates go by the clock: see to the time service (timedatectl)."
            found.append(Attention(subject="clock", what="not synchronised", do=do))
        return found + (list(attention(self.board)) if self.heard else [])

    def _about_ground(self) -> Iterator[Attention]:
        ground = self.ground
        if self.unknown:
            do = "Be the user it runs as, or use sudo."
            yield Attention(subject="gateway", what=f"not known to run: {self.blind}", do=do)
        elif not self.running:
            do = "systemctl start gridtender; journalctl -u gridtender says why it ended."
            yield Attention(subject="gateway", what="it does not run", do=do)
        if ground is None:
            return
        if not ground.running and ground.armed:
            what = f"written to and not let go of: {', '.join(ground.armed)}"
            do = "gridtender release brings them to their fall-back level."
            yield Attention(subject="devices", what=what, do=do)
        if ground.control_broken:
            yield Attention(
                subject="control", what=ground.control_broken, do="As it says; then say it again."
            )
        for sentence in ground.broken:
            yield Attention(subject="release", what=sentence, do="As it says.")


def page(status: Status, width: int = WIDTH) -> list[str]:
    """The lines, none wider than ``width``."""
    shown = _Page(status, width)
    lines = [*shown.head(), *(shown.house() if status.heard else shown.without()), *shown.needs()]
    return [_printable(line.rstrip()[:width]) for line in lines]


class _Page:
    """Lines about one gateway."""

    def __init__(self, status: Status, width: int) -> None:
        self._status = status
        self._board = status.board
        self._now = status.now
        self._width = width
        self._zone = _zone(str(status.board.of("m/ref").get("timezone", "UTC")))

    # The top.

    def head(self) -> Iterator[str]:
        status = self._status
        yield f"{status.area:<{self._width - 22}}{self._clock(self._now, date=True):>22}"
        yield from self._entry("gateway", self._gateway())
        yield from self._entry("control", self._control())
        yield from self._entry("broker", status.broker)
        yield from self._entry(
            "clock", "synchronised" if status.synchronised else "NOT synchronised"
        )
        if status.ground is not None and status.ground.written is not None:
            ago = self._span(self._now - status.ground.written)
            yield from self._entry("journal", f"written {ago} ago")

    def _gateway(self) -> str:
        status = self._status
        if not status.running:
            return "not known to run" if status.unknown else "NOT RUNNING"
        presence = status.ground.presence if status.ground else None
        version = f", version {presence.version}" if presence else ""
        since = _instant(self._board.of("status").get("since"))
        spoken = f", on MQTT since {self._clock(since, date=True)}" if since else ""
        return f"running{version}{spoken}"

    def _control(self) -> str:
        told = self._board.of("m/control")
        if self._status.heard and told:
            mode, by, until = told.get("mode"), told.get("by"), _instant(told.get("until"))
        elif self._status.ground is not None and self._status.ground.control is not None:
            control = self._status.ground.control
            mode, by, until = control.mode.value, "topic or command", control.until
        else:
            return "as configured"
        end = f" until {self._clock(until, date=True)}" if until else ""
        return f"{mode}{end} (by {by})"

    # What the house does.

    def house(self) -> Iterator[str]:
        for topic, clearing in sorted(self._board.topics.items()):
            if topic.endswith("/clearing"):
                yield from self._market(topic.split("/")[1], clearing)
        yield from self._parties()
        yield from self._limits()
        yield ""
        yield f"{'device':<{_LABEL}}{'state':<9}{'power':>9}{'charge':>8}  setpoint"
        for device in self._board.devices():
            yield from self._device(device)

    def _market(self, product: str, clearing: Payload) -> Iterator[str]:
        gate = _instant(self._board.of(f"p/{product}/session").get("sessionClose"))
        left = f", next gate in {self._span(max(0, gate - self._now))}" if gate else ""
        volume = clearing.get("volume", 0)
        text = f"{money(clearing)}, {volume} {clearing.get('resourceUnit', '')}{left}"
        yield from self._entry(product, text)
        yield from self._entry("", str(clearing.get("because", "")))

    def _limits(self) -> Iterator[str]:
        """What the owner has tightened since the configuration."""
        for topic, told in sorted(self._board.topics.items()):
            if topic.endswith("/limits") and (text := tightened(told)):
                yield from self._entry("limits", f"{topic.split('/')[1]}: {text}")

    def _parties(self) -> Iterator[str]:
        local = {*self._board.devices(), *_OWN}
        tendering = {
            topic.split("/")[3]: sum(len(one.get("tenders", ())) for one in book.get("sets", ()))
            for topic, book in self._board.topics.items()
            if "/tender/" in topic
        }
        names = sorted({*self._status.parties, *tendering} - local)
        told = [f"{name} ({tendering.get(name, 0)} tenders)" for name in names]
        if told:
            yield from self._entry("parties", ", ".join(told))
        ground = self._status.ground
        for sentence in () if ground is None else ground.asking:
            yield from self._entry("consent", sentence)

    def _device(self, device: str) -> Iterator[str]:
        state, reading = self._board.of(f"d/{device}/state"), self._board.of(f"d/{device}/reading")
        word = str(state.get("state", "?"))
        fresh = word in {"online", "faulty"} and not self._stale(reading)
        power = reading.get("flows", {}).get("POWER") if fresh else None
        soc = reading.get("soc_pct") if fresh else None
        shade = word.upper() if word in _SHOUTED else word
        charge = "" if soc is None else f"{soc:.0f} %"
        status = self._board.of(f"d/{device}/set")
        told = self._setpoint(device, status)
        row = f"{device:<{_LABEL - 1}} {shade:<9}{watts(power):>9}{charge:>8}"
        yield from self._row(f"{row}  ", told)
        if status.get("commanded") is not None:
            yield from self._entry("", str(status.get("because", "")))
        if told := _bounds(status):
            yield from self._entry("", told)
        for note in self._board.of(f"d/{device}/desc").get("notes", ()):
            if str(note).startswith("quirk "):
                yield from self._entry("", str(note))

    def _row(self, row: str, told: str) -> Iterator[str]:
        """What does not fit beside the row goes below it: the end of a lease is not cut off."""
        first, *rest = textwrap.wrap(told, max(_NARROWEST, self._width - len(row))) or [""]
        yield f"{row}{first}"
        for line in rest:
            yield f"{'':<{len(row)}}{line}"

    def _stale(self, reading: Payload) -> bool:
        at = _instant(reading.get("at"))
        return at is None or self._now - at > _STALE_S * SECOND

    def _setpoint(self, device: str, status: Payload) -> str:
        described = self._board.of(f"d/{device}/desc")
        if described.get("capabilities", {}).get("control", "none") == "none":
            return ""
        if status.get("commanded") is None:
            return "none"
        lease, timer = _instant(status.get("leaseUntil")), _instant(status.get("timerUntil"))
        left = "" if lease is None else f", lease {self._span(max(0, lease - self._now))}"
        timed = "" if timer is None else f", timer {self._span(max(0, timer - self._now))}"
        return f"{commanded(status, described)}, {status.get('outcome')}{left}{timed}"

    # Where no gateway was heard.

    def without(self) -> Iterator[str]:
        status = self._status
        yield from self._entry("state", str(status.ground.path) if status.ground else status.blind)
        if status.ground is None:
            return
        armed = ", ".join(status.ground.armed) or "no device"
        yield from self._entry("armed", armed)

    # What is to be done.

    def needs(self) -> Iterator[str]:
        found = self._status.attention()
        yield ""
        if not found:
            yield "Nothing needs you."
            return
        yield "Needs attention"
        for one in found:
            since = _instant(one.since)
            ago = f" for {self._span(self._now - since)}" if since else ""
            head = f"  {one.subject}: "
            yield from textwrap.wrap(
                f"{one.what}{ago}", self._width, initial_indent=head, subsequent_indent="    "
            )
            yield from textwrap.wrap(
                one.do, self._width, initial_indent="    -> ", subsequent_indent="       "
            )

    def _entry(self, label: str, text: str) -> Iterator[str]:
        lines = textwrap.wrap(text, self._width - _LABEL) or [""]
        for at, line in enumerate(lines):
            yield f"{label if at == 0 else '':<{_LABEL}}{line}"

    def _clock(self, at: Instant, *, date: bool = False) -> str:
        try:
            local = datetime.fromtimestamp(at // SECOND, UTC).astimezone(self._zone)
        except (OverflowError, ValueError):  # at the ends of the calendar
            return "?"
        return local.strftime("%d %b %H:%M:%S" if date else "%H:%M:%S")

    def _span(self, duration: int) -> str:
        """The largest unit that fits, whole."""
        for length, unit in _LONGEST:
            if duration >= length:
                return f"{duration // length} {unit}"
        return "0 s"


def document(status: Status) -> dict[str, object]:
    """The same for a program."""
    ground = status.ground
    return {
        "area": status.area,
        "at": rfc3339(status.now),
        "running": status.running,
        "heard": status.heard,
        "unheard": status.unheard,
        "broker": status.broker,
        "clockSynchronised": status.synchronised,
        "armed": [] if ground is None else list(ground.armed),
        "asking": [] if ground is None else list(ground.asking),
        "journalWritten": None
        if ground is None or ground.written is None
        else rfc3339(ground.written),
        "attention": [
            {"subject": one.subject, "what": one.what, "since": one.since or None, "do": one.do}
            for one in status.attention()
        ],
        "topics": dict(sorted(status.board.topics.items())),
    }


def _bounds(status: Payload) -> str:
    """When the device would be at its fall-back without us, and what its memory had to take."""
    after, seen = status.get("fallbackAfter_s"), status.get("fallbackObserved_s")
    writes, budget = status.get("writesToday"), status.get("writesPerDay")
    parts = []
    if after is not None and status.get("commanded") is not None:
        drilled = "no drill yet" if seen is None else f"{seen:.0f} s in the last drill"
        parts.append(f"fall-back within {after:.0f} s ({drilled})")
    if writes:
        parts.append(f"{writes}{'' if budget is None else f' of {budget}'} writes today")
    return ", ".join(parts)


def _printable(line: str) -> str:
    """What devices say of themselves does not steer the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def _instant(text: object) -> Instant | None:
    try:
        return parse_rfc3339(str(text)) if text else None
    except ValueError:
        return None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
