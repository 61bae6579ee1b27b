"""Whether devices were let go, judged at their own registers and not by what anybody says."""

from collections.abc import Mapping, Sequence

from gateway.adapters.clock import WallClock
from gateway.model.errors import GridtenderError
from gateway.model.setpoint import Arming
from gateway.ports.line import Line, LineFactory


async def verdicts(
    armings: Sequence[Arming], lines: Mapping[str, LineFactory]
) -> Mapping[str, str]:
    """Per device what its registers tell; empty text where it was not let go.

    ``armings`` as they were while the devices were driven.
    """
    return {arming.device: await _verdict(arming, lines) for arming in armings}


async def _verdict(arming: Arming, lines: Mapping[str, LineFactory]) -> str:
    url = arming.connection.partition("?")[0]
    try:
        async with lines[url.partition("://")[0]](url, WallClock()) as line:
            if not await _holds(arming, line):
                return ""
    except GridtenderError:
        return ""
    if arming.level:
        return f"at its fall-back level: {arming.promise}"
    return "as it was found before the first setpoint"


async def _holds(arming: Arming, line: Line) -> bool:
    for part in arming.level or arming.found:
        block = await line.read(arming.unit, part.address, len(part.words), timeout=arming.timeout)
        if block.words != part.words:
            return False
    return True
