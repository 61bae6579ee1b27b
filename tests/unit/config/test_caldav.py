"""The calendar on a server, in the file."""

import pytest

from gateway.model.site import CalDavSettings
from gateway.model.time import MINUTE, Duration

HERE = "url: 'https://cloud.example.org/dav/anna/house/'"


def test_its_address_user_and_password_are_taken(loaded, tmp_path):
    (tmp_path / "word").write_text("garden gate\n")
    found = loaded(f"caldav: {{{HERE}, user: anna, password_file: word, every: 2min}}\n")
    assert not found.problems
    assert found.site.caldav == CalDavSettings(
        url="https://cloud.example.org/dav/anna/house/",
        user="anna",
        password_file="word",
        every=Duration(2 * MINUTE),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{url: 'ftp://there/'}", "caldav.url: found 'ftp://there/', allowed: https://HOST/PATH/"),
        ("{url: 'https://anna:x@there/'}", "user and password beside it"),
        ("{url: 'https://'}", "caldav.url: found 'https://'"),
        (f"{{{HERE}, password_file: none}}", "found 'none', which is not there"),
        (f"{{{HERE}, every: 1s}}", "at least 10s"),
        (f"{{{HERE}}}\ncalendar: house.ics", "allowed: one of calendar and caldav"),
    ],
)
def test_what_cannot_be_is_a_problem(loaded, text, why):
    assert why in "\n".join(map(str, loaded(f"caldav: {text}\n").problems))
