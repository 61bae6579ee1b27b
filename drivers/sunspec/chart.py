"""Which of a device's models are read, and by which requests."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drivers.sunspec.blocks import Blocks
from drivers.sunspec.discovery import Header
from drivers.sunspec.holes import Holed
from drivers.sunspec.measure import Measurer
from drivers.sunspec.pace import Pace
from drivers.sunspec.plan import Span, spans, words_of
from drivers.sunspec.roles import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a walk of the chain found of this device.

    Attributes:
        shape: the models of its role; ``models``: the whole chain's.
        spans: requests for all models; ``vital``: for those that every reading rests on.
        most: registers that one request may read.
        cuts: requests by model once something was refused; None before.
    """

    shape: Shape
    models: tuple[int, ...]
    measurer: Measurer
    pace: Pace
    spans: tuple[Span, ...]
    vital: tuple[Span, ...]
    most: int
    cuts: Mapping[Header, Holed] | None = None

    def paced(self, pace: Pace) -> "Chart":
        """With models of another pace, read together unless something was refused."""
        every, vital = map(self._requests, (pace.all, pace.vital))
        return replace(self, pace=pace, spans=every, vital=vital)

    def around(self, cuts: Mapping[Header, Holed]) -> "Chart":
        """With the models that can be read, each by itself and as far as it is answered."""
        return replace(self, cuts=cuts).paced(self.pace.among(tuple(cuts)))

    def words(self, header: Header, blocks: Blocks) -> tuple[int, ...] | None:
        """A model's words; None where it was not read this time."""
        words = words_of(header, blocks)
        if words is None and self.cuts is not None and header in self.cuts:
            return self.cuts[header].words(blocks)
        return words

    def _requests(self, headers: tuple[Header, ...]) -> tuple[Span, ...]:
        if self.cuts is None:
            return spans(headers, most=self.most)
        return tuple(span for header in headers for span in self.cuts[header].spans)
