"""Devices on the gateway's own broker: where that is, as whom, and which topics are theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Final
from urllib.parse import quote

from gateway.config.connection import OWN_BROKER
from gateway.config.problem import Finding, describe
from gateway.config.scalars import Scalar, refusal
from gateway.model.site import BrokerSettings, DeviceSettings
from gateway.wire.acl import DEVICES
from gateway.wire.filters import overlap
from gateway.wire.topics import Topics

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - where it is reached from here
_MOST: Final = 100
_LONGEST: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(Scalar):
    """A list of topic filters."""

    @property
    def allowed(self) -> str:
        """A list."""
        return 'a list of topic filters such as ["tele/#", "stat/#", "cmnd/#"]'

    def parse(self, value: object) -> tuple[str, ...]:
        """The filters.

        Raises:
            PydanticCustomError: a ``refusal``.
        """
        if not isinstance(value, list | tuple) or len(value) > _MOST:
            raise refusal(value, self.allowed)
        for one in value:
            if not is_filter(one):
                raise refusal(one, self.allowed)
        return tuple(value)

    def schema(self) -> dict[str, object]:
        """A list of texts."""
        return {"type": "array", "items": {"type": "string"}, "maxItems": _MOST}


def check_filters(filters: Sequence[str], area: str) -> Iterator[Finding]:
    """The gateway's own topics are no device's."""
    base = Topics(area).base
    for one in filters:
        if overlap(one, f"{base}/#"):
            found = f"{describe(one)}, which reaches the gateway's own topics {base}/#"
            allowed = "topics of devices alone"
            yield Finding(path=("broker", "devices"), found=found, allowed=allowed)


def at_own_broker(
    devices: Sequence[DeviceSettings], broker: BrokerSettings, state_dir: str
) -> tuple[list[DeviceSettings], list[Finding]]:
    """The devices with the line of ``mqtt://`` written out, and what stands in its way.

    A release after a crash knows nothing but the line, so it names the password's file.
    """
    placed: list[DeviceSettings] = []
    findings: list[Finding] = []
    for item in devices:
        if item.device.line != OWN_BROKER:
            placed.append(item)
        elif broker.url is None and not (broker.listen_port and broker.devices):
            key = "devices" if broker.listen_port else "listen.port"
            found = f"the gateway's own broker, of which broker.{key} says nothing"
            allowed = (
                "broker.listen.port (where the device connects) and broker.devices (its topics), "
                "or broker.url"
            )
            path = ("devices", item.device.id, "connection")
            findings.append(Finding(path=path, found=found, allowed=allowed))
        else:
            line = _line(broker, state_dir)
            placed.append(replace(item, device=replace(item.device, line=line)))
    return placed, findings


def _line(broker: BrokerSettings, state_dir: str) -> str:
    if broker.url is not None:
        file = broker.password_file
        return _with_login(broker.url.rstrip("/"), broker.username, file)
    host = "127.0.0.1" if broker.listen_host in _EVERYWHERE else broker.listen_host
    host = f"[{host}]" if ":" in host else host
    file = str(FilePath(state_dir) / "credentials" / DEVICES)
    return _with_login(f"mqtt://{host}:{broker.listen_port}", DEVICES, file)


def _with_login(url: str, user: str, file: str | None) -> str:
    url = f"{url}?user={quote(user)}"
    return url if file is None else f"{url}&password_file={quote(str(FilePath(file).absolute()))}"


def is_filter(text: object) -> bool:
    """Whether it is a topic filter of MQTT, + and # being whole levels."""
    if not isinstance(text, str) or not text or len(text) > _LONGEST or not text.isprintable():
        return False
    levels = text.split("/")
    return all(
        not set(level) & set("+#") or level == "+" or (level == "#" and at == len(levels) - 1)
        for at, level in enumerate(levels)
    )
