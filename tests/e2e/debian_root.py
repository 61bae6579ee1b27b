"""A bare Debian with systemd and mosquitto, and wheels for it: made once, kept beside the tests.

Both lie in ``$XDG_CACHE_HOME/gridtender-tests`` (default ``/var/cache``), so that only the first
run on a machine waits for the archives.  Nothing here is skipped: what is missing fails, by name.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SUITE = "bookworm"
PYTHON = "3.11"  # of the suite
INSIDE = "systemd,systemd-sysv,dbus,python3,python3-venv,mosquitto,mosquitto-clients"
TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
}
SOURCES = ("gateway", "drivers", "config", "systemd", "pyproject.toml", "README.md", "LICENSE")


def check_tools():
    """Fail with a sentence where a machine cannot be booted."""
    if os.geteuid() != 0:
        pytest.fail("booting a Debian needs root: run these tests as root (they never skip)")
    lacking = sorted({TOOLS[tool] for tool in TOOLS if shutil.which(tool) is None})
    if lacking:
        pytest.fail(f"booting a Debian needs more: apt-get install {' '.join(lacking)}")


def bare_root():
    """The folder of the Debian; it is copied, never changed."""
    name = f"debian-{SUITE}-{hashlib.sha256(INSIDE.encode()).hexdigest()[:12]}"

    def debootstrap(folder):
        options = ["--variant=minbase", f"--include={INSIDE}"]
        run("debootstrap", *options, SUITE, folder)
        shutil.rmtree(folder / "var/cache/apt/archives")
        # The distribution's broker would take the port; a test starts it when it is meant.
        (folder / "etc/systemd/system/multi-user.target.wants/mosquitto.service").unlink()

    return kept(name, debootstrap)


def wheelhouse():
    """A folder with the wheels of the locked requirements, for a machine without a network."""
    lock = (CHECKOUT / "requirements.lock").read_text()
    project = (CHECKOUT / "pyproject.toml").read_bytes()
    wanted = re.findall(r"^([a-z0-9.-]+==[^\s\\]+(?: ; [^\\]+)?)\\?$", lock, re.MULTILINE)
    name = f"wheels-{hashlib.sha256(lock.encode() + project).hexdigest()[:12]}"

    def download(folder):
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(wanted))
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet")
        options = ("--only-binary=:all:", "--python-version", PYTHON, "--dest", folder)
        with tempfile.TemporaryDirectory() as dist:
            own = a_wheel(Path(dist))
            run(*pip, *options, "--constraint", constraints, own)
        for built in folder.glob("gridtender-*.whl"):
            built.unlink()

    return kept(name, download)


def a_wheel(folder, version=None, edit=None):
    """The project's wheel, built from a copy that may have another version and other code.

    Args:
        folder: where the wheel goes.
        version: instead of the project's.
        edit: called with the folder of the copied sources.
    """
    with tempfile.TemporaryDirectory() as copied:
        sources = Path(copied)
        for name in SOURCES:
            copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy
            copy(CHECKOUT / name, sources / name)
        if version is not None:
            change(sources / "pyproject.toml", r'\nversion = "[^"]+"', f'\nversion = "{version}"')
        if edit is not None:
            edit(sources)
        run(*(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder), cwd=sources)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)


def change(file, pattern, replacement):
    """Replace what is found exactly once."""
    text, count = re.subn(pattern, lambda _: replacement, file.read_text(), flags=re.DOTALL)
    assert count == 1, f"{pattern!r} is {count} times in {file.name}"
    file.write_text(text)


def kept(name, make):
    """A folder of the cache, made by one test run while others wait for it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache") / "gridtender-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = cache / f"{name}.partial"
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(partial)
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder


def run(*command, **options):
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    if done.returncode != 0:
        pytest.fail(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
