"""A recorded device that answers again, with its holes and its silence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from drivers.sunspec.recording import ILLEGAL_ADDRESS
from gateway.model.errors import DeviceUnavailable, RequestRefused, SettingsError
from gateway.model.time import MILLISECOND, Duration
from gateway.ports.served import Replay

_NO_SUCH_UNIT = 0x0B
_LAST_UNIT = 255
_LAST_ADDRESS = 0xFFFF
_LAST_WORD = 0xFFFF
_LAST_CODE = 0xFF
_LONGEST_MS = 60_000


class RecordedRegisters:
    """``Registers`` of one unit that keep what is written.

    Attributes:
        answers: whether it answers at all; by night some do not.
    """

    def __init__(
        self,
        unit: int,
        words: Mapping[int, int],
        codes: Mapping[int, int],
        silent: Iterable[int],
        *,
        answers: bool = True,
    ) -> None:
        self._unit = unit
        self._words = dict(words)
        self._codes = codes
        self._silent = frozenset(silent)
        self._answers = answers

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """Words as recorded, or the refusal that the first hole of the request had."""
        self._check(unit, range(address, address + count))
        return [self._words[at] for at in range(address, address + count)]

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """Overwrite words that are there."""
        self._check(unit, range(address, address + len(words)))
        self._words.update(enumerate(words, address))

    def _check(self, unit: int, wanted: range) -> None:
        here = unit == self._unit
        if not self._answers or (here and not self._silent.isdisjoint(wanted)):
            message = f"the recorded device did not answer at {wanted.start}"
            raise DeviceUnavailable(message)
        if not here:
            message = f"the recorded device is unit {self._unit}, not {unit}"
            raise RequestRefused(message, code=_NO_SUCH_UNIT)
        for at in wanted:
            if at not in self._words:
                message = f"the recorded device has no register {at}"
                raise RequestRefused(message, code=self._codes.get(at, ILLEGAL_ADDRESS))


def replay(recording: Mapping[str, object], *, night: bool) -> Replay:
    """The device of a recording or of a plain register map.

    Raises:
        SettingsError: the document is none; says where.
    """
    words, holes, answers = dict(_registers(recording)), recording, True
    if night:
        holes = _object(recording, "night")
        answers = holes.get("answers", True) is not False
        gone = {at for at, word in _words(holes) if word is None}
        words = {at: word for at, word in words.items() if at not in gone}
        words |= dict(_registers(holes))
    unit = _number(recording.get("unit", 1), ("unit",), _LAST_UNIT)
    return Replay(
        name=str(recording.get("device", "")),
        unit=unit,
        registers=RecordedRegisters(
            unit,
            words,
            {at: code for at, code in _ranges(holes, "exceptions") if code is not None},
            (at for at, _ in _ranges(holes, "silent")),
            answers=answers,
        ),
        delay=_delay(holes),
    )


def _registers(document: Mapping[str, object]) -> Iterator[tuple[int, int]]:
    for at, word in _words(document):
        if word is not None:
            yield at, word


def _words(document: Mapping[str, object]) -> Iterator[tuple[int, int | None]]:
    for key, word in _object(document, "registers").items():
        path = ("registers", key)
        address = int(key) if key.isascii() and key.isdigit() else None
        at = _number(address, path, _LAST_ADDRESS)
        yield at, None if word is None else _number(word, path, _LAST_WORD)


def _ranges(document: Mapping[str, object], key: str) -> Iterator[tuple[int, int | None]]:
    """(address, code) of every register in a list of ranges; without code for ``silent``."""
    listed = document.get(key, [])
    if not isinstance(listed, list):
        raise SettingsError(path=(key,), found=repr(listed), allowed="a list of ranges")
    for index, one in enumerate(listed):
        if not isinstance(one, Mapping):
            raise SettingsError(path=(key, index), found=repr(one), allowed="an object")
        start = _number(one.get("address"), (key, index, "address"), _LAST_ADDRESS)
        count = _number(one.get("count", 1), (key, index, "count"), _LAST_ADDRESS)
        code = None
        if key == "exceptions":
            code = _number(one.get("code", 2), (key, index, "code"), _LAST_CODE)
        for at in range(start, start + count):
            yield at, code


def _delay(document: Mapping[str, object]) -> Duration:
    timings = document.get("timings", {})
    answer = timings.get("answer_ms", 0) if isinstance(timings, Mapping) else timings
    return Duration(_number(answer, ("timings", "answer_ms"), _LONGEST_MS) * MILLISECOND)


def _object(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = document.get(key)
    if key == "registers" and value is None and document.get("answers") is False:
        return {}
    if not isinstance(value, Mapping):
        found = "nothing" if value is None else repr(value)[:40]
        raise SettingsError(path=(key,), found=found, allowed="an object; was it recorded?")
    return value


def _number(value: object, path: tuple[str | int, ...], most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise SettingsError(path=path, found=repr(value), allowed=f"a number from 0 to {most}")
    return value
