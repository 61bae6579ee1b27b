"""What the gateway finds under the entry point: the driver's keys, and devices from them."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import cast

from drivers.sunspec.device import SunSpecDriver
from drivers.sunspec.discovery import BASES
from drivers.sunspec.inspect import inspect
from drivers.sunspec.quirk_keys import OWNERS
from drivers.sunspec.quirks import Override
from drivers.sunspec.recording import record, record_night
from drivers.sunspec.replay import replay
from drivers.sunspec.settings import Settings
from gateway.model.device import Device
from gateway.model.errors import SettingsError
from gateway.model.inspection import Inspection
from gateway.model.share import Totals
from gateway.ports.driver import Driver
from gateway.ports.line import Line
from gateway.ports.served import Registers, Replay

_KEYS = ("sign", "bank_sign", "base", "connect", "quirks")
_NO_TABLE = "none"
_SIGNS = ("import", "export")
_BANK_SIGNS = ("charge", "discharge")
_LAST_BASE = 0xFFFF - 2


class SunSpecPackage:
    """A ``DriverPackage``, ``Inspecting`` and ``Recording``."""

    def parse(
        self,
        device: Device,  # noqa: ARG002 - the port's
        mapping: Mapping[str, object],
    ) -> Settings | tuple[SettingsError, ...]:
        """Settings from the own keys, or every error found."""
        errors = (
            *_unknown(mapping),
            *_bad_choice(mapping, "sign", _SIGNS),
            *_bad_choice(mapping, "bank_sign", _BANK_SIGNS),
            *_bad_base(mapping),
            *_bad_connect(mapping),
            *_bad_quirks(mapping),
        )
        if errors:
            return errors
        base = mapping.get("base", list(BASES))
        bases = base if isinstance(base, list) else [base]
        return Settings(
            sign="export" if mapping.get("sign") == "export" else "import",
            bank_sign="charge" if mapping.get("bank_sign") == "charge" else "discharge",
            bases=tuple(cast("list[int]", bases)),
            connect=mapping.get("connect") is True,
            signed="sign" in mapping,
            quirks=_quirks(mapping),
        )

    def json_schema(self) -> Mapping[str, object]:
        """JSON Schema properties of the own keys."""
        address = {"type": "integer", "minimum": 0, "maximum": _LAST_BASE}
        return {
            "sign": {
                "enum": list(_SIGNS),
                "default": "import",
                "description": "what a positive W register of a meter means",
            },
            "bank_sign": {
                "enum": list(_BANK_SIGNS),
                "default": "discharge",
                "description": "what a positive W register of a battery bank (802) means",
            },
            "connect": {
                "type": "boolean",
                "default": False,
                "description": "whether a battery bank found disconnected may be connected",
            },
            "base": {
                "anyOf": [address, {"type": "array", "items": address, "minItems": 1}],
                "default": list(BASES),
                "description": "registers where the SunSpec marker may stand, in order",
            },
            "quirks": {
                "anyOf": [
                    {"const": _NO_TABLE},
                    {
                        "type": "object",
                        "properties": {
                            name: {**key.schema, "description": key.description}
                            for name, key in OWNERS.items()
                        },
                        "additionalProperties": False,
                    },
                ],
                "description": "what this device wants otherwise than the table of quirks says, "
                "or none: the table is not asked",
            },
        }

    def open(self, device: Device, settings: object, line: Line) -> Driver:
        """A driver for the device; does no I/O."""
        if not isinstance(settings, Settings):
            message = f"settings of the sunspec driver, not {type(settings).__name__}"
            raise TypeError(message)
        return SunSpecDriver(device, settings, line)

    async def inspect(self, device: Device, line: Line) -> Inspection:
        """Every model and point of a device, whatever it is."""
        return await inspect(device, line)

    async def record(
        self, device: Device, line: Line, day: Mapping[str, object] | None
    ) -> Mapping[str, object]:
        """A device as a document, or its night beside its day."""
        if day is None:
            return await record(device, line)
        replay(day, night=False)  # else it is no recording, and says where
        return await record_night(device, line, day)

    def replay(self, recording: Mapping[str, object], *, night: bool) -> Replay:
        """The device of such a document."""
        return replay(recording, night=night)

    def present(self, totals: Callable[[], Totals], unit: int) -> Registers:
        """The site by models 1, 701 and 203."""
        # Few houses are asked for it, and laying it out costs half a megabyte.
        from drivers.sunspec.aggregate import SiteRegisters  # noqa: PLC0415

        return SiteRegisters(totals, unit)


def _unknown(mapping: Mapping[str, object]) -> Iterator[SettingsError]:
    for key in mapping:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield SettingsError(
                path=(key,), found="an unknown key", allowed=f"{', '.join(_KEYS)}{hint}"
            )


def _bad_choice(
    mapping: Mapping[str, object], key: str, allowed: tuple[str, ...]
) -> Iterator[SettingsError]:
    value = mapping.get(key, allowed[0])
    if value not in allowed:
        yield SettingsError(path=(key,), found=repr(value), allowed=" | ".join(allowed))


def _bad_connect(mapping: Mapping[str, object]) -> Iterator[SettingsError]:
    value = mapping.get("connect", False)
    if not isinstance(value, bool):
        yield SettingsError(path=("connect",), found=repr(value), allowed="true | false")


def _bad_quirks(mapping: Mapping[str, object]) -> Iterator[SettingsError]:
    given = mapping.get("quirks", {})
    if given == _NO_TABLE:
        return
    if not isinstance(given, dict):
        allowed = f"{_NO_TABLE}, or a mapping of {', '.join(OWNERS)}"
        yield SettingsError(path=("quirks",), found=repr(given), allowed=allowed)
        return
    for name, value in given.items():
        if name not in OWNERS:
            near = get_close_matches(str(name), OWNERS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            allowed = f"{', '.join(OWNERS)}{hint}"
            yield SettingsError(path=("quirks", str(name)), found="an unknown key", allowed=allowed)
        elif not OWNERS[name].takes(value):
            allowed = OWNERS[name].allowed
            yield SettingsError(path=("quirks", name), found=repr(value), allowed=allowed)


def _quirks(mapping: Mapping[str, object]) -> Override:
    given = mapping.get("quirks", {})
    if given == _NO_TABLE:
        return None
    written = cast("Mapping[str, object]", given)
    return {name: OWNERS[name].read(value) for name, value in written.items()}


def _bad_base(mapping: Mapping[str, object]) -> Iterator[SettingsError]:
    base = mapping.get("base", list(BASES))
    bases = base if isinstance(base, list) else [base]
    allowed = f"a register 0..{_LAST_BASE}, or a list of them"
    if not bases:
        yield SettingsError(path=("base",), found="an empty list", allowed=allowed)
    for index, address in enumerate(bases):
        if (
            isinstance(address, bool)
            or not isinstance(address, int)
            or not (0 <= address <= _LAST_BASE)
        ):
            path = ("base", index) if isinstance(base, list) else ("base",)
            yield SettingsError(path=path, found=repr(address), allowed=allowed)
