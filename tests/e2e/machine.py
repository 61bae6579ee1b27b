"""A Debian that boots in a container with systemd as its first process, and is ended by its pid.

It has a network of its own with loopback only, a cgroup of its own, and no other tie to the host.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.debian_root import bare_root

ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")
CGROUPS = Path("/sys/fs/cgroup")
ENTER = """
for group in $PLACES; do echo $$ >"$group/cgroup.procs"; done
exec setpriv --pdeathsig TERM systemd-nspawn "$@"
"""
READER = Path(__file__).with_name("registers.py")


def until(condition, what, within_s=20.0):
    """Wait for a condition; returns it."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)
    return found


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self):
        return self.out + self.err


class Machine:
    """A copy of the bare Debian; ``root`` is its folder on the host."""

    def __init__(self):
        self._folder = Path(f"/var/tmp/gridtender-machine-{secrets.token_hex(4)}")
        self._folder.mkdir(mode=0o700)
        self.root = self._folder / "root"
        self._console = self._folder / "console.log"
        self._cgroup = None
        self._container = None
        self._leader = None

    # -- power ----------------------------------------------------------------------------

    def boot(self):
        """Build it and boot it."""
        copy = ["cp", "--archive", "--reflink=auto", bare_root(), self.root]
        subprocess.run(copy, check=True)
        self._start()

    def reboot(self):
        """Go down cleanly and up again; nspawn ends with 133 where it does not see to that."""
        before = self._leader
        self.run("systemctl", "reboot", check=False)
        until(lambda: self._is_down(before), "it goes down", 60)
        if self._container.poll() is None:
            self._await_boot()
        else:
            self._start()

    def _start(self):
        options = ["--register=no", "--private-network", "--link-journal=no", "--settings=no"]
        options += ["--resolv-conf=off", "--timezone=off", f"--machine={self._folder.name}"]
        options += ["--boot", "--console=pipe", f"--directory={self.root}"]
        if not Path("/run/systemd/system").exists():  # nobody to ask for a cgroup
            options.append("--keep-unit")
            self._cgroup = self._folder.name
        for hierarchy in self._hierarchies():
            (hierarchy / self._cgroup).mkdir(exist_ok=True)
        with self._console.open("wb") as console:
            self._container = subprocess.Popen(
                ["sh", "-c", ENTER, "sh", *options],
                env={**os.environ, "PLACES": " ".join(map(self._own, self._hierarchies()))},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        self._await_boot()

    def close(self):
        """Halt it, and leave nothing: no process, no cgroup, no file."""
        if self._container is not None:
            self._container.send_signal(signal.SIGTERM)
            try:
                self._container.wait(8)
            except subprocess.TimeoutExpired:
                # With its first process every other ends; nspawn's own death would leave them.
                os.kill(self._find_leader(), signal.SIGKILL)
                self._container.wait(30)
        for hierarchy in self._hierarchies():
            until(lambda h=hierarchy: _remove_cgroup(self._own(h)), "its cgroup is empty", 10)
        shutil.rmtree(self._folder)

    def _await_boot(self):
        def booted():
            if self._container.poll() is not None:
                pytest.fail(f"it did not boot:\n{self._console.read_text(errors='replace')}")
            self._leader = self._find_leader()
            if self._leader is None:
                return False
            return self.run("systemctl", "is-system-running", check=False).out.strip() in {
                "running",
                "degraded",
            }

        until(booted, "it has booted", 90)

    def _is_down(self, leader):
        return self._container.poll() is not None or self._find_leader() not in {None, leader}

    def _find_leader(self):
        """The container's first process as the host numbers it."""
        pid = self._container.pid
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return next((int(c) for c in children if _is_first(int(c))), None)
        return None

    def _hierarchies(self):
        """Where cgroups are made here: one tree of version 2, or the two of the older layout."""
        if self._cgroup is None:
            return []
        places = [CGROUPS, CGROUPS / "unified", CGROUPS / "systemd"]
        return [place for place in places if (place / "cgroup.procs").exists()]

    def _own(self, hierarchy):
        return str(hierarchy / self._cgroup)

    # -- inside ---------------------------------------------------------------------------

    def run(self, *command, check=True, within_s=60, given=None, env=()):
        """A command as its root."""
        enter = ("nsenter", "--target", self._leader, "--all", "--", "env", "-i", *ENVIRONMENT)
        return self._run(*enter, *env, *command, check=check, within_s=within_s, given=given)

    def _run(self, *words, check, within_s, given=None):
        done = subprocess.run(
            [str(word) for word in words],
            check=False,
            capture_output=True,
            text=True,
            timeout=within_s,
            input=given,
        )
        if check and done.returncode != 0:
            pytest.fail(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def file(self, path):
        """A file of it as the host sees it; not below /run and /tmp."""
        return self.root / path.lstrip("/")

    def write(self, path, text):
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def properties(self, unit, *names):
        """Of a unit, by name."""
        shown = self.run("systemctl", "show", unit, f"--property={','.join(names)}").out
        return dict(line.split("=", 1) for line in shown.splitlines())

    def property(self, unit, name):
        return self.properties(unit, name)[name]

    def journal(self, unit, *options):
        """What a unit said, oldest first."""
        shown = self.run("journalctl", "--unit", unit, "--output=json", "--no-pager", *options).out
        return [json.loads(line) for line in shown.splitlines()]

    def cursor(self, unit):
        """The newest line of a unit; of the machine where it never said a word."""
        # Of the same unit as what is asked later: journalctl skips a line after any other's.
        options = ("--lines=0", "--show-cursor", "--no-pager")
        shown = self.run("journalctl", "--unit", unit, *options, check=False).out
        if "-- cursor: " not in shown:
            shown = self.run("journalctl", *options).out
        return shown.rsplit("-- cursor: ", 1)[1].strip()

    def said(self, unit, since):
        """All messages of a unit after a cursor, as one text."""
        return "\n".join(
            str(entry.get("MESSAGE")) for entry in self.journal(unit, f"--after-cursor={since}")
        )

    def models(self, port):
        """The registers of a SunSpec device, by model number."""
        enter = ("nsenter", "--target", self._leader, "--net", "--", sys.executable, READER, port)
        shown = self._run(*enter, check=True, within_s=20).out
        return {int(number): words for number, words in json.loads(shown).items()}


def _is_first(pid):
    """Whether the process is number 1 of its own world."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    numbers = next(line.split() for line in lines if line.startswith("NSpid:"))
    return len(numbers) > 2 and numbers[-1] == "1"  # its number here, and its number there


def _remove_cgroup(folder):
    """Remove the tree of an ended container; False while a process lingers."""
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(FileNotFoundError):
            try:
                Path(path).rmdir()
            except OSError:
                return False
    return True


@contextlib.contextmanager
def a_machine():
    machine = Machine()
    try:
        machine.boot()
        yield machine
    finally:
        machine.close()
