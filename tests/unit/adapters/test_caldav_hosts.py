"""The password of a calendar goes to its server alone, whatever that server says."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.adapters.caldav import Collection


@pytest.fixture
def server():
    """Called with an answer: a server's port, and the requests it has seen."""
    running = []

    def start(answer):
        seen = []

        class Told(BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append((self.path, self.headers["Authorization"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

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
