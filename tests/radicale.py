"""A real calendar server, and a person who writes into it with a calendar program."""

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

USER, PASSWORD = "anna", "garden gate"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//person//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:{begin}\r\nDTEND:{end}\r\nSUMMARY:{name}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Radicale:
    """The server, by its pid; what it keeps outlives it."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/{USER}/house/"

    def start(self):
        users = self.folder / "users"
        users.write_text(f"{USER}:{PASSWORD}\n")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "radicale", "--config", "",
                "--server-hosts", f"127.0.0.1:{self.port}",
                "--storage-filesystem-folder", str(self.folder / "collections"),
                "--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users),
                "--auth-htpasswd-encryption", "plain", "--auth-delay", "0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self.ask("OPTIONS", "/")
            except OSError:
                time.sleep(0.05)
            else:
                return self
        return pytest.fail("the calendar server does not answer")

    def stop(self):
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
            self.process = None

    def ask(self, method, path, body=None, **headers):
        """What the server answers: its status, the text."""
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        told = {"Authorization": f"Basic {login}", **headers}
        try:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def make(self):
        status, _ = self.ask("MKCALENDAR", f"/{USER}/house/")
        assert status == 201
        return self

    def write(self, uid, name, begin, end):
        """A person writes or changes an event; times as 20261123T150000Z."""
        text = EVENT.format(uid=uid, name=name.replace(",", "\\,"), begin=begin, end=end)
        path = f"/{USER}/house/{quote(uid)}.ics"
        status, _ = self.ask("PUT", path, text, **{"Content-Type": "text/calendar"})
        assert status in {201, 204}

    def remove(self, uid):
        status, _ = self.ask("DELETE", f"/{USER}/house/{quote(uid)}.ics")
        assert status == 200

    def event(self, uid):
        """Its text, None where there is none."""
        status, text = self.ask("GET", f"/{USER}/house/{quote(uid)}.ics")
        return text if status == 200 else None


@pytest.fixture
def radicale(tmp_path):
    folder = tmp_path / "radicale"
    folder.mkdir()
    server = Radicale(folder).start().make()
    yield server
    server.stop()
