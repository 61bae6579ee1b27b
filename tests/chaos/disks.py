"""The disk under a life (lives.py): where it dies, and what a power cut leaves of what it wrote."""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECTOR = 512
_HEAD = struct.Struct("<cIqI")


def build(folder):
    """The library of disk.c."""
    library = folder / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run(
        ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"],
        check=True,
    )
    return library


@dataclass
class Lives:
    """The process that lives; ``folder`` is the disk that is watched."""

    folder: Path
    library: Path
    process: subprocess.Popen = None
    number: int = 0

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.errors = self.folder.with_name(f"{self.folder.name}.stderr").open("wb+")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("lives.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=ROOT,
            env={
                **os.environ,
                "LD_PRELOAD": str(self.library),
                "DISK_ROOT": str(self.folder),
                "PYTHONPATH": str(ROOT),
            },
        )
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self.errors.close()

    def live(self, kind, *, die_at=-1, half=False, seed=0, rounds=5, log=None, again=()):
        """One life: (whether it died, how many changes it made, what it said)."""
        said = self.folder.with_name(f"{self.folder.name}.said")
        life = {
            "kind": kind,
            "folder": str(self.folder),
            "number": self.number,
            "die_at": die_at,
            "half": int(half),
            "seed": seed,
            "rounds": rounds,
            "log": None if log is None else str(log),
            "said": str(said),
            "again": list(again),
        }
        self.number += 1
        self.process.stdin.write(json.dumps(life) + "\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline())
        if ended["code"] == 1:
            self.errors.seek(0)
            message = self.errors.read().decode()
            raise AssertionError(message)
        lines = said.read_text().split("\n")
        return ended["code"] != 0, ended["changes"], [json.loads(line) for line in lines[:-1]]


@dataclass
class Change:
    """One change of a file, or something said to the outside."""

    kind: str
    name: str
    at: int
    data: bytes


def read_log(path):
    """The changes in order."""
    data, place, changes = path.read_bytes(), 0, []
    while place < len(data):
        kind, length, at, size = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        name = data[place : place + length].decode()
        place += length
        changes.append(Change(kind.decode(), name, at, data[place : place + size]))
        place += size
    return changes


@dataclass
class Platter:
    """What is on the disk for certain, and what may be lost: a file system at its worst.

    Contents are certain after a sync of the file, names after one of their folder.
    """

    certain: dict = field(default_factory=dict)  # inode -> bytes
    pending: dict = field(default_factory=dict)  # inode -> [(at, data) or size]
    names: dict = field(default_factory=dict)  # name -> inode
    kept_names: dict = field(default_factory=dict)
    said: list = field(default_factory=list)
    inodes: int = 0

    @classmethod
    def of(cls, folder):
        """A folder as it is."""
        platter = cls()
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                platter._create(str(file.relative_to(folder)))
                platter.certain[platter.inodes] = file.read_bytes()
        platter.kept_names = dict(platter.names)
        return platter

    def _create(self, name):
        self.inodes += 1
        self.names[name] = self.inodes
        self.certain[self.inodes] = b""
        self.pending[self.inodes] = []

    def apply(self, change):
        """One change more."""
        inode = self.names.get(change.name)
        match change.kind:
            case "!":
                self.said += change.data.decode().splitlines()
            case "c":
                self._create(change.name)
            case "w":
                self.pending[inode].append((change.at, change.data))
            case "t":
                self.pending[inode].append(change.at)
            case "r":
                self.names[change.data.decode()] = self.names.pop(change.name)
            case "u":
                self.names.pop(change.name, None)
            case "s" if inode is None:
                self._keep_names("" if change.name == "." else change.name)
            case "s":
                self.certain[inode] = _written(self.certain[inode], self.pending[inode])
                self.pending[inode] = []

    def _keep_names(self, folder):
        for name in {*self.names, *self.kept_names}:
            if name.rpartition("/")[0] == folder:
                self.kept_names.pop(name, None)
                if name in self.names:
                    self.kept_names[name] = self.names[name]

    def after_a_cut(self, folder, chance):
        """The folder as the power cut leaves it; ``chance`` says what of the rest got through."""
        shutil.rmtree(folder, ignore_errors=True)
        names = dict(chance.choice((self.names, self.kept_names)))
        for name, inode in names.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            pending = self.pending[inode]
            match chance.randrange(4):
                case 0:
                    got = []
                case 1:
                    got = pending
                case _:  # in any order, sector by sector
                    got = [piece for change in pending for piece in _sectors(change)]
                    got = [piece for piece in got if chance.random() < 0.6]
            file.write_bytes(_written(self.certain[inode], got))


def _sectors(change):
    if isinstance(change, int):
        return [change]
    at, data = change
    return [(at + i, data[i : i + SECTOR]) for i in range(0, len(data), SECTOR)]


def _written(content, changes):
    content = bytearray(content)
    for change in changes:
        if isinstance(change, int):
            del content[change:]
            content.extend(bytes(change - len(content)))
            continue
        at, data = change
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(data)] = data
    return bytes(content)


def pick(count, most, seed):
    """At most so many of 0 .. count-1, spread by a seed, the first and the last among them."""
    if count <= most:
        return [*range(count)]
    chosen = random.Random(seed).sample(range(count), most - 2)
    return sorted({0, count - 1, *chosen})
