"""Facts reach every listener, in order."""

from gateway.runtime.bus import LocalBus


def test_every_listener_hears_every_fact_in_order():
    bus, one, two = LocalBus(), [], []
    bus.listen(one.append)
    bus.listen(two.append)
    for fact in "abc":
        bus.publish(fact)
    assert one == two == ["a", "b", "c"]


def test_a_listener_that_fails_costs_nobody_else_the_fact():
    bus, heard = LocalBus(), []

    def broken(_fact):
        raise ZeroDivisionError

    bus.listen(broken)
    bus.listen(heard.append)
    bus.publish("a")
    assert heard == ["a"]
