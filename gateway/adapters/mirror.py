"""A collection and what the house wrote into it, kept level with a file that intents read.

What people wrote is copied into the file.  What the house wrote is left out of it until somebody
changes it: then it is theirs, and its name is a wish.  One of ours that somebody took away is not
written again, and its load is left alone in that time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from gateway.adapters.caldav import CalendarUnreachable, Collection, Overtaken
from gateway.adapters.calendar_written import event_text, merged
from gateway.adapters.files import write_whole
from gateway.adapters.state import explained, load_document, store_document
from gateway.model.commitment import Commitment
from gateway.model.site import CalDavSettings
from gateway.model.time import HOUR, Instant

_KEPT: Final = 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An event of ours as it was written."""

    place: str
    etag: str
    commitment: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What outlives a restart: events of ours, and those that are ours no more, by UID.

    Attributes:
        refused: taken away by somebody; ``changed``: changed by somebody, and theirs.
    """

    ours: Mapping[str, Written] = field(default_factory=dict)
    refused: Mapping[str, Commitment] = field(default_factory=dict)
    changed: Mapping[str, Commitment] = field(default_factory=dict)
    v: int = 1


def open_mirror(settings: CalDavSettings, file: Path, area: str) -> "Mirror":
    """Of the calendar that the settings name, into ``file``; the password is read anew.

    Raises:
        CalendarUnreachable: its file cannot be read.
    """
    password = ""
    if settings.password_file:
        try:
            text = Path(settings.password_file).read_text("utf-8")
        except (OSError, ValueError) as error:
            message = f"the password file {settings.password_file} cannot be read: {error}"
            raise CalendarUnreachable(message) from error
        password = text.partition("\n")[0].strip()
    collection = Collection(settings.url, settings.user, password)
    return Mirror(collection, file, file.with_name("caldav.json"), area)


class Mirror:
    """Blocks while it asks the server: for a thread.

    Args:
        file: where intents are read; ``memory``: what outlives a restart.
        area: in the UIDs of what is written.
    """

    def __init__(self, collection: Collection, file: Path, memory: Path, area: str) -> None:
        self._collection = collection
        self._file = file
        self._memory = memory
        self._area = area
        self._texts: dict[str, tuple[str, str]] = {}
        self._mark = ""
        self._kept: Kept | None = None

    def leave(self) -> None:
        """The gateway goes down."""
        self._collection.leave()

    def sync(self, wanted: Sequence[Commitment], now: Instant) -> None:
        """Both ways, once.

        Raises:
            CalendarUnreachable: the server did not answer as a calendar does.
            StateUnusable: the disk.
        """
        before = self._remembered()
        kept, mark = _without_old(before, now), self._collection.mark()
        same = bool(mark) and mark == self._mark and kept == before
        if not same or not self._file.exists():
            listing = self._collection.listing()
            kept = _seen(kept, listing, now)
            self._copy(kept, listing)
        written = self._write(kept, wanted, now)
        # After a word of ours the mark is another, or that of before once somebody undoes it.
        self._mark = mark if written == kept else ""
        if written != before:
            store_document(self._memory, written)
            self._kept = written

    def _remembered(self) -> Kept:
        if self._kept is None:
            try:
                self._kept = load_document(self._memory, Kept) or Kept()
            except ValueError:
                # What stood there is taken for a person's, whose wishes are obeyed.
                self._kept = Kept()
        return self._kept

    def _copy(self, kept: Kept, listing: Mapping[str, str]) -> None:
        """What people wrote, into the file."""
        own = {one.place for one in kept.ours.values()}
        texts: dict[str, tuple[str, str]] = {}
        for place, etag in sorted(listing.items()):
            if place in own:
                continue
            known = self._texts.get(place)
            text = known[1] if known and known[0] == etag else self._collection.text(place)
            if text is not None:
                texts[place] = etag, text
        self._texts = texts
        rests = (_rest(uid, one) for uid, one in sorted(kept.refused.items()))
        whole = merged([*(text for _, text in texts.values()), *rests])
        with explained(self._file):
            if not self._file.exists() or self._file.read_bytes() != whole.encode():
                write_whole(self._file, whole)

    def _write(self, kept: Kept, wanted: Sequence[Commitment], now: Instant) -> Kept:
        """What the house has committed itself to, into the calendar."""
        ours = dict(kept.ours)
        due = {one.uid(self._area): one for one in wanted}
        for uid in [*ours]:
            ahead = ours[uid].commitment.interval.start > now
            if uid not in due and ahead and self._take_away(ours[uid]):
                del ours[uid]
        for uid, one in due.items():
            stands = ours.get(uid)
            if uid in kept.refused or uid in kept.changed:
                continue
            if stands is None or stands.commitment.differs(one):
                written = self._put(uid, one, stands, now)
                if written is not None:
                    ours[uid] = written
        return replace(kept, ours=ours)

    def _put(
        self, uid: str, one: Commitment, stands: Written | None, now: Instant
    ) -> Written | None:
        place = self._collection.place(uid)
        text = event_text(uid, one.name, one.interval, now)
        try:
            etag = self._collection.put(place, text, stands.etag if stands else "")
        except Overtaken:
            return None  # the next look sees what became of it
        return Written(place=place, etag=etag, commitment=one)

    def _take_away(self, stands: Written) -> bool:
        try:
            self._collection.delete(stands.place, stands.etag)
        except Overtaken:
            return False
        return True


def _seen(kept: Kept, listing: Mapping[str, str], now: Instant) -> Kept:
    """What people did to events of ours."""
    ours, refused, changed = dict(kept.ours), dict(kept.refused), dict(kept.changed)
    for uid, one in kept.ours.items():
        etag = listing.get(one.place)
        if etag == one.etag:
            continue
        del ours[uid]
        if etag is not None:
            changed[uid] = one.commitment
        elif one.commitment.interval.end > now:
            refused[uid] = one.commitment
    return Kept(ours=ours, refused=refused, changed=changed)


def _without_old(kept: Kept, now: Instant) -> Kept:
    """What is long over is the person's to keep."""

    def young(one: Commitment) -> bool:
        return one.interval.end + _KEPT > now

    return Kept(
        ours={uid: one for uid, one in kept.ours.items() if young(one.commitment)},
        refused={uid: one for uid, one in kept.refused.items() if young(one)},
        changed={uid: one for uid, one in kept.changed.items() if young(one)},
    )


def _rest(uid: str, one: Commitment) -> str:
    name = f"{one.device}: no interruptions"
    return event_text(f"rest.{uid}", name, one.interval, one.interval.start)
