"""Passwords of the owner and of outside parties on a broker of our own.

Each lies in a file of its own that only the gateway's user can read; it is made once, and
what is written there by hand is taken.
"""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.adapters.files import remove, write_whole

OWNER = "owner"


def passwords(folder: Path, names: Iterable[str]) -> Mapping[str, str]:
    """Password by user name, from ``folder/NAME``; missing files are made.

    Raises:
        OSError: the folder cannot be read or written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: _password(folder / name) for name in names}


def keep(folder: Path, name: str, password: str) -> None:
    """Have the password a party proposed itself.

    Raises:
        OSError: it is not on the disk.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / name, password + "\n")


def known(folder: Path, name: str) -> str | None:
    """The password under the name; None: there is none.

    Raises:
        OSError: it cannot be read.
    """
    file = folder / name
    return file.read_text("utf-8").strip() or None if file.exists() else None


def forget(folder: Path, name: str) -> None:
    """End a login.

    Raises:
        OSError: the file is still there.
    """
    if (folder / name).exists():
        remove(folder / name)


def _password(file: Path) -> str:
    if found := known(file.parent, file.name):
        return found
    made = secrets.token_urlsafe(16)
    write_whole(file, made + "\n")
    return made
