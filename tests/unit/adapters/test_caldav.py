"""The password of a calendar goes to its server alone, whatever that server says."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.adapters.caldav import CalendarUnreachable, Collection


@pytest.fixture
def server():
    """Called with an answer: a server's port, and the requests it has seen."""
    running = []

    def start(answer, piece=1_000_000):
        seen = []

        class Told(BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append((self.path, self.headers["Authorization"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                with contextlib.suppress(OSError):  # who asks may have gone
                    for at in range(0, len(answer), piece):
                        self.wfile.write(answer[at : at + piece])
                        time.sleep(0.02 if piece < len(answer) else 0)

            do_PROPFIND = do_GET  # noqa: N815  the base class looks it up so

            def log_message(self, *_told):
                pass

        one = ThreadingHTTPServer(("127.0.0.1", 0), Told)
        thread = threading.Thread(target=one.serve_forever, args=(0.01,))
        thread.start()
        running.append((one, thread))
        return one.server_address[1], seen

    yield start
    for one, thread in running:
        one.shutdown()
        one.server_close()
        thread.join()


def test_a_place_that_looks_like_another_host_is_asked_for_at_the_calendars_own(server):
    other, overheard = server(b"")
    hostile = (
        f'<multistatus xmlns="DAV:"><response><href>////127.0.0.1:{other}/x.ics</href>'
        "<propstat><prop><getetag>1</getetag></prop></propstat></response></multistatus>"
    )
    own, asked = server(hostile.encode())
    collection = Collection(f"http://127.0.0.1:{own}/ada/home/", "ada", "secret")
    (place,) = collection.listing()
    collection.text(place)
    assert overheard == []
    assert [path for path, _ in asked] == ["/ada/home/", f"/127.0.0.1%3A{other}/x.ics"]


@pytest.mark.parametrize(
    "answer",
    [b'<?xml version="1.0" encoding="bogus"?><a/>', b"<a>", b"\xff\xfe", b"", b"<a>&b;</a>"],
)
def test_an_answer_that_is_no_webdav_is_said_to_be_none(server, answer):
    port, _ = server(answer)
    with pytest.raises(CalendarUnreachable, match="the answer is no WebDAV"):
        Collection(f"http://127.0.0.1:{port}/").listing()


def test_an_answer_that_trickles_in_holds_nobody_who_leaves(server):
    port, _ = server(b"x" * 1000, piece=1)  # twenty seconds of it
    collection = Collection(f"http://127.0.0.1:{port}/")
    began = time.monotonic()
    threading.Timer(0.2, collection.leave).start()
    with pytest.raises(CalendarUnreachable, match="longer than 5 s"):
        collection.text("/a.ics")
    assert time.monotonic() - began < 3
