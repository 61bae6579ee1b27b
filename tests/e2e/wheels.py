"""Wheels built without a network, and environments with nothing else of ours in them."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def build(project, folder):
    """The wheel of the project in a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def environment(folder, *wheels):
    """A fresh environment with the wheels in it; the libraries are those of the test run."""
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, *wheels], check=True, capture_output=True)
    # Folders named in a .pth file are not searched for further .pth files: no editable install.
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def surroundings():
    """Environment variables that lead no Python back to the checkout."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
