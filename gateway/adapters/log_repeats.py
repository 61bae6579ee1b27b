"""What the log has said already: repeats are counted, not printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.model.time import MINUTE, Duration, in_seconds

Event = Mapping[str, object]

EVERY: Final = Duration(10 * MINUTE)
_MOST_STORIES: Final = 256
# What an event is about.  Two devices that fail are two stories.
_WHO: Final = ("device", "party", "product", "station", "what", "library")
# Measured anew each time: another number of these is no other message.
_MEASURES: Final = ("_s", "_w", "_wh", "_pct", "_bytes", "_rows")
# Chosen by whoever sends; there may be any number of them.
_DETAILS: Final = {
    "mqtt.message_ignored": ("topic",),
    "request.refused": ("reason",),
    "fieldbroker.message_ignored": ("topic", "bytes"),
    "share.write_refused": ("client", "unit", "registers", "reason"),
    "share.written": ("client", "unit", "registers"),
}


@dataclass(slots=True)
class _Story:
    """The last that was said about something.

    Attributes:
        same: what makes a further event the same again.
        event: the newest of them; ``count``: how many were not printed since ``told``.
    """

    same: tuple[object, ...]
    event: Event
    told: Duration
    count: int = 0


class Repeats:
    """Passes on the first event of its kind and every change; counts what only repeats it.

    An event repeats when it is the same as the one before it with the same noun (the part of
    its name before the dot) about the same device, party, product.  Times are monotonic.
    """

    def __init__(self, every: Duration = EVERY) -> None:
        self._every = every
        self._stories: dict[tuple[object, ...], _Story] = {}

    def hear(self, event: Event, now: Duration) -> list[Event]:
        """What is to be printed now, in order."""
        about, same = _about(event), _same(event)
        story = self._stories.pop(about, None)
        said: list[Event] = []
        if story is not None and story.same == same:
            story.count, story.event = story.count + 1, event
            said += self._summary(story, now)
        else:
            said += [] if story is None or not story.count else [_counted(story, now)]
            said.append(event)
            story = _Story(same=same, event=event, told=now)
        self._stories[about] = story  # the newest last
        return said + self._make_room(now)

    def due(self, now: Duration) -> list[Event]:
        """Summaries of what was repeated for long enough."""
        stories = list(self._stories.values())  # a thread may say something meanwhile
        return [one for story in stories for one in self._summary(story, now)]

    def end(self, now: Duration) -> list[Event]:
        """Summaries of all that was repeated, before the log ends."""
        stories, self._stories = self._stories, {}
        return [_counted(story, now) for story in stories.values() if story.count]

    def _summary(self, story: _Story, now: Duration) -> list[Event]:
        if not story.count or now - story.told < self._every:
            return []
        told = _counted(story, now)
        story.count, story.told = 0, now
        return [told]

    def _make_room(self, now: Duration) -> list[Event]:
        if len(self._stories) <= _MOST_STORIES:
            return []
        oldest = self._stories.pop(next(iter(self._stories)))
        return [_counted(oldest, now)] if oldest.count else []


def _about(event: Event) -> tuple[object, ...]:
    name = str(event.get("event", ""))
    # Beside others of its noun, or two that take turns would be new each time.
    noun = name if name in _DETAILS else name.partition(".")[0]
    return (noun, *(event.get(name) for name in _WHO))


def _same(event: Event) -> tuple[object, ...]:
    """All but numbers that are measured, and of a traceback only what it says in the end."""
    left_out = _DETAILS.get(str(event.get("event")), ())
    return tuple(
        (name, str(value).rpartition("\n")[2] if name == "exception" else str(value))
        for name, value in sorted(event.items())
        if name not in left_out and not (isinstance(value, int | float) and _is_measure(name))
    )


def _is_measure(name: str) -> bool:
    return name.endswith(_MEASURES)


def _counted(story: _Story, now: Duration) -> Event:
    event = {name: value for name, value in story.event.items() if name != "exception"}
    within_s = round(in_seconds(now - story.told))
    return {**event, "repeated": story.count, "within_s": within_s}
