"""The armory port: what must be known to let go of a device after a crash."""

from typing import Protocol

from gateway.model.setpoint import Arming


class Armory(Protocol):
    """Arming records, one per device, synced before the first write."""

    async def store(self, arming: Arming) -> None:
        """Keep the record on disk; of one that is there already the words found first stay.

        All else is brought up to date: the address may have changed, or the fall-back level.

        Raises:
            JournalFailed: it is not on disk, so nothing may be written to the device.
        """
        ...

    def get(self, device: str) -> Arming | None:
        """The record of a device, or None."""
        ...

    def all(self) -> tuple[Arming, ...]:
        """Every record, by device id."""
        ...

    async def discard(self, device: str) -> None:
        """Forget the record, after a release to the words found was read back."""
        ...
