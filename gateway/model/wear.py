"""How often a device was written to: flash takes only so many writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gateway.model.setpoint import TakenWrite


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCount:
    """Requests to one block of registers."""

    today: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCount:
    """Requests that one device took.

    Attributes:
        day: the UTC day of ``today``, days since 1970.
        today, total: to registers that keep their value.
        volatile_today, volatile_total: to registers that do not.
        blocks: all of them by registers, ``40232..40236``.
    """

    device: str
    day: int
    today: int = 0
    total: int = 0
    volatile_today: int = 0
    volatile_total: int = 0
    blocks: Mapping[str, BlockCount] = field(default_factory=dict)

    def on(self, day: int) -> "WriteCount":
        """The count as of a day: another day begins at nothing."""
        if day == self.day:
            return self
        blocks = {name: replace(block, today=0) for name, block in self.blocks.items()}
        return replace(self, day=day, today=0, volatile_today=0, blocks=blocks)

    def after(self, taken: Iterable[TakenWrite], *, volatile: bool | None) -> "WriteCount":
        """With these requests; ``volatile`` is what the owner says of all of them."""
        count = self
        for write in taken:
            count = count._and(write, volatile=write.lapses if volatile is None else volatile)
        return count

    def _and(self, write: TakenWrite, *, volatile: bool) -> "WriteCount":
        block = self.blocks.get(write.block, BlockCount())
        more = BlockCount(today=block.today + 1, total=block.total + 1)
        kept, gone = int(not volatile), int(volatile)
        return replace(
            self,
            today=self.today + kept,
            total=self.total + kept,
            volatile_today=self.volatile_today + gone,
            volatile_total=self.volatile_total + gone,
            blocks={**self.blocks, write.block: more},
        )
