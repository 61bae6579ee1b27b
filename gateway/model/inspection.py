"""What a look at a whole device found: every model, every point, and what is odd."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.device import Capabilities, Identity, Role
from gateway.model.reading import PointValue, Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPoint:
    """One field of a model.

    Attributes:
        unit: as the model's definition names it, empty where it has none.
        words: raw registers, None where one could not be read.
        meaning: names of an enum value or of set bits, empty for other points.
        note: why the quality is not good; empty otherwise.
        framing: whether it says how to read others (ID, L, scale factors, pads).
    """

    name: str
    value: PointValue
    unit: str = ""
    words: tuple[int | None, ...]
    meaning: tuple[str, ...] = ()
    quality: Quality = Quality.GOOD
    note: str = ""
    framing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGroup:
    """Points that belong together, and the groups inside; a repeating one several times."""

    points: tuple[FoundPoint, ...] = ()
    groups: Mapping[str, tuple["FoundGroup", ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """One block of the chain.

    Attributes:
        name: from its definition, empty where there is none.
        address: of its ID; ``length`` as its L says.
        index: 1 for the first of its id in the chain.
        raw: all its words where no definition fits, None where it was decoded.
    """

    id: int
    name: str
    address: int
    length: int
    index: int
    body: FoundGroup = FoundGroup()
    raw: tuple[int | None, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is odd, in a sentence.

    Attributes:
        address: the register where it was seen; ``model``: in which; None = nowhere special.
    """

    text: str
    address: int | None = None
    model: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a device could be configured as.

    Attributes:
        steered_by: the model a setpoint would be written to, None = reading only.
        why: why it is not steered; empty where it is, or where nothing could be.
    """

    capabilities: Capabilities
    steered_by: int | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A whole device.

    Attributes:
        unit: its Modbus address; ``base``: the register where its map begins.
        options: model 1 Opt.
        identities: of every device in the chain, in its order; the first is ``identity``.
        parts: by the roles it can play.
        quirks: what is known of devices like these, with the reason.
    """

    unit: int
    base: int
    identities: tuple[Identity, ...]
    options: str
    models: tuple[FoundModel, ...]
    problems: tuple[Problem, ...]
    parts: Mapping[Role, Part]
    quirks: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity:
        """Of the first device in the chain."""
        return self.identities[0] if self.identities else Identity()
