"""How fast a demo clears, and what it asks people to paste."""

import pytest

from gateway.simulation.demo import interval_for
from gateway.simulation.second_terminal import tendering, watching


@pytest.mark.parametrize(
    ("speed", "interval_s"),
    [(0.5, 5), (1, 5), (2, 10), (12, 60), (60, 300), (180, 900), (900, 3600)],
)
def test_a_gate_comes_about_every_five_real_seconds(speed, interval_s):
    assert interval_for(speed) == interval_s


def test_lines_name_port_and_area():
    lines = [*watching(1884, "home"), *tendering(1884, "home", price=4500, quantity=7000)]
    assert sum("-p 1884" in line for line in lines) == 5
    assert all("AREA" not in line for line in lines)


def test_the_tender_makes_new_ids_each_time_it_is_pasted():
    command = "\n".join(tendering(1884, "home", price=4500, quantity=7000))
    assert command.count("$(date +%s%N)") == 2
    assert '"price":4500,"quantity":7000' in command
