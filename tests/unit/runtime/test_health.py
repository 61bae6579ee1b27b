"""All that is wrong with a device in one fact."""

from gateway.model.device import DeviceState
from gateway.model.event import FaultChanged, HealthChanged, StateChanged
from gateway.model.time import Instant
from gateway.runtime.bus import LocalBus
from gateway.runtime.health import Health

NOW = Instant(7)


def fault(code, active, device="roof"):
    return FaultChanged(device=device, code=code, active=active, at=NOW)


def state(word):
    return StateChanged(device="roof", state=word, since=NOW, reason="")


def heard(*facts):
    bus, told = LocalBus(), []
    bus.listen(lambda fact: told.append(fact) if isinstance(fact, HealthChanged) else None)
    health = Health(["roof"], bus)
    for fact in facts:
        bus.publish(fact)
    return health, [(one.device, one.faults) for one in told], told


def test_one_fault_that_goes_leaves_the_other():
    _, told, _ = heard(fault("B", True), fault("A", True), fault("B", False), fault("A", False))
    assert [faults for _, faults in told] == [("B",), ("A", "B"), ("A",), ()]


def test_what_is_no_change_is_not_told():
    _, told, _ = heard(fault("A", False), fault("A", True), fault("A", True))
    assert told == [("roof", ("A",))]


def test_a_device_that_reports_a_fault_itself_is_one():
    _, told, _ = heard(state(DeviceState.FAULTY), state(DeviceState.ONLINE))
    assert told == [("roof", ("FAULTY",)), ("roof", ())]


def test_sleeping_and_offline_are_no_faults():
    assert heard(state(DeviceState.SLEEPING), state(DeviceState.OFFLINE))[1] == []


def test_everybody_is_announced_and_the_gateway_too():
    health, _, told = heard(fault("JOURNAL_FAILED", True, device="gateway"))
    told.clear()
    health.announce(NOW)
    assert [(one.device, one.faults) for one in told] == [
        ("gateway", ("JOURNAL_FAILED",)),
        ("roof", ()),
    ]
