"""JSON Schema as far as drivers use it."""

import math

import pytest

from gateway.testing.json_schema import accepts, mistakes

ADDRESS = {"type": "integer", "minimum": 0, "maximum": 65535}
BASE = {"anyOf": [ADDRESS, {"type": "array", "items": ADDRESS, "minItems": 1}]}
TIMES = {
    "type": "object",
    "properties": {"gap": {"type": "string", "pattern": "^[0-9]+ms$"}},
    "required": ["gap"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "value", "accepted"),
    [
        (ADDRESS, 0, True),
        (ADDRESS, 3.0, True),
        (ADDRESS, 3.5, False),
        (ADDRESS, -1, False),
        (ADDRESS, True, False),
        (ADDRESS, math.nan, False),
        (ADDRESS, math.inf, False),
        (ADDRESS, None, False),
        (BASE, 40_000, True),
        (BASE, [40_000, 0], True),
        (BASE, [], False),
        (BASE, ["0"], False),
        ({"enum": ["import", 1]}, "import", True),
        ({"enum": ["import", 1]}, True, False),
        ({"const": False}, 0, False),
        ({"type": ["string", "null"]}, None, True),
        ({"exclusiveMinimum": 0}, 0, False),
        ({"exclusiveMaximum": 1}, 1, False),
        ({"maxLength": 2, "minLength": 1}, "abc", False),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1, False),
        ({"allOf": [ADDRESS, {"minimum": 5}]}, 4, False),
        (TIMES, {"gap": "50ms"}, True),
        (TIMES, {"gap": "50"}, False),
        (TIMES, {}, False),
        (TIMES, {"gap": "50ms", "delay": 1}, False),
    ],
)
def test_a_value_is_accepted_or_not(schema, value, accepted):
    assert accepts(schema, value) is accepted


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (5, "5 is no schema"),
        ({"type": "watts"}, "type 'watts' is none of"),
        ({"enum": {1}}, "not JSON"),
        ({"minimum": math.inf}, "not JSON"),
        ({"type": "integer", "default": "x"}, "refuses its own default 'x'"),
        ({"type": "array", "items": {"type": "list"}}, "type 'list'"),
        ({"anyOf": [{"properties": {"a": 5}}]}, "5 is no schema"),
    ],
)
def test_what_is_no_schema_says_why(schema, said):
    assert any(said in one for one in mistakes(schema))


def test_a_right_schema_has_no_mistakes():
    assert list(mistakes({**BASE, "default": [40_000]})) == list(mistakes(TIMES)) == []
