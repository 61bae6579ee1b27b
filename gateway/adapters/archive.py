"""A backup as one file: a tar.gz whose first member says what the others are, with their hashes.

Nothing in an archive chooses where it goes: members are plain files with plain names, and
whoever reads one says what becomes of them.
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from gateway.adapters.files import sync_directory
from gateway.model.errors import GridtenderError, WrongInput

VERSION: Final = 1
_MANIFEST: Final = "manifest.json"
_LONGEST_MANIFEST: Final = 4 * 2**20
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}")
_CHUNK: Final = 2**20
_UNREADABLE = (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError, zlib.error)


class BackupFailed(GridtenderError):
    """The backup could not be written."""


class NotABackup(WrongInput):
    """The file is none, is damaged, or was written by a newer version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file to keep.

    Attributes:
        name: in the archive, e.g. ``state/owner.json``.
        content: its bytes, or the path of a file that does not change meanwhile.
    """

    name: str
    content: bytes | Path


def is_plain(name: str) -> bool:
    """Whether the name may stand in an archive: no root, no dots for folders, no odd signs."""
    parts = name.split("/")
    return all(_PART.fullmatch(part) for part in parts)


def write_archive(target: Path, about: Mapping[str, object], items: Sequence[Item]) -> None:
    """Write the archive, for its owner's eyes only; there or not, never half.

    Raises:
        BackupFailed: the disk does not take it.
    """
    files = {item.name: _measured(item) for item in items}
    manifest = json.dumps({"v": VERSION, **about, "files": files}, indent=1).encode()
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb") as packed, _tar(packed) as tar:
                _add(tar, Item(name=_MANIFEST, content=manifest))
                for item in items:
                    _add(tar, item)
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(target)
        sync_directory(target.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        message = f"{target}: the backup cannot be written: {error.strerror or error}"
        raise BackupFailed(message) from error


def _tar(packed: gzip.GzipFile) -> tarfile.TarFile:
    return tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT)


def _add(tar: tarfile.TarFile, item: Item) -> None:
    member = tarfile.TarInfo(item.name)
    member.mode = 0o600
    if isinstance(item.content, bytes):
        member.size = len(item.content)
        tar.addfile(member, io.BytesIO(item.content))
        return
    with item.content.open("rb") as file:
        member.size = os.fstat(file.fileno()).st_size
        tar.addfile(member, file)


def _measured(item: Item) -> dict[str, object]:
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(item):
        digest.update(piece)
        size += len(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _pieces(item: Item) -> Iterator[bytes]:
    if isinstance(item.content, bytes):
        yield item.content
        return
    with item.content.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


class Archive:
    """An archive that was found whole: every file has the hash that its manifest says.

    Attributes:
        about: the manifest; ``names``: of the files.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        """Unpack ``path`` below the empty ``folder``.

        Raises:
            NotABackup: it is none, or damaged, or of a newer version; says which.
        """
        self._folder = folder
        with _explained(path):
            _check_sum(path)
        with _explained(path), tarfile.open(path, "r:gz") as tar:
            self.about = _manifest(path, tar)
            self.names = tuple(self.about["files"])
            for name in self.names:
                self._unpack(path, tar, name)

    def file(self, name: str) -> Path:
        """Where the unpacked file lies."""
        return self._folder.joinpath(*PurePosixPath(name).parts)

    def below(self, folder: str) -> Iterator[tuple[str, Path]]:
        """Name without the folder, and unpacked file, of all below a folder of the archive."""
        for name in self.names:
            if name.startswith(f"{folder}/"):
                yield name.removeprefix(f"{folder}/"), self.file(name)

    def _unpack(self, path: Path, tar: tarfile.TarFile, name: str) -> None:
        expected = self.about["files"][name]
        source = tar.extractfile(tar.getmember(name)) if is_plain(name) else None
        if source is None:
            message = f"{path}: {name!r} is no file that a backup holds"
            raise NotABackup(message)
        size, digest, target = int(expected["bytes"]), hashlib.sha256(), self.file(name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while piece := source.read(min(_CHUNK, size + 1)):
                size -= len(piece)
                digest.update(piece)
                if size < 0:
                    break
                out.write(piece)
        if size or digest.hexdigest() != expected["sha256"]:
            message = f"{path}: the backup is damaged: {name} is not what was backed up"
            raise NotABackup(message)


def _check_sum(path: Path) -> None:
    """Read to the end, where the checksum of all of it stands."""
    with gzip.open(path) as packed:
        while packed.read(_CHUNK):
            pass


def _manifest(path: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    member = tar.next()
    source = tar.extractfile(member) if member is not None and member.name == _MANIFEST else None
    if member is None or source is None or member.size > _LONGEST_MANIFEST:
        message = f"{path}: this is no backup of gridtender"
        raise NotABackup(message)
    about: dict[str, Any] = json.loads(source.read())
    if int(about["v"]) > VERSION:
        message = (
            f"{path}: the backup was written by gridtender {about.get('version')}, a newer one: "
            "upgrade before you restore it"
        )
        raise NotABackup(message)
    return about


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        message = f"{path}: there is no such file"
        raise NotABackup(message) from error
    except _UNREADABLE as error:
        message = f"{path}: no backup, or a damaged one: {error}"
        raise NotABackup(message) from error
