"""Topic filters: what a subscription gets, and what two have in common.

Source: MQTT 3.1.1, section 4.7.
"""


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a subscription to the filter gets the topic, by the rules of MQTT 3.1.1 s.4.7."""
    return "+" not in topic and "#" not in topic and covers(topic_filter, topic)


def covers(wide: str, narrow: str) -> bool:
    """Whether the filter ``wide`` gets every topic that the filter ``narrow`` gets."""
    ours, theirs = wide.split("/"), narrow.split("/")
    if theirs[0].startswith("$") and not ours[0].startswith("$"):
        return False
    for index, level in enumerate(ours):
        if level == "#":
            return True
        if index == len(theirs):
            return False
        if theirs[index] == "#" or level not in {"+", theirs[index]}:
            return False
    return len(ours) == len(theirs)


def overlap(one: str, other: str) -> bool:
    """Whether some topic is matched by both filters."""
    ours, theirs = one.split("/"), other.split("/")
    if ours[0].startswith("$") != theirs[0].startswith("$"):
        return False
    for mine, yours in zip(ours, theirs, strict=False):
        if "#" in {mine, yours}:
            return True
        if mine != yours and "+" not in {mine, yours}:
            return False
    longer = max(ours, theirs, key=len)
    return len(ours) == len(theirs) or longer[min(len(ours), len(theirs)) :] == ["#"]
