"""A fault is one line when it comes and one when it goes."""

from structlog.testing import capture_logs

from gateway.app.telling import FaultTeller
from gateway.model.event import FaultChanged
from gateway.model.time import Instant


def fault(active, text="", device="roof"):
    return FaultChanged(device=device, code="CODE", active=active, at=Instant(0), text=text)


def test_a_fault_is_told_when_it_comes_and_when_it_goes_and_not_between():
    with capture_logs() as said:
        teller = FaultTeller()
        for fact in (fault(False), fault(True, "one"), fault(True, "two"), fault(False)):
            teller.listen(fact)
        teller.listen(fault(True, "three"))
    assert [(one["event"], one.get("reason")) for one in said] == [
        ("fault.raised", "one"),
        ("fault.cleared", None),
        ("fault.raised", "three"),
    ]


def test_the_same_fault_of_two_devices_is_two():
    with capture_logs() as said:
        teller = FaultTeller()
        teller.listen(fault(True))
        teller.listen(fault(True, device="battery"))
    assert [one["device"] for one in said] == ["roof", "battery"]
