"""What is wrong with a map is told with file, line and key, and what is allowed there."""

import pytest

from drivers.modbus import load
from drivers.modbus.map import RegisterMap

HEAD = """\
map: x
roles: [storage]
points:
  power: {address: 1, type: int16, unit: W, role: power}
"""
CONTROL = """\
control:
  kind: target
  steps:
    - {address: 10, write: timer, unit: s, max: 600}
    - {address: 11, write: amount, unit: W}
  release:
    - {address: 10, const: 0}
    - {address: 11, const: 0}
"""


def said(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    loaded = load(str(file))
    return "" if isinstance(loaded, RegisterMap) else "\n".join(map(str, loaded))


def test_the_map_of_these_tests_is_right(tmp_path):
    assert said(tmp_path, HEAD + CONTROL) == ""


POINTS = {
    "{address: 2, table: coils}": (
        "points.p.table: 'coils'",
        "'holding', 'input', 'coil' or 'disc",
    ),
    "{address: 2}": ("points.p", "type is needed"),
    "{address: 2, table: coil, type: int32}": ("points.p", "coils are a number of 1 to 16 bits"),
    "{address: 2, table: coil, length: 17}": ("points.p", "coils are a number of 1 to 16 bits"),
    "{address: 2, type: uint16, length: 2}": ("points.p", "length is needed for a string, allowed"),
    "{address: 2, type: uint16, bits: {99: x}}": ("points.p.bits.99", "less than or equal to 63"),
    "{address: 2, type: float32, values: {1: x}}": ("points.p", "belong to a whole number"),
    "{address: 2, type: uint16, values: {1: x}, bits: {1: y}}": ("points.p", "either of them"),
    "{address: 2, type: uint16, exponent: -1}": ("points.p.exponent: -1", "greater than or equal"),
    "{address: 2, type: uint16, sign: {address: 3}}": ("points.p.sign.negative", "Field required"),
    "{address: 2, type: uint16, role: boss}": ("points.p.role: 'boss'", "'timer_left'"),
    "{address: 2, type: uint16, asleep: night}": ("points.p.asleep: 'night'", "valid tuple"),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_wrong_point_is_told(tmp_path, point):
    where, allowed = POINTS[point]
    found = said(tmp_path, f"{HEAD}  p: {point}\n")
    assert f"mine.yaml:5: {where}" in found
    assert allowed in found


STEPS = {
    "{address: 12, const: 1, write: value, unit: W}": "one of const, cases, stages, write; found 2",
    "{address: 12}": "one of const, cases, stages, write; found 0",
    "{address: 12, write: amount}": "amount needs a unit of %, A, W, kW, found nothing",
    "{address: 12, write: amount, unit: s}": "amount needs a unit of %, A, W, kW, found s",
    "{address: 12, write: timer, unit: W}": "timer needs a unit of min, s, found W",
    "{address: 12, cases: {charge: 1}}": "cases need charge, discharge and idle, found charge",
    "{address: 12, write: level, unit: W}": "level needs own_rule",
    "{address: 12, write: power, unit: W}": "'value', 'amount', 'charge'",
    "{address: 12, type: int32, const: 1, single: true}": "int32 has 2 registers, one at a time",
    "{address: 12, table: input, const: 1}": "'holding' or 'coil'",
    "{address: 12, const: 1, scale: 0}": "greater than 0",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_wrong_step_is_told(tmp_path, step):
    text = CONTROL.replace(
        "  release:", f"    - {step}\n  release:\n    - {{address: 12, const: 0}}"
    )
    found = said(tmp_path, HEAD + text)
    assert "mine.yaml:10: control.steps.2" in found
    assert STEPS[step] in found


CONTROLS = {
    ("kind: target", "kind: boost"): "'limit' or 'target'",
    ("kind: target", "kind: limit"): "a limit, and a step in %, need rating_w",
    ("unit: W", "unit: A"): "a step in A needs watts_per_ampere",
    ("unit: W", 'unit: "%"'): "a limit, and a step in %, need rating_w",
    ("    - {address: 11, const: 0}\n", ""): "release says nothing of register 11",
    (
        "{address: 11, const: 0}",
        "{address: 11, write: timer, unit: s}",
    ): "release writes const or f",
    (
        "  release:",
        "    - {address: 11, write: found, own_rule: 1}\n  release:",
    ): "found belongs to r",
    ("write: amount, unit: W", "const: 5"): "without them one writes the flow",
    ("kind: target", "kind: target\n  stages_w: [0, 100]"): "with stages_w a step has stages",
    ("kind: target", "kind: target\n  watchdog_s: 60"): "one timer step or watchdog_s, found more",
    (", max: 600", ""): "a timer needs max",
    ("kind: target", "kind: target\n  charge_w: most"): "control: most is no point, have power",
}


@pytest.mark.parametrize("change", CONTROLS)
def test_a_recipe_that_cannot_work_is_refused(tmp_path, change):
    assert CONTROLS[change] in said(tmp_path, HEAD + CONTROL.replace(*change))


def test_pauses_are_bounded(tmp_path):
    found = said(tmp_path, f"{HEAD}pauses: {{connect: 90}}\n")
    assert "mine.yaml:5: pauses.connect: 90" in found
    assert "less than or equal to 60" in found
