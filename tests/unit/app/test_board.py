"""What is heard of a gateway is judged before it is shown."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.board import Board
from gateway.app.status_page import Status, document, page
from gateway.wire.mirror import Mirror
from scripts import mqtt_docs

MIRROR = Mirror(mqtt_docs.SITE)
RETAINED = {
    message.topic.removeprefix("rmf/1/home/"): message
    for message in (
        MIRROR.birth(mqtt_docs.NOW),
        *MIRROR.standing(),
        *(one for fact in mqtt_docs.FACTS for one in MIRROR.messages(fact, mqtt_docs.NOW)),
    )
    if message.retain and message.payload
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 400, 1e308]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "\x1b[2J", "online"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(content, path=()):
    """Every place in a document."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def shown(board):
    status = Status(
        area="home",
        now=mqtt_docs.NOW,
        ground=None,
        blind="",
        board=board,
        unheard="",
        broker="",
        synchronised=True,
    )
    json.dumps(document(status))
    return page(status)


def heard(messages):
    board = Board("home")
    for topic, payload in messages.items():
        board.hear(f"rmf/1/home/{topic}", payload)
    return board


@pytest.mark.parametrize("topic", RETAINED)
def test_what_a_gateway_says_is_heard(topic):
    assert heard({topic: RETAINED[topic].payload}).of(topic)


@given(st.data())
def test_whatever_stands_on_a_topic_the_page_is_drawn(data):
    messages = {topic: message.payload for topic, message in RETAINED.items()}
    for _ in range(data.draw(st.integers(1, 3))):
        topic = data.draw(st.sampled_from(sorted(messages)))
        content = spoiled = copy.deepcopy(json.loads(messages[topic]))
        *way, last = data.draw(st.sampled_from([*places(content)]))
        for key in way:
            spoiled = spoiled[key]
        if data.draw(st.booleans()) and isinstance(spoiled, dict):
            del spoiled[last]
        else:
            spoiled[last] = data.draw(ODD)
        messages[topic] = json.dumps(content).encode()
    for line in shown(heard(messages)):
        assert line.isprintable()


@pytest.mark.parametrize("topic", ["clearing", "d/roof", "limits", "d/a/b/state", ""])
def test_topics_that_no_gateway_has_are_left_out(topic):
    messages = {"status": RETAINED["status"].payload, topic: b'{"v":1}'}
    board = heard(messages)
    assert not board.of(topic)
    assert shown(board)


@pytest.mark.parametrize(
    "payload", [b"x", b"[]", b'{"v":1}' + b" " * 70_000, b'{"v":NaN}', b"\xff"]
)
def test_what_is_no_document_is_left_out(payload):
    assert not heard({"status": payload}).topics
