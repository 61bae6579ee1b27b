"""``parties.json`` in the state folder: who was let in, who asks to be.

The daemon and commands both change it, one at a time under a lock of its own.  Passwords of
parties lie beside it in ``credentials``; that of a newcomer is in the file until the consent.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.adapters.credentials import forget, keep, known
from gateway.adapters.files import hand_over
from gateway.adapters.state import StateUnusable, explained, load_document, store_document
from gateway.model.errors import WrongInput
from gateway.model.membership import REGISTRATION, Newcomer, PartyBook

VERSION: Final = 1
CREDENTIALS: Final = "credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """``parties.json``."""

    book: PartyBook
    v: int = VERSION


class PartyFile:
    """The file of one state folder; no file is an empty book."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "parties.json"
        self._lock = folder / "parties.lock"
        self._credentials = folder / CREDENTIALS

    @property
    def stamp(self) -> tuple[int, int] | None:
        """Another whenever the file is another; None without one."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def load(self) -> PartyBook:
        """What is on the disk.

        Raises:
            StateUnusable: the file is broken or cannot be read; it is left as it is.
        """
        try:
            kept = load_document(self._path, _Document)
        except ValueError as error:
            message = (
                f"{self._path}: {error}; nobody is let in by it: mend it, or remove it and add "
                "the parties again"
            )
            raise StateUnusable(message) from error
        return PartyBook() if kept is None else kept.book

    def change(self, change: Callable[[PartyBook], PartyBook]) -> PartyBook:
        """Make a new book of the newest one, durable when this returns.

        Passwords of newcomers who became parties are kept, those of who was removed forgotten.

        Raises:
            StateUnusable: it is not on the disk.
            WrongInput: by ``change``, or a stranger's name has a login already, as a former party
                of the configuration has; nothing was changed.
        """
        with self._locked():
            old = self.load()
            new = change(old)
            if new != old:
                self._refuse_known(old, new)
                self._keep_passwords(old, new)
                store_document(self._path, _Document(book=new))
                self._forget_passwords(old, new)
        return new

    def _refuse_known(self, old: PartyBook, new: PartyBook) -> None:
        """Nobody comes to a login by asking for its name."""
        let_in = _let_in(old, new)
        asking = (one for one in new.waiting if one not in old.waiting)
        with explained(self._credentials):
            for newcomer in (*asking, *let_in):
                password = known(self._credentials, newcomer.name)
                again = newcomer in let_in and password == newcomer.password  # after a crash
                if password is not None and not again:
                    message = f"the name {newcomer.name} is taken; propose another"
                    raise WrongInput(message)

    def _keep_passwords(self, old: PartyBook, new: PartyBook) -> None:
        with explained(self._credentials):
            for newcomer in _let_in(old, new):
                keep(self._credentials, newcomer.name, newcomer.password)

    def _forget_passwords(self, old: PartyBook, new: PartyBook) -> None:
        with explained(self._credentials):
            for member in old.present:
                if new.member(member.name) is None:
                    forget(self._credentials, member.name)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with explained(self._lock):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            file = os.fdopen(os.open(self._lock, flags, 0o600), "r+")
            hand_over(file.fileno(), self._lock.parent)
        with file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield


def _let_in(old: PartyBook, new: PartyBook) -> tuple[Newcomer, ...]:
    """Strangers with a password of their own; whom a command adds is told another."""
    members = {one.name for one in new.present if one.by == REGISTRATION}
    return tuple(one for one in old.waiting if one.name in members)
