"""What a party hears, without a broker."""

import json

from gateway.model.event import Push
from gateway.party.inbox import Inbox
from gateway.wire.mirror import Mirror
from gateway.wire.topics import Topics
from scripts.mqtt_docs import FACTS, NOW, SITE

TOPICS = Topics("home")
[MATCH, WITHDRAWN] = [
    json.loads(message.payload)
    for fact in FACTS
    if isinstance(fact, Push)
    for message in Mirror(SITE).messages(fact, NOW)
]


class Heard:
    """An inbox of guest's, what reached the app and what was acknowledged."""

    def __init__(self):
        self.matches, self.withdrawn, self.acknowledged = [], [], []
        self.inbox = Inbox(
            TOPICS,
            "guest",
            answered=lambda document: True,
            acknowledge=lambda operation, push: self.acknowledged.append(
                (operation, push["requestId"])
            ),
            start=lambda work: None,
        )
        self.inbox.transactions.call(self.matches.append)
        self.inbox.withdrawn.call(self.withdrawn.append)

    def match(self, **changes):
        self.hear("create-transaction", {**MATCH, **changes})

    def hear(self, operation, document):
        self.inbox.receive(TOPICS.inbox("guest", operation), json.dumps(document).encode())


def test_match_that_comes_twice_is_told_once_and_acknowledged_twice():
    heard = Heard()
    heard.match()
    heard.match()
    assert [one.id for one in heard.matches] == [MATCH["requestId"]]
    assert heard.acknowledged == [("create-transaction", MATCH["requestId"])] * 2


def test_withdrawal_is_told_and_acknowledged():
    heard = Heard()
    heard.hear("canceled-tender", WITHDRAWN)
    assert [one.tender for one in heard.withdrawn] == ["app-1"]
    assert heard.acknowledged == [("canceled-tender", WITHDRAWN["requestId"])]


def test_missing_number_is_a_gap_and_a_new_run_begins_at_one():
    heard = Heard()
    heard.match(requestId="a", epoch=3, seq=7)
    heard.match(requestId="b", epoch=3, seq=8)
    assert heard.inbox.gaps == 0
    heard.match(requestId="c", epoch=3, seq=11)
    assert heard.inbox.gaps == 2
    heard.match(requestId="d", epoch=4, seq=2)
    assert heard.inbox.gaps == 3


def test_misshapen_message_does_no_harm():
    heard = Heard()
    for document in (
        {},
        {**MATCH, "transaction": 5},
        [],
        {**MATCH, "inResponseTo": 3},
        {**MATCH, "requestId": []},
    ):
        heard.hear("create-transaction", document)
    heard.inbox.receive(TOPICS.session("power"), b"{not json")
    heard.inbox.receive(TOPICS.product_ref("power"), b"{}")
    heard.match()
    assert len(heard.matches) == 1
