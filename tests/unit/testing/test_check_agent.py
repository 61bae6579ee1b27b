"""Each promise of an agent is found broken where one is, and ours keep them all."""

import itertools
from dataclasses import dataclass, replace

import pytest

from gateway.agents import ElectricVehicle, ShiftableLoad, Solar, SteppedLoad
from gateway.model.device import Device
from gateway.model.programme import programme_of
from gateway.model.tender import Party, Side, Tender
from gateway.testing import AgentBreaksPromises, AgentPromise, check_agent

PROGRAMME = programme_of("900 W for 20min, 0 W for 5min, 400 W for 1h")


@pytest.mark.parametrize(
    ("maker", "role"),
    [
        (lambda device: ElectricVehicle(device=device), "ev"),
        (lambda device: SteppedLoad(device=device), "heat"),
        (lambda device: ShiftableLoad(device=device, programme=PROGRAMME), "load"),
        (lambda device: Solar(device=device), "solar"),
    ],
    ids=["ev", "stages", "programme", "solar"],
)
def test_our_agents_keep_every_promise(maker, role):
    check_agent(maker, role=role, gates=400)


@dataclass
class Spoiled:
    """An agent that is right but for one thing."""

    device: Device
    spoil: object

    @property
    def party(self):
        return Party(id=self.device.id)

    def tenders(self, gate):
        return self.spoil(gate, SteppedLoad(device=self.device).tenders(gate))


def always(**terms):
    return Tender(**{"id": "t", "side": Side.BUY, "price": 0, "quantity": 2, **terms})


COUNT = itertools.count()


def raises(_gate, _tenders):
    message = "no idea"
    raise RuntimeError(message)


SPOILED = {
    AgentPromise.ERRORS: raises,
    AgentPromise.BLIND: lambda gate, found: found or (always(),) * (gate.product.unit == "W"),
    AgentPromise.RESOURCE: lambda _gate, _found: (always(),),
    AgentPromise.TERMS: lambda _gate, found: tuple(replace(t, price=t.price + 1) for t in found),
    AgentPromise.IDS: lambda _gate, found: (*found, *found),
    AgentPromise.CROSSED: lambda _gate, found: (
        *found, *(replace(t, id=f"s{t.id}", side=Side.SELL) for t in found),
    ),
    AgentPromise.LIMITS: lambda _gate, found: tuple(
        replace(t, quantity=t.quantity + 20_000) for t in found
    ),
    AgentPromise.YIELDS: lambda gate, found: tuple(
        replace(t, price=gate.product.price_cap) for t in found
    ),
    AgentPromise.PURE: lambda _gate, found: tuple(
        replace(t, id=f"{t.id}-{next(COUNT)}") for t in found
    ),
}  # fmt: skip


@pytest.mark.parametrize("promise", SPOILED)
def test_a_broken_promise_is_named_with_a_gate_that_shows_it(promise):
    with pytest.raises(AgentBreaksPromises) as error:
        check_agent(lambda device: Spoiled(device, SPOILED[promise]))
    named = {one.promise: one.seen for one in error.value.broken}
    assert promise in named
    assert "state " in named[promise]
    assert str(promise) in str(error.value)


def test_an_agent_of_somebody_else_is_none():
    class Other(Spoiled):
        party = Party(id="neighbour")

    with pytest.raises(AgentBreaksPromises) as error:
        check_agent(lambda device: Other(device, lambda _gate, found: found))
    assert [one.promise for one in error.value.broken] == [AgentPromise.PORT]
