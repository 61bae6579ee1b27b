"""Finding a gateway and hearing what it says of itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.adapters.broker import external
from gateway.adapters.clock import WallClock, scaled_clock
from gateway.adapters.mqtt_watch import watch
from gateway.adapters.presence import Presence
from gateway.adapters.state import StateDir, StateMissing
from gateway.app.board import Board
from gateway.app.status_ground import Ground, nothing_at, read_ground
from gateway.app.status_page import Status
from gateway.model.errors import BrokerUnavailable, GridtenderError
from gateway.model.site import Site
from gateway.ports.broker import SYSTEM_TRUST, Trust
from gateway.wire.topics import Topics

_CONNECT_S: Final = 3.0
# Everything retained comes at once after subscribing.
_SETTLE_S: Final = 0.7
_NOT_RUNNING: Final = "not asked: no gateway runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a gateway can be heard; ``url`` is empty where nothing tells."""

    url: str
    kind: str
    username: str = ""
    password: str | None = field(default=None, repr=False)
    trust: Trust = SYSTEM_TRUST

    def __str__(self) -> str:
        return f"{self.kind} at {self.url.removeprefix('mqtt://')}" if self.url else "unknown"


class Observer:
    """Looks at one gateway, as often as it is asked.

    Args:
        state: its folder; ``site``: its configuration, None where that is not known.
        credential: the password file of the installed service, tried where the configuration
            names none.
    """

    def __init__(self, state: Path, site: Site | None, credential: Path) -> None:
        self._state = state
        self._site = site
        self._credential = credential
        self._unheard = ""
        self._heard = asyncio.Event()
        self._ground, self._blind = _ground(state)
        presence = None if self._ground is None else self._ground.presence
        area = site.area if site is not None else presence.area if presence else "home"
        self.board = Board(area)
        self._clock = scaled_clock(presence.scale) if presence and presence.scale else WallClock()
        self._door = self._find_door(presence)

    @property
    def door(self) -> Door:
        """Where the gateway can be heard."""
        return self._door

    def take(self, retained: Mapping[str, bytes], lost: str) -> None:
        """What somebody else heard there of any area; ``lost``: why nothing was, else empty."""
        base = f"{Topics(self.board.area).base}/"
        for topic, payload in retained.items():
            if topic.startswith(base):
                self._hear(topic, payload)
        if lost:
            self._lost(lost)

    def look(self) -> None:
        """Look at the state folder again."""
        self._ground, self._blind = _ground(self._state)

    def status(self) -> Status:
        """What is known now."""
        runs = self._ground is None or self._ground.running
        return Status(
            area=self.board.area,
            now=self._clock.now(),
            ground=self._ground,
            blind=self._blind,
            board=self.board if runs else Board(self.board.area),
            unheard=self._unheard or f"nothing was heard on MQTT ({self._door})",
            broker=self._broker_text() if runs else _NOT_RUNNING,
            synchronised=self._clock.synchronised,
            parties=() if self._site is None else tuple(one.id for one in self._site.parties),
        )

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear the gateway, from the moment on that all it retains was heard or it is silent."""
        if not self._door.url or (self._ground is not None and not self._ground.running):
            yield
            return
        async with asyncio.TaskGroup() as tasks:
            ear = tasks.create_task(self._listen(), name="ear")
            await self._settled()
            try:
                yield
            finally:
                ear.cancel()

    async def _listen(self) -> None:
        base = Topics(self.board.area).base
        await watch(
            self._door.url,
            username=self._door.username,
            password=self._door.password,
            filters=tuple(f"{base}/{leaf}" for leaf in ("status", "m/#", "p/#", "d/#")),
            on_message=self._hear,
            on_lost=self._lost,
            trust=self._door.trust,
        )

    async def _settled(self) -> None:
        """Wait for the first word, then for the rest of what is retained."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                await self._heard.wait()
            await asyncio.sleep(_SETTLE_S)

    def _hear(self, topic: str, payload: bytes) -> None:
        self.board.hear(topic, payload)
        self._heard.set()

    def _lost(self, reason: str) -> None:
        self.board.topics.clear()
        self._unheard = f"not reachable ({self._door}): {reason}"

    def _broker_text(self) -> str:
        if self.board.topics:
            return f"{self._door}, connected"
        return f"{self._door}, NOT REACHED" if self._door.url else "unknown: nothing names one"

    def _find_door(self, presence: Presence | None) -> Door:
        """An external broker by the configuration, one of the gateway's own by its word."""
        if self._site is not None and self._site.broker.url is not None:
            return self._external(self._site)
        if presence is not None:
            url = f"mqtt://{presence.host}:{presence.port}"
            return Door(url=url, kind=presence.kind)  # what is public needs no user
        if self._site is not None and self._site.broker.listen_port:
            broker = self._site.broker
            return Door(url=f"mqtt://{broker.listen_host}:{broker.listen_port}", kind="own broker")
        return Door(url="", kind="")

    def _external(self, site: Site) -> Door:
        """With the gateway's own password where it may be read; else as nobody in particular."""
        url, trust = str(site.broker.url), SYSTEM_TRUST
        try:
            endpoint = external(site.broker)
            trust = endpoint.trust
            password = endpoint.password or self._service_password()
        except BrokerUnavailable:
            password = None
        user = site.broker.username if password else ""
        return Door(url=url, kind="external", username=user, password=password, trust=trust)

    def _service_password(self) -> str | None:
        try:
            return self._credential.read_text("utf-8").strip() or None
        except (OSError, ValueError):
            return None


def _ground(folder: Path) -> tuple[Ground | None, str]:
    """What the state folder tells, or why it may not be looked into."""
    try:
        return read_ground(StateDir(folder, create=False)), ""
    except StateMissing:
        return nothing_at(folder), ""
    except GridtenderError as fault:
        return None, str(fault)
    except OSError as fault:
        return None, f"{folder}: {fault.strerror}"
