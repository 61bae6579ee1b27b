"""A collection of a CalDAV server: what is in it, by ETag; the only place that speaks WebDAV.

Four requests are all it takes, so they are made with the standard library
(docs/decisions/0005-calendar-servers.md).  Source: RFC 4791; RFC 4918; RFC 6578, section 4.
"""

import base64
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from time import monotonic
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener
from xml.etree import ElementTree as ET

from gateway.model.errors import GridtenderError

PATIENCE_S: Final = 5.0
_MOST_BYTES: Final = 2_000_000
_PIECE_BYTES: Final = 65_536
_DAV: Final = "{DAV:}"
_CTAG: Final = "{http://calendarserver.org/ns/}getctag"
_PRECONDITION_FAILED: Final = 412
_GONE: Final = (404, 410)
_ELSEWHERE: Final = "it has moved; write its new address"
_MEANS: Final = {
    **dict.fromkeys((301, 302, 307, 308), _ELSEWHERE),
    401: "the server knows no such user, or the password is another",
    403: "the user may not do that in this collection",
    404: "there is no such collection",
    405: "this is no collection of calendars",
    501: "this server does not speak CalDAV",
}
_WHOLE: Final = (
    b'<?xml version="1.0"?><propfind xmlns="DAV:" xmlns:cs="http://calendarserver.org/ns/">'
    b"<prop><sync-token/><cs:getctag/></prop></propfind>"
)
_PARTS: Final = (
    b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>'
)


class CalendarUnreachable(GridtenderError):
    """The server did not answer, or not as a calendar does."""


class Overtaken(GridtenderError):
    """Somebody else changed the event meanwhile."""


class Collection:
    """Blocks while it asks: for a thread.

    Args:
        url: of the collection; ``user``, ``password``: by HTTP Basic, sent to this server alone.
    """

    def __init__(self, url: str, user: str = "", password: str = "") -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._login = {"Authorization": f"Basic {token}"} if user else {}
        self._left = False
        self._opener = build_opener(
            HTTPSHandler(context=ssl.create_default_context()), _NoRedirect()
        )

    def leave(self) -> None:
        """Ask nothing any more: whoever waits for the thread waits for one answer at most."""
        self._left = True

    def mark(self) -> str:
        """Another one after any change; empty where the server has none."""
        found = self._dav("PROPFIND", self._url, _WHOLE, depth="0")
        texts = (found.findtext(f".//{name}") for name in (f"{_DAV}sync-token", _CTAG))
        return next((text for text in texts if text), "")

    def listing(self) -> Mapping[str, str]:
        """The ETag of each event, by its place."""
        found = self._dav("PROPFIND", self._url, _PARTS, depth="1")
        listed: dict[str, str] = {}
        for part in found.iter(f"{_DAV}response"):
            place, etag = part.findtext(f"{_DAV}href"), part.findtext(f".//{_DAV}getetag")
            whole = part.find(f".//{_DAV}resourcetype/{_DAV}collection") is not None
            if place and etag and not whole:
                listed[unquote(urlsplit(place).path)] = etag
        return listed

    def text(self, place: str) -> str | None:
        """The event; None where it is gone."""
        try:
            return self._ask("GET", self._at(place))[0].decode("utf-8", "replace")
        except _Refused as refused:
            if refused.code in _GONE:
                return None
            raise

    def put(self, place: str, text: str, etag: str = "") -> str:
        """Write an event that was ``etag``, or a new one; its new ETag.

        Raises:
            Overtaken: it is another meanwhile.
        """
        only = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        told = {**only, "Content-Type": "text/calendar; charset=utf-8"}
        _, answered = self._ask("PUT", self._at(place), text.encode(), told)
        return answered or self.listing().get(place, "")

    def delete(self, place: str, etag: str) -> None:
        """Take an event away that was ``etag``; one that is gone is no harm.

        Raises:
            Overtaken: it is another meanwhile.
        """
        try:
            self._ask("DELETE", self._at(place), None, {"If-Match": etag})
        except _Refused as refused:
            if refused.code not in _GONE:
                raise

    def place(self, uid: str) -> str:
        """Where an event of ours is."""
        return f"{unquote(urlsplit(self._url).path)}{uid}.ics"

    def _at(self, place: str) -> str:
        # A place of two slashes would name another host, which is not to see the password.
        return urljoin(self._url, quote(f"/{place.lstrip('/')}"))

    def _dav(self, method: str, url: str, body: bytes, *, depth: str) -> ET.Element:
        told = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        found, _ = self._ask(method, url, body, told)
        try:
            return ET.fromstring(found)  # noqa: S314  expat bounds what entities may grow to
        except (ET.ParseError, LookupError, ValueError) as error:  # or an encoding nobody knows
            message = f"{self._url}: the answer is no WebDAV ({error}); is this a calendar?"
            raise CalendarUnreachable(message) from error

    def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        told: Mapping[str, str] | None = None,
    ) -> tuple[bytes, str]:
        """What was answered, and its ETag."""
        if self._left:
            message = f"{self._url}: the gateway is going down"
            raise CalendarUnreachable(message)
        request = Request(url, body, {**self._login, **(told or {})}, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=PATIENCE_S) as answer:
                found = self._body(answer)
                etag = answer.headers.get("ETag", "")
        except HTTPError as error:
            if error.code == _PRECONDITION_FAILED:
                message = f"{url}: somebody else changed it meanwhile"
                raise Overtaken(message) from error
            raise _Refused(self._url, error.code) from error
        except (URLError, OSError, HTTPException, ValueError) as error:
            message = f"{self._url}: {getattr(error, 'reason', error)}"
            raise CalendarUnreachable(message) from error
        return found, etag

    def _body(self, answer: HTTPResponse) -> bytes:
        """All of it: the socket's patience is for each piece, this for the whole."""
        found, until = bytearray(), monotonic() + PATIENCE_S
        while piece := answer.read1(_PIECE_BYTES):
            found += piece
            if len(found) > _MOST_BYTES or monotonic() > until or self._left:
                message = (
                    f"{self._url}: an answer of more than {_MOST_BYTES} bytes, or one that takes "
                    f"longer than {PATIENCE_S:g} s"
                )
                raise CalendarUnreachable(message)
        return bytes(found)


class _Refused(CalendarUnreachable):
    def __init__(self, url: str, code: int) -> None:
        self.code = code
        why = _MEANS.get(code, "see the server's log")
        super().__init__(f"{url}: HTTP {code}: {why}")


class _NoRedirect(HTTPRedirectHandler):
    """A password goes where the owner said, and nowhere else."""

    def redirect_request(self, *_told: object) -> None:
        """Never followed: it comes back as an error with its code."""
        return
