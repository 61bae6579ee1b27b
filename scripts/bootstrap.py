"""Makes `.venv` in the checkout: the locked requirements and the project itself, editable.

Needs Python 3.11 and nothing else.  Where `ensurepip` is missing (Debian without python3-venv),
pip comes as a wheel from the package index that pip's own settings name: PIP_INDEX_URL,
PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, PIP_NO_INDEX, PIP_CERT, SSL_CERT_FILE and the pip.conf files.
The wheel is used only if its SHA-256 is the one written here.

    python3 scripts/bootstrap.py            # set up, or do nothing if all is as locked
    python3 scripts/bootstrap.py --force    # set up anew
"""

from __future__ import annotations

import argparse
import base64
import configparser
import hashlib
import importlib.util
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".gridtender-setup"
OLDEST = (3, 11)

PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
DEFAULT_INDEX = "https://pypi.org/simple"
TIMEOUT_S = 60.0

_LINK = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*["']([^"']+)["']""", re.IGNORECASE)


class Settings(NamedTuple):
    """Where pip looks.

    Attributes:
        indexes: their addresses, the main one first.
        find_links: folders of wheels, or pages of links.
        cert: a file of certificates to trust instead of the system's.
    """

    indexes: list[str]
    find_links: list[str]
    cert: str | None


class SetupError(Exception):
    """What failed and what to do, in a sentence or two."""


def main() -> int:
    """Set up `.venv` unless it is as locked already; the exit code."""
    parser = argparse.ArgumentParser(description="Set up .venv with what requirements.lock names.")
    parser.add_argument("--force", action="store_true", help="make the environment anew")
    options = parser.parse_args()
    try:
        set_up(force=options.force)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def set_up(*, force: bool) -> None:
    """Make the environment, or leave it alone when its stamp says that nothing changed."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        message = (
            f"{sys.executable} is Python {found}, 3.11 or newer is needed. Name another one: "
            f"make setup PYTHON=python3.11"
        )
        raise SetupError(message)
    wanted = fingerprint()
    if not force and STAMP.is_file() and STAMP.read_text() == wanted and python().exists():
        return
    print(f"setup: making {VENV} with Python {sys.version.split()[0]} ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="gridtender-setup-") as folder:
        pip = make_environment(Path(folder), clear=force or not fits())
        install(pip)
    STAMP.write_text(wanted)
    print(f"setup: done. The command is {VENV / 'bin' / 'gridtender'}", flush=True)


def fingerprint() -> str:
    """Changes when the lock, the project, this script or the interpreter does."""
    digest = hashlib.sha256()
    for path in (LOCK, ROOT / "pyproject.toml", Path(__file__)):
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            message = f"{path} cannot be read ({error.strerror}): is this a complete checkout?"
            raise SetupError(message) from error
    digest.update(f"{sys.version} {sys.base_prefix} {ROOT}".encode())
    return digest.hexdigest() + "\n"


def python() -> Path:
    """The interpreter of the environment."""
    return VENV / "bin" / "python"


def fits() -> bool:
    """Whether an environment is there that was made with this version of Python."""
    packages = VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return python().exists() and packages.is_dir()


def make_environment(folder: Path, *, clear: bool) -> list[str]:
    """The environment with pip in it; returns the words that call pip."""
    STAMP.unlink(missing_ok=True)
    bundled = importlib.util.find_spec("ensurepip") is not None
    try:
        venv.create(VENV, clear=clear, symlinks=True, with_pip=False)
        if bundled:
            run([str(python()), "-m", "ensurepip", "--upgrade", "--default-pip"], "pip")
            return [str(python()), "-m", "pip"]
    except OSError as error:
        message = f"{VENV} cannot be made: {error.strerror or error}"
        raise SetupError(message) from error
    wheel = folder / PIP_WHEEL
    wheel.write_bytes(find_pip())
    pip = [str(python()), f"{wheel}/pip"]
    run([*pip, "install", "--quiet", "--no-user", "--no-index", "--no-deps", str(wheel)], "pip")
    return [str(python()), "-m", "pip"]


def install(pip: list[str]) -> None:
    """The locked requirements, each checked by hash, then the project from this folder."""
    quiet = ["install", "--disable-pip-version-check", "--no-user", "--quiet", "--no-deps"]
    run([*pip, *quiet, "--require-hashes", "--requirement", str(LOCK)], "the locked requirements")
    project = ["--no-build-isolation", "--editable", str(ROOT)]
    run([*pip, *quiet, *project], "gridtender itself")


def run(command: list[str], what: str) -> None:
    """Run a command, its output shown.

    Raises:
        SetupError: it failed; names what it was to install.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode != 0:
        message = (
            f"could not install {what}; the reason is above. Without a network, or behind an "
            f"index of your own, set PIP_INDEX_URL or PIP_FIND_LINKS (or pip.conf) and try again."
        )
        raise SetupError(message)


def find_pip() -> bytes:
    """The bytes of the pinned pip wheel, from a folder of wheels or an index.

    Raises:
        SetupError: found nowhere; says where it was looked for and how each place answered.
    """
    settings = pip_settings()
    places = [
        *((url, folder_link) for url in settings.find_links),
        *((url, index_link) for url in settings.indexes),
    ]
    tried = []
    for place, link in places:
        try:
            content = fetch(link(place, settings), settings)
        except (OSError, ValueError, LookupError) as error:
            tried.append(f"  {without_password(place)}: {error}")
            continue
        found = hashlib.sha256(content).hexdigest()
        if found == PIP_SHA256:
            return content
        tried.append(f"  {without_password(place)}: SHA-256 {found} instead of {PIP_SHA256}")
    message = "\n".join(
        [
            f"this Python has no ensurepip, and {PIP_WHEEL} was found nowhere:",
            *(tried or ["  no place to look: PIP_NO_INDEX is set and PIP_FIND_LINKS is empty"]),
            "Install python3-venv, or set PIP_INDEX_URL (an index) or PIP_FIND_LINKS (a folder).",
        ]
    )
    raise SetupError(message)


def folder_link(place: str, settings: Settings) -> str:
    """The wheel in a folder of wheels, or behind a page of links, as a URL."""
    path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(place).path))
    if place.startswith("file:") or "://" not in place:
        folder = path if place.startswith("file:") else Path(place).expanduser()
        if folder.is_dir():
            return (folder.resolve() / PIP_WHEEL).as_uri()
        place = folder.resolve().as_uri()
    return page_link(place, settings)


def index_link(place: str, settings: Settings) -> str:
    """The wheel by the project page of an index (PEP 503), as a URL."""
    page = f"{place.rstrip('/')}/pip/"
    parts = urllib.parse.urlsplit(page)
    if parts.scheme == "file" and Path(urllib.request.url2pathname(parts.path)).is_dir():
        page += "index.html"
    return page_link(page, settings)


def page_link(page: str, settings: Settings) -> str:
    """The wheel among the links of a page, as a URL."""
    for match in _LINK.finditer(fetch(page, settings).decode("utf-8", "replace")):
        url: str = urllib.parse.urljoin(page, match[1].replace("&amp;", "&"))
        path = urllib.parse.urlsplit(url).path
        if urllib.parse.unquote(path).rpartition("/")[2] == PIP_WHEEL:
            return url
    message = f"does not list {PIP_WHEEL}"
    raise LookupError(message)


def fetch(url: str, settings: Settings) -> bytes:
    """The bytes behind a URL; name and password in it are sent along."""
    parts = urllib.parse.urlsplit(url)
    plain = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(plain, headers={"Accept": "text/html, */*;q=0.1"})
    if parts.username is not None:
        pair = f"{parts.username}:{parts.password or ''}"
        words = base64.b64encode(urllib.parse.unquote(pair).encode()).decode()
        request.add_header("Authorization", f"Basic {words}")
    context = ssl.create_default_context(cafile=settings.cert)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:
        content: bytes = answer.read()
        return content


def without_password(url: str) -> str:
    """For messages."""
    return re.sub(r"//[^/@]*@", "//***@", url)


def pip_settings() -> Settings:
    """What pip's files and environment say of where to look; later ones win, as in pip."""
    found: dict[str, str] = {}
    for path in pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            message = f"{path}: {error}"
            raise SetupError(message) from error
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update(parser.items(section))
    for name in ("index-url", "extra-index-url", "find-links", "no-index", "cert"):
        value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            found[name] = value
    asked_not = found.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    index = [found.get("index-url", DEFAULT_INDEX), *found.get("extra-index-url", "").split()]
    return Settings(
        indexes=[] if asked_not else index,
        find_links=found.get("find-links", "").split(),
        cert=found.get("cert") or os.environ.get("SSL_CERT_FILE") or None,
    )


def pip_files() -> list[Path]:
    """The configuration files of pip, the one that wins last."""
    own = os.environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    home = Path.home()
    shared = os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    user = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [
        *(Path(folder) / "pip" / "pip.conf" for folder in shared if folder),
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        user / "pip" / "pip.conf",
    ]
    return [*files, Path(own)] if own else files


if __name__ == "__main__":
    sys.exit(main())
