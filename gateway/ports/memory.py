"""The memory port: what was known of the devices before this start."""

from typing import Protocol

from gateway.model.known import Known


class Memory(Protocol):
    """One record per device.  It only tells and never steers: nothing is written by it."""

    def get(self, device: str) -> Known | None:
        """What is remembered of a device, or None.

        Raises:
            GridtenderError: there is something, but it cannot be used.
        """
        ...

    async def keep(self, known: Known) -> None:
        """Put it in the place of what was remembered.

        Raises:
            GridtenderError: it is not on the disk.
        """
        ...
