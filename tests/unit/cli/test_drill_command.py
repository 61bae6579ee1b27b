"""``drill``: consent, who is asked, and what the exit code says."""

import json
import threading
import time

import pytest

from gateway.adapters.drill import DrillFiles
from gateway.adapters.state import StateDir
from gateway.model.device import Identity
from gateway.model.drill import DrillProgress, DrillRequest, DrillResult, DrillState
from gateway.model.time import SECOND, Instant

RESULT = DrillResult(
    device="roof", at=Instant(1_782_000_000 * SECOND), identity=Identity(serial="SN1"),
    promised_s=60.0, timer_s=60, stood_s=59.0, observed_s=60.2, flow_s=61.2,
)  # fmt: skip


@pytest.fixture
def answered(command, tmp_path):
    """``answered(state, text, result)`` runs the command beside a gateway that says just this."""

    def run(state, text, result=None, *options):
        files = DrillFiles(tmp_path)

        def answer():
            end = time.monotonic() + 10
            while (request := files.request()) is None and time.monotonic() < end:
                time.sleep(0.01)
            said = DrillProgress(
                id=request.id, device=request.device, state=state, text=text, result=result
            )
            files.tell(said)

        gateway = threading.Thread(target=answer)
        with StateDir(tmp_path).lock():
            gateway.start()
            code, said = command("drill", "roof", "--yes", "--state-dir", tmp_path, *options)
            gateway.join()
        assert files.request() is None
        return code, said

    return run


def test_a_kept_promise_is_0_and_a_late_one_1(answered):
    assert answered(DrillState.ENDED, "as promised", RESULT) == (0, "roof: as promised\n")


def test_a_late_fall_back_is_1(answered):
    late = DrillResult(**{**_plain(RESULT), "stood_s": 79.0, "observed_s": 80.0})
    assert answered(DrillState.ENDED, "LATE", late)[0] == 1


@pytest.mark.parametrize(
    ("state", "code", "word"),
    [
        (DrillState.REFUSED, 1, "no drill: "),
        (DrillState.ABORTED, 1, "ended early: "),
        (DrillState.UNKNOWN_DEVICE, 2, "no drill: "),
    ],
)
def test_what_was_not_measured_is_said_with_its_reason(answered, state, code, word):
    assert answered(state, "because") == (code, f"roof: {word}because\n")


def test_for_programs_it_is_one_object(answered):
    code, said = answered(DrillState.ENDED, "as promised", RESULT, "--json")
    machine = json.loads(said)
    assert code == 0
    assert machine["state"] == "ended"
    assert machine["result"]["observed_s"] == 60.2
    assert machine["result"]["serial"] == "SN1"


def test_without_a_gateway_it_says_so(command, tmp_path):
    code, said = command("drill", "roof", "--yes", "--state-dir", tmp_path)
    assert (code, f"no gateway runs on {tmp_path}" in said) == (1, True)
    assert not (tmp_path / "drill").exists()


def test_without_consent_nothing_is_asked(command, tmp_path):
    with StateDir(tmp_path).lock():
        code, said = command("drill", "roof", "--state-dir", tmp_path)
    assert (code, "--yes" in said) == (2, True)
    assert not (tmp_path / "drill").exists()


def test_two_at_once_are_refused_and_the_first_goes_on(command, tmp_path):
    first = DrillRequest(id="first", device="battery")
    assert DrillFiles(tmp_path).ask(first)
    with StateDir(tmp_path).lock():
        code, said = command("drill", "roof", "--yes", "--state-dir", tmp_path)
    assert (code, "another drill is under way" in said) == (1, True)
    assert DrillFiles(tmp_path).request() == first


def test_a_name_that_is_none_is_wrong_input(command, tmp_path):
    assert command("drill", "../roof", "--state-dir", tmp_path)[0] == 2


def _plain(result):
    return {name: getattr(result, name) for name in result.__slots__}
