"""Requests: which registers are read together."""

from collections.abc import Iterable

from drivers.modbus.map import RegisterMap
from drivers.modbus.strict import SIZES
from gateway.ports.line import COILS, DISCRETE, HOLDING, INPUT

FUNCTIONS = {"holding": HOLDING, "input": INPUT, "coil": COILS, "discrete": DISCRETE}

Request = tuple[str, int, int]  # table, address, count


def plan(known: RegisterMap) -> tuple[Request, ...]:
    """What covers all points and the control."""
    wanted: list[Request] = [
        (point.table, address, count)
        for point in known.points.values()
        for address, count in point.registers
    ]
    if known.control is not None:
        wanted += [(s.table, s.address, SIZES[s.type]) for s in known.control.steps]
    return together(wanted, gap=known.gap, most=known.together)


def together(wanted: Iterable[Request], *, gap: int, most: int) -> tuple[Request, ...]:
    """Requests that cover all that is wanted, cut between values."""
    blocks: list[Request] = []
    for table, start, size in sorted(wanted):
        end = start + size
        if blocks and blocks[-1][0] == table:
            _, address, count = blocks[-1]
            if start - (address + count) <= gap and end - address <= most:
                blocks[-1] = (table, address, max(count, end - address))
                continue
        blocks.append((table, start, size))
    return tuple(blocks)
