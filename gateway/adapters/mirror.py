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
from gateway.adapters.calendar_written import event_text, merged, says_same
from gateway.adapters.files import write_whole
from gateway.adapters.state import explained, load_document, store_document
from gateway.model.commitment import Commitment
from gateway.model.site import CalDavSettings
from gateway.model.time import HOUR, Instant

_KEPT: Final = 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An event of ours as it was written.

    Attributes:
        sure: the server has answered; else it may say this, or what it said as ``etag``.
    """

    place: str
    etag: str
    commitment: Commitment
    sure: bool = True


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
            kept = _seen(self._recognised(kept, listing), listing, now)
            self._copy(kept, listing)
        self._mark = ""
        written = self._write(kept, wanted, now)
        # After a word of ours the mark is another, or that of before once somebody undoes it.
        self._mark = mark if written == kept else ""
        self._remember(written)

    def _remembered(self) -> Kept:
        if self._kept is None:
            try:
                self._kept = load_document(self._memory, Kept) or Kept()
            except ValueError:
                # What stood there is taken for a person's, whose wishes are obeyed.
                self._kept = Kept()
        return self._kept

    def _remember(self, kept: Kept) -> None:
        if kept != self._kept:
            store_document(self._memory, kept)
            self._kept = kept

    def _recognised(self, kept: Kept, listing: Mapping[str, str]) -> Kept:
        """What became of words of ours: one whose answer was lost was heard, or not.

        One that still says what we said is ours, whatever the server calls it by now.
        """
        ours = dict(kept.ours)
        for uid, one in kept.ours.items():
            etag = listing.get(one.place)
            if etag == one.etag:
                continue
            if etag is None:
                if not one.sure:
                    del ours[uid]
            elif self._says(one):
                ours[uid] = replace(one, etag=etag, sure=True)
        return replace(kept, ours=ours)

    def _says(self, one: Written) -> bool:
        said = one.commitment
        return says_same(self._collection.text(one.place) or "", said.name, said.interval)

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
        theirs = {*kept.refused, *kept.changed}
        due = {uid: one for one in wanted if (uid := one.uid(self._area)) not in theirs}
        ours = dict(kept.ours)
        gone = [
            uid
            for uid, one in ours.items()
            if uid not in due and one.commitment.interval.start > now
        ]
        new = {uid: one for uid, one in due.items() if _is_news(ours.get(uid), one)}
        self._remember(replace(kept, ours={**ours, **self._unsure(kept, gone, new)}))
        for uid in gone:
            if self._take_away(ours[uid]):
                del ours[uid]
        for uid, one in new.items():
            written = self._put(uid, one, ours.get(uid), now)
            if written is not None:
                ours[uid] = written
        return replace(kept, ours=ours)

    def _unsure(
        self, kept: Kept, gone: Sequence[str], new: Mapping[str, Commitment]
    ) -> dict[str, Written]:
        """Noted before it is said: the server may hear it and the answer be lost."""
        etags = {uid: one.etag for uid, one in kept.ours.items()}
        place = self._collection.place
        return {uid: replace(kept.ours[uid], sure=False) for uid in gone} | {
            uid: Written(place=place(uid), etag=etags.get(uid, ""), commitment=one, sure=False)
            for uid, one in new.items()
        }

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


def _is_news(stands: Written | None, one: Commitment) -> bool:
    return stands is None or not stands.sure or stands.commitment.differs(one)


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
