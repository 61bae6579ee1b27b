"""The whole walk: configuration, state, clock, broker, Home Assistant, and every device."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.adapters.broker import external
from gateway.adapters.mqtt_watch import Glance, glance
from gateway.adapters.refusals import RefusalFile
from gateway.app.doctor.broker import Heard, filters, of_broker
from gateway.app.doctor.catalogue import Finding, found
from gateway.app.doctor.device import PATIENCE, Patient, examine, refused
from gateway.app.doctor.makers import of_maker
from gateway.app.doctor.state import of_state
from gateway.app.status import Observer
from gateway.app.status_advice import attention
from gateway.app.status_page import Status
from gateway.config import Loaded
from gateway.model.errors import BrokerUnavailable
from gateway.model.refusal import Refusal
from gateway.model.site import DeviceSettings, Site
from gateway.model.time import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is looked at.

    Attributes:
        loaded: the configuration, None without one.
        wanted: ids of devices; empty = all.
        credential: the installed service's password of the broker.
        tell: progress, in sentences.
        patience: the least that is waited for a device's answer.
    """

    state: Path
    loaded: Loaded | None
    wanted: Sequence[str] = ()
    credential: Path = field(default=Path("mqtt-password"))
    tell: Callable[[str], None] = lambda _: None
    patience: Duration = PATIENCE

    @property
    def site(self) -> Site | None:
        """The configuration's healthy part."""
        return None if self.loaded is None else self.loaded.site

    @property
    def devices(self) -> tuple[DeviceSettings, ...]:
        """Those asked for, in the order of the file."""
        items = () if self.site is None else self.site.devices
        return tuple(one for one in items if not self.wanted or one.device.id in self.wanted)


async def visit(asked: Visit) -> list[Finding]:
    """Everything that is found; reads only."""
    observer = Observer(asked.state, asked.site, asked.credential)
    findings = list(_configuration(asked))
    if observer.status().running and asked.site is not None:
        asked.tell("a gateway runs: listening to it")
    findings += await _broker(asked, observer)
    status = observer.status()
    findings[:0] = _gateway(asked, status)
    elsewhere = any(one.code == "AREA_ELSEWHERE" for one in findings)
    for item in asked.devices:
        findings += await _one(asked, item, status, elsewhere=elsewhere)
    return findings


def _configuration(asked: Visit) -> Iterator[Finding]:
    if asked.loaded is None:
        yield found("CONFIG_UNNAMED", "configuration")
    for problem in () if asked.loaded is None else asked.loaded.problems:
        yield found("CONFIG_PROBLEM", "configuration", problem=problem)
    if asked.loaded is None or asked.site is None:
        return
    known = [item.device.id for item in asked.site.devices]
    for name in asked.wanted:
        if name not in {*known, *asked.loaded.refused}:
            yield found("DEVICE_UNKNOWN", name, known=", ".join(known) or "none")


def _gateway(asked: Visit, status: Status) -> Iterator[Finding]:
    if status.ground is None:
        yield found("STATE_UNREADABLE", "state", why=status.blind)
    else:
        ids = None if asked.site is None else {item.device.id for item in asked.site.devices}
        refused = () if asked.loaded is None else asked.loaded.refused
        yield from of_state(status.ground, None if ids is None else {*ids, *refused})
    if not status.synchronised:
        yield found("CLOCK_UNSYNCHRONISED", "clock")
    if status.running and not status.heard:
        yield found("GATEWAY_UNHEARD", "gateway", path=asked.state, why=status.unheard)
    for one in attention(status.board) if status.heard else ():
        if one.subject == "gateway" or one.subject not in status.board.devices():
            yield found("GATEWAY_TROUBLED", one.subject, what=one.what, do=one.do)


async def _broker(asked: Visit, observer: Observer) -> list[Finding]:
    """Listen once; what the gateway says goes to the observer's board."""
    site, before = asked.site, observer.status()
    if site is None:
        return []
    if not observer.door.url or (site.broker.url is None and not before.running):
        return [found("BROKER_RESTS", "broker")]
    findings = list(_password(site))
    door = observer.door
    heard = await glance(door.url, door.username, door.password, filters(site))
    observer.take(heard.retained, heard.lost)
    look = Heard(door=door, glance=heard, site=site, running=before.running)
    findings += of_broker(look)
    if _elsewhere(observer, heard) and before.ground is not None and not before.running:
        findings.append(found("AREA_ELSEWHERE", "broker", path=asked.state, area=site.area))
    return findings


def _elsewhere(observer: Observer, heard: Glance) -> bool:
    online = observer.board.of("status").get("status") == "online"
    return online and not heard.lost


def _password(site: Site) -> Iterator[Finding]:
    if site.broker.url is None:
        return
    try:
        external(site.broker)
    except BrokerUnavailable as fault:
        yield found("BROKER_PASSWORD", "broker", why=fault)


def _perhaps_held(status: Status, *, elsewhere: bool) -> str:
    """Why a gateway that is not seen may be connected to the devices; empty if none is."""
    if status.unknown:
        return "nothing tells whether a gateway runs"
    return "a gateway of this area runs elsewhere" if elsewhere and not status.running else ""


async def _one(
    asked: Visit, item: DeviceSettings, status: Status, *, elsewhere: bool
) -> list[Finding]:
    """By the running gateway where there is one, which may hold its only connection."""
    device = item.device.id
    if status.running and not status.heard:
        return []
    if why := _perhaps_held(status, elsewhere=elsewhere):
        return [found("DEVICE_UNASKED", device, why=why)]
    refusal = RefusalFile(asked.state).load().get(device)
    if status.running:
        return list(_told(device, status, refusal))
    asked.tell(f"{device}: asking {item.device.line} unit {item.device.unit}")
    return await examine(Patient(item=item, refusal=refusal, patience=asked.patience))


def _told(device: str, status: Status, refusal: Refusal | None) -> Iterator[Finding]:
    """What the running gateway says of it."""
    board = status.board
    state, told = board.of(f"d/{device}/state"), board.of(f"d/{device}/desc")
    if not state:
        yield found("DEVICE_UNTOLD", device)
        return
    yield found("DEVICE_SPARED", device)
    troubles = [one for one in attention(board) if one.subject == device]
    for one in troubles:
        yield found("DEVICE_TROUBLED", device, what=one.what, do=one.do)
    if not troubles:
        yield found("DEVICE_FINE", device, what=f"{state.get('state')}")
    for note in told.get("notes", ()):
        yield found("DEVICE_ODD", device, what=note)
    if refusal is not None:
        yield refused(refusal)
    maker = f"{told.get('maker', '')} {told.get('model', '')}".strip()
    yield from of_maker(device, maker, ())
