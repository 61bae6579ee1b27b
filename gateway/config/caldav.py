"""The calendar on a server, as the file says it."""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gateway.config.problem import Finding
from gateway.model.site import CalDavSettings

if TYPE_CHECKING:
    from gateway.config.shapes import CalDavShape, SiteShape

_URL: Final = "https://HOST/PATH/ of one calendar, user and password beside it"


def caldav(shape: "CalDavShape | None", folder: FilePath) -> CalDavSettings | None:
    """Its settings; files are named from the root."""
    if shape is None:
        return None
    file = shape.password_file
    return CalDavSettings(
        url=shape.url,
        user=shape.user or "",
        password_file="" if file is None else str(folder / file),
        every=shape.every,
    )


def check_caldav(shape: "SiteShape", folder: FilePath) -> Iterator[Finding]:
    """An address that is none, a password that is not there, and two calendars at once."""
    given = shape.caldav
    if given is None:
        return
    if shape.calendar:
        allowed = "one of calendar and caldav"
        yield Finding(path=("caldav",), found="a calendar beside", allowed=allowed, at_key=True)
    try:
        url = urlsplit(given.url)
        good = url.scheme in {"http", "https"} and bool(url.hostname) and "@" not in url.netloc
        good = good and not (url.query or url.fragment) and url.port != 0
    except ValueError:
        good = False
    if not good:
        yield Finding(path=("caldav", "url"), found=repr(given.url), allowed=_URL)
    if given.password_file is not None and not (folder / given.password_file).is_file():
        found, allowed = f"{given.password_file!r}, which is not there", "a file that can be read"
        yield Finding(path=("caldav", "password_file"), found=found, allowed=allowed)
