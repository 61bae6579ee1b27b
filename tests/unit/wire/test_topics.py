"""Topics are built and taken apart."""

import pytest

from gateway.wire.filters import overlap
from gateway.wire.topics import (
    AcknowledgementTopic,
    OwnerTopic,
    PartyStatusTopic,
    RequestTopic,
    Topics,
    is_foreign_id,
    is_name,
)

HOME = Topics("home")


@pytest.mark.parametrize(
    ("topic", "meaning"),
    [
        ("rmf/1/home/u/app/req/power/create-tender", RequestTopic("app", "power", "create-tender")),
        ("rmf/1/home/u/app/req/power", RequestTopic("app", "", "")),
        ("rmf/1/home/u/app/req/power/create-tender/x", RequestTopic("app", "", "")),
        (
            "rmf/1/home/u/app/ack/created-transaction",
            AcknowledgementTopic("app", "created-transaction"),
        ),
        ("rmf/1/home/owner/control", OwnerTopic()),
        ("rmf/1/home/u/app/status", PartyStatusTopic("app")),
        ("rmf/1/home/u/app/in/created-tender", None),
        ("rmf/1/house/u/app/req/power/create-tender", None),
        ("rmf/1/home/status", None),
    ],
)
def test_topic_of_others_is_taken_apart(topic, meaning):
    assert HOME.parse(topic) == meaning


def test_built_request_topic_parses_back():
    topic = HOME.request("app", "power", "cancel-tender")
    assert HOME.parse(topic) == RequestTopic("app", "power", "cancel-tender")


def test_sweep_of_own_topics_never_meets_requests():
    assert not [
        (own, theirs) for own in HOME.retained for theirs in HOME.listened if overlap(own, theirs)
    ]


def test_names_and_foreign_ids_have_their_alphabets():
    assert [is_name(text) for text in ("roof", "a" * 33, "Roof", "-a", "a/b", "")] == [
        True,
        *[False] * 5,
    ]
    assert [is_foreign_id(text) for text in ("A.b~c-1", "a b", "a" * 65, "", "ä")] == [
        True,
        *[False] * 4,
    ]
