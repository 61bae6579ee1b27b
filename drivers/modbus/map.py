"""Register maps: what a device's registers mean, written as YAML and read once.

A map is data of the device, not of the site: `docs` of the vendor turned into points, with a
link to where they stand.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.model.errors import SettingsError
from gateway.ports.line import MAX_READ

Address = Annotated[int, Field(ge=0, le=0xFFFF)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]

_LARGEST = 262_144
_MOST_QUOTED = 80
_SIZES = {
    "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2, "uint64": 4, "float64": 4,
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Strict):
    """A value in registers: raw x ``scale`` in ``unit``.

    Attributes:
        table: which function reads it, 3 (holding) or 4 (input).
        order: which word of several comes first.
        missing: the raw value that means that there is none.
        role: what it is to the gateway.  ``power`` is W into the device and the sum of all such
            points; ``energy_in`` and ``energy_out`` are counters of energy into and out of the
            device, ``energy`` the one counter of a device that does only either.
    """

    address: Address
    table: Literal["holding", "input"] = "holding"
    type: Literal["uint16", "int16", "uint32", "int32", "float32", "uint64", "float64", "string"]
    order: Literal["big", "little"] = "big"
    scale: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    unit: str = ""
    length: Annotated[int, Field(ge=1, le=64)] | None = None
    missing: int | None = None
    role: (
        Literal["power", "soc", "state", "temperature", "energy", "energy_in", "energy_out"] | None
    ) = None

    @property
    def size(self) -> int:
        """In registers."""
        return self.length or _SIZES.get(self.type, 1)

    @model_validator(mode="after")
    def _length_is_of_strings(self) -> Self:
        if (self.type == "string") != (self.length is not None):
            message = "length is needed for a string and for nothing else"
            raise ValueError(message)
        return self


class TimerRegister(_Strict):
    """Seconds until the device goes back to its own rule; 0 = never."""

    address: Address
    max_s: Annotated[int, Field(ge=1, le=0xFFFF)] = 0xFFFF


class ControlRegister(_Strict):
    """A command of stages.

    Attributes:
        stages: the word of each stage -> W into the device; one of them is 0 W.
        release: the word that gives the device back to its own rule.
    """

    address: Address
    stages: Annotated[
        dict[Word, Annotated[float, Field(ge=0, allow_inf_nan=False)]], Field(min_length=2)
    ]
    release: Word
    timer: TimerRegister | None = None

    @model_validator(mode="after")
    def _stages_are_distinct(self) -> Self:
        if 0.0 not in self.stages.values() or len(set(self.stages.values())) < len(self.stages):
            message = "stages need one of 0 W and different powers"
            raise ValueError(message)
        if self.release in self.stages:
            message = f"release {self.release} is a stage as well"
            raise ValueError(message)
        return self


class Mark(_Strict):
    """Words that tell this kind of device from another at the same address."""

    address: Address
    words: Annotated[tuple[Word, ...], Field(min_length=1, max_length=32)]


class RegisterMap(_Strict):
    """A whole device.

    Attributes:
        source: where its facts stand; ``facts`` says whether its maker or its users wrote that.
        together: the most registers of one request; ``gap``: unused ones read along.
    """

    map: str
    maker: str = ""
    model: str = ""
    source: str = ""
    facts: Literal["vendor", "community"] = "vendor"
    together: Annotated[int, Field(ge=1, le=MAX_READ)] = MAX_READ
    gap: Annotated[int, Field(ge=0, le=MAX_READ)] = 16
    roles: tuple[str, ...] = ()
    identity: Mark | None = None
    points: Annotated[dict[str, Point], Field(min_length=1)]
    control: ControlRegister | None = None

    @model_validator(mode="after")
    def _has_power(self) -> Self:
        if all(point.role != "power" for point in self.points.values()):
            message = "at least one point has role power, found none"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _points_fit(self) -> Self:
        for name, point in self.points.items():
            if point.size > self.together:
                message = f"{name} has {point.size} registers, together are {self.together}"
                raise ValueError(message)
        return self


def load(name: str) -> RegisterMap | tuple[SettingsError, ...]:
    """The map of a file path, or of a shipped name (``heat-pump-demo.yaml``), or every error."""
    content, where = _content(name)
    if content is None:
        return (SettingsError(path=("map",), found=repr(name), allowed=where),)
    try:
        return RegisterMap.model_validate(_tree(content))
    except ValidationError as error:
        return tuple(
            SettingsError(
                path=("map",),
                found=f"{where}: {'.'.join(map(str, item['loc']))}: {_quoted(item.get('input'))}",
                allowed=item["msg"],
            )
            for item in error.errors()
        )
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = f"{where}: {' '.join(str(error).split())}"
        return (SettingsError(path=("map",), found=found, allowed="a YAML file in UTF-8"),)


def _tree(content: bytes) -> object:
    """The file's values; aliases are refused, since a few bytes of them can mean gigabytes."""
    if len(content) > _LARGEST:
        message = f"{len(content)} bytes; a register map has at most {_LARGEST}"
        raise ValueError(message)
    text = content.decode("utf-8-sig")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        message = "an alias (*name): write the value out"
        raise ValueError(message)
    return yaml.safe_load(text)


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}..."


def _content(name: str) -> tuple[bytes | None, str]:
    path = Path(name)
    if path.is_file():
        return path.read_bytes(), str(path)
    have: list[str] = []
    for folder in _shipped():
        if not folder.is_dir():
            continue
        have += sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
        if name in have:
            return folder.joinpath(name).read_bytes(), name
    return None, f"a file, or one of the shipped maps: {', '.join(have) or 'none'}"


def _shipped() -> tuple[Any, ...]:
    """Where maps lie: in the installed package, or beside it in a checkout."""
    package = files("gateway")
    return (
        package.joinpath("_data", "config", "maps"),
        package.joinpath("..", "config", "maps"),
    )
