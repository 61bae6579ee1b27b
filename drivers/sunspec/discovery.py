"""Finding a device's models: the chain is walked on every connect, no address is remembered.

Source: SunSpec Device Information Model Specification, "Device Modbus map": the marker
``SunS``, then (ID, L, body) repeated until ID 0xFFFF.  Real devices also end with exception 2
or with silence, and some begin another device with a second model 1 in the same chain.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused

Read = Callable[[int, int], Awaitable[tuple[int, ...]]]
"""Words from (address, count) of one unit."""

BASES = (40000, 50000, 0)
COMMON = 1
_MARKER = (0x5375, 0x6E53)
_END = 0xFFFF
_LONGEST = 1000  # registers; no published model comes near
_MOST = 250  # models; a device that answers every address alike has no end
# Published ids, and those of makers; in between is mostly text that a wrong L led into.
_LAST_PUBLISHED, _FIRST_VENDOR = 1999, 60000
_LAST_ADDRESS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Header:
    """Where a model stands: ``address`` of its ID, ``length`` as its L says."""

    model: int
    address: int
    length: int

    @property
    def end(self) -> int:
        """The first register after it."""
        return self.address + 2 + self.length


@dataclass(frozen=True, slots=True)
class Chain:
    """What a walk found: ``parts`` begin with a model 1 each; ``notes`` say what was odd.

    ``broken_at`` is the register where a header should stand and none does.
    """

    base: int
    parts: tuple[tuple[Header, ...], ...]
    notes: tuple[str, ...] = ()
    broken_at: int | None = None


async def walk(read: Read, bases: Sequence[int] = BASES) -> Chain:
    """Find the marker at one of the bases and step from header to header.

    Raises:
        DeviceUnavailable: no answer at a base (others are not tried in the same call, so that
            a dead device costs one timeout), or the line broke on the way.
        DeviceMisbehaves: it answers, but there is no SunSpec map.
    """
    seen: list[str] = []
    for base in bases:
        try:
            words = await read(base, 2)
        except RequestRefused as refused:
            seen.append(f"{base}: exception {refused.code}")
            continue
        if words == _MARKER:
            return await _follow(read, base)
        seen.append(f"{base}: {words[0]:04X} {words[1]:04X}")
    message = (
        f"the device answers, but no SunSpec marker stands at {', '.join(seen)}; is SunSpec "
        "switched on and the unit right? Try ?unit= 1, 126, 2, 3, 247, 240, 200, 100 (SMA: "
        "configured id + 123, meters behind Fronius: 200 or 240)"
    )
    raise DeviceMisbehaves(message)


async def _follow(read: Read, base: int) -> Chain:
    headers: list[Header] = []
    notes: list[str] = []
    broken_at: int | None = None
    address = base + len(_MARKER)
    while address < _LAST_ADDRESS:
        words = await _header(read, address, headers)
        if words is None or words[0] == _END:
            break
        model, length = words
        if not _is_id(model) or length > _LONGEST or len(headers) == _MOST:
            after = f"model {headers[-1].model}" if headers else "the marker"
            notes.append(
                f"the chain breaks at register {address} after {after}: ID {model}, L {length}; "
                "what comes later is not read",
            )
            broken_at = address
            break
        headers.append(Header(model, address, length))
        address = headers[-1].end
    return Chain(base, _parts(headers), tuple(notes), broken_at)


def _is_id(model: int) -> bool:
    return 0 < model <= _LAST_PUBLISHED or model >= _FIRST_VENDOR


async def _header(read: Read, address: int, headers: Sequence[Header]) -> tuple[int, ...] | None:
    """ID and L, or None where the device has no more."""
    try:
        return await read(address, 2)
    except RequestRefused:
        if not headers:
            raise
        return None
    except DeviceUnavailable:
        if not headers:
            raise
        # Silence ends a chain only if the device still answers where it did before.
        await read(headers[-1].address, 2)
        return None


def _parts(headers: Sequence[Header]) -> tuple[tuple[Header, ...], ...]:
    parts: list[list[Header]] = []
    for header in headers:
        if header.model == COMMON or not parts:
            parts.append([])
        parts[-1].append(header)
    return tuple(map(tuple, parts))
