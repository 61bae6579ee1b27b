"""The stations of the ring: asyncio, but no protocol library."""
