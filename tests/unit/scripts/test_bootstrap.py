"""Setting up where Python brings no pip: the wheel is found as pip would, and checked."""

import base64
import hashlib
import importlib.util
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "bootstrap.py"
WHEEL = b"not really a wheel"


@pytest.fixture
def bootstrap(monkeypatch, tmp_path):
    """The script as a module; the pinned hash is that of ``WHEEL``, and no settings exist."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PIP_SHA256", hashlib.sha256(WHEEL).hexdigest())
    monkeypatch.setattr(module, "pip_files", lambda: [tmp_path / "pip.conf"])
    for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "CERT"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "nothing-here").as_uri())
    return module


class _Index(BaseHTTPRequestHandler):
    """An index with one project, or with a password before it."""

    def __init__(self, wheel, password, *args):
        self.wheel, self.password = wheel, password
        super().__init__(*args)

    def do_GET(self):
        words = base64.b64encode(self.password.encode()).decode()
        if self.password and self.headers.get("Authorization") != f"Basic {words}":
            self.send_error(401)
            return
        page = f'<a href="../../files/{self.wheel}#sha256=00" data-x="&gt;">{self.wheel}</a>'
        found = {"/simple/pip/": page.encode(), f"/files/{self.wheel}": WHEEL}
        if self.path not in found:
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(found[self.path])

    def log_message(self, *_args):
        """Quiet."""


@pytest.fixture
def index(bootstrap):
    """Start an index, optionally with ``user:password``; returns its address."""
    servers = []

    def start(password=""):
        handler = partial(_Index, bootstrap.PIP_WHEEL, password)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        before = f"{password}@" if password else ""
        return f"http://{before}127.0.0.1:{server.server_port}/simple"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def folder_with(bootstrap, folder, content):
    folder.mkdir()
    (folder / bootstrap.PIP_WHEEL).write_bytes(content)
    return folder


def test_wheel_comes_from_the_index_the_user_named(bootstrap, index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", index())

    assert bootstrap.find_pip() == WHEEL


def test_wheel_comes_from_the_index_of_pips_configuration_file(
    bootstrap, index, monkeypatch, tmp_path
):
    monkeypatch.delenv("PIP_INDEX_URL")
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index()}/\n")

    assert bootstrap.find_pip() == WHEEL


def test_password_in_the_address_is_sent_and_not_shown(bootstrap, index, monkeypatch):
    address = index("me:secret")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    assert bootstrap.find_pip() == WHEEL

    monkeypatch.setenv("PIP_INDEX_URL", address.replace("secret", "s3cret"))
    with pytest.raises(bootstrap.SetupError, match="401") as error:
        bootstrap.find_pip()
    assert "s3cret" not in str(error.value)


def test_second_index_is_asked_when_the_first_does_not_have_it(bootstrap, index, monkeypatch):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index())

    assert bootstrap.find_pip() == WHEEL


@pytest.mark.parametrize("form", ["{path}", "{uri}"])
def test_wheel_in_a_folder_is_enough_without_an_index(bootstrap, monkeypatch, tmp_path, form):
    folder = folder_with(bootstrap, tmp_path / "wheels", WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", form.format(path=folder, uri=folder.as_uri()))

    assert bootstrap.find_pip() == WHEEL


def test_wheel_with_another_hash_is_refused_and_the_next_place_asked(
    bootstrap, index, monkeypatch, tmp_path
):
    folder = folder_with(bootstrap, tmp_path / "wheels", b"something else")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    with pytest.raises(bootstrap.SetupError, match="SHA-256"):
        bootstrap.find_pip()

    monkeypatch.setenv("PIP_INDEX_URL", index())
    assert bootstrap.find_pip() == WHEEL


def test_found_nowhere_says_where_it_looked_and_what_to_do(bootstrap, tmp_path):
    with pytest.raises(bootstrap.SetupError) as error:
        bootstrap.find_pip()

    message = str(error.value)
    assert (tmp_path / "nothing-here").as_uri() in message
    assert "python3-venv" in message
    assert "PIP_FIND_LINKS" in message


def test_old_python_is_told_which_one_is_needed(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))

    with pytest.raises(bootstrap.SetupError, match="make setup PYTHON="):
        bootstrap.set_up(force=False)


def test_environment_that_is_as_locked_is_left_alone(bootstrap, monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "python", lambda: tmp_path)
    monkeypatch.setattr(bootstrap, "make_environment", pytest.fail)
    (tmp_path / "stamp").write_text(bootstrap.fingerprint())

    bootstrap.set_up(force=False)
