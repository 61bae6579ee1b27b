"""Where an answer goes that a request wants somewhere, and what it brings back."""

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.adapters.mqtt_reply_to import NOWHERE_ELSE, ReplyTo, reply_to
from gateway.wire.message import Message
from gateway.wire.topics import Topics

TOPICS = Topics("home")
ASKED = "rmf/1/home/u/alice/req/power/create-tender"
INBOX = "rmf/1/home/u/alice/in"


def heard(wanted=None, correlation=None, topic=ASKED):
    properties = Properties(PacketTypes.PUBLISH)
    if wanted is not None:
        properties.ResponseTopic = wanted
    if correlation is not None:
        properties.CorrelationData = correlation
    return aiomqtt.Message(topic, b"{}", 1, False, 1, properties)


def test_a_topic_in_ones_own_inbox_is_used_and_the_data_come_back():
    back = reply_to(heard(f"{INBOX}/mine/7", b"\x00seven"), TOPICS)
    assert back == ReplyTo(topic=f"{INBOX}/mine/7", correlation=b"\x00seven")
    answer = back.address(Message(f"{INBOX}/created-tender", b"{}"))
    assert (answer.topic, answer.correlation) == (f"{INBOX}/mine/7", b"\x00seven")


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        INBOX,
        f"{INBOX}/",
        f"{INBOX}//x",
        f"{INBOX}/+",
        f"{INBOX}/a/#",
        f"{INBOX}/{'x' * 65}",
        f"{INBOX}/{'/'.join(['x'] * 200)}",
        "rmf/1/home/u/bob/in/create-transaction",
        "rmf/1/home/u/alice/pos/power",
        "rmf/1/home/u/alice/inner/x",
        "rmf/1/home/status",
        "rmf/1/street/u/alice/in/x",
        "$SYS/broker",
    ],
)
def test_any_other_topic_is_not_used_but_the_data_come_back(wanted):
    back = reply_to(heard(wanted, b"7"), TOPICS)
    answer = back.address(Message(f"{INBOX}/created-tender", b"{}"))
    assert (answer.topic, answer.correlation) == (f"{INBOX}/created-tender", b"7")


def test_a_request_that_wants_nothing_is_answered_as_ever():
    answer = Message(f"{INBOX}/created-tender", b"{}")
    for message in (heard(), aiomqtt.Message(ASKED, b"{}", 1, False, 1, None)):
        assert reply_to(message, TOPICS).address(answer) == answer


def test_who_is_no_party_gets_nothing_moved():
    message = heard(f"{INBOX}/x", b"7", topic="rmf/1/home/owner/control")
    assert reply_to(message, TOPICS) == NOWHERE_ELSE


def test_more_data_than_is_kept_do_not_come_back():
    assert reply_to(heard(correlation=b"x" * 1024), TOPICS).correlation == b"x" * 1024
    assert reply_to(heard(correlation=b"x" * 1025), TOPICS).correlation == b""
