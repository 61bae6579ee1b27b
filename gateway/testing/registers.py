"""A device judged by its registers: what a write left there, and what was said of it."""

from collections.abc import Iterable

from gateway.model.setpoint import Outcome, RegisterWrite, Written
from gateway.testing.promises import Promise
from gateway.testing.trial import Trial

_ROUNDING = 1e-6


def check_written(trial: Trial, written: Written | None, before: int) -> None:
    """The answer of a write in fair weather."""
    level_w, resolution_w = trial.specimen.level, trial.able.resolution_w
    if written is None or written.outcome is not Outcome.ACCEPTED:
        trial.broken(Promise.LEVEL, f"writing {level_w:g} W came to {written or trial.failed}")
        return
    quantity, step = written.quantity, resolution_w + _ROUNDING
    if quantity is None or abs(quantity - level_w) > step:
        seen = f"asked for {level_w:g} W, its registers say {quantity} W"
        trial.broken(Promise.LEVEL, f"{seen} (it resolves {resolution_w:g} W)")
    if all(trial.word(at) == trial.true(at) for at in registers(trial.written(before))):
        trial.broken(Promise.LEVEL, f"after writing {level_w:g} W its registers are as before")
    check_told(trial, written, before)


def check_told(trial: Trial, written: Written | None, before: int) -> None:
    """The answer names every request of the write, in order."""
    if written is None:
        return
    told = [(one.address, one.count) for one in written.taken]
    true = [(one.address, len(one.words)) for one in trial.written(before)]
    if told != true:
        trial.broken(Promise.TOLD, f"it wrote (register, count) {true} and told {told}")


def check_record(trial: Trial) -> None:
    """The arming record leads back to this device."""
    record, device = trial.record, trial.device
    if record is None:
        return
    if (record.device, record.connection, record.unit) != (device.id, device.line, device.unit):
        whose = f"{record.device} at {record.connection} unit {record.unit}"
        trial.broken(Promise.ARMING, f"it is of {whose}, not of {device.id} at {device.line}")
    if record.timeout <= 0:
        trial.broken(Promise.ARMING, "its timeout is not positive")
    for mark in record.identity:
        stands = tuple(trial.word(at) for at in registers([mark]))
        if stands != mark.words:
            trial.broken(Promise.ARMING, f"its identity at {mark.address} is not what stands there")


def check_as_found(trial: Trial, promise: Promise, when: str) -> None:
    """Every register that was written holds what the device came with."""
    for at in registers(trial.written()):
        if trial.word(at) != trial.true(at):
            seen = f"{when} register {at} holds {trial.word(at)}, at first {trial.true(at)}"
            trial.broken(promise, seen)


def registers(writes: Iterable[RegisterWrite]) -> list[int]:
    """Every address that is written."""
    return sorted({at for one in writes for at in range(one.address, one.address + len(one.words))})
