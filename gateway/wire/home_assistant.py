"""MQTT discovery: every device, and the gateway, as a device of Home Assistant.

One retained message each, on ``homeassistant/device/ID/config``.  What is ours is known by the
origin's name and by this installation's own identifier, which outlives a renamed area; nothing
else under the prefix is ever touched.

Source: the section "Device discovery payload" of the Home Assistant documentation of MQTT.
"""

from typing import Final

from gateway.model.device import Capabilities, Description, Device, Identity
from gateway.model.event import Described
from gateway.model.limit import site_ranges
from gateway.model.site import Site
from gateway.wire.home_assistant_entities import Component, Entities
from gateway.wire.message import Message
from gateway.wire.text import Unreadable, read, write
from gateway.wire.topics import Topics

ORIGIN: Final = "gridtender"
ONLINE: Final = b"online"
"""What Home Assistant says on its birth topic."""

_UNKNOWN = Description(identity=Identity(), capabilities=Capabilities())


class HomeAssistant:
    """Announcements of one area.

    Args:
        site: as configured; its ``home_assistant`` says whether anything is announced.
        installation: tells this installation from every other one, also of the same area.
        version: of gridtender.
    """

    def __init__(self, site: Site, *, installation: str, version: str) -> None:
        self._site = site
        self._installation = installation
        self._version = version
        self._devices = {one.device.id: one.device for one in site.devices}
        topics = Topics(site.area)
        self._gateway_up = {
            "topic": topics.status,
            "value_template": "{{ value_json.status if value else 'offline' }}",
        }
        self._topics = topics
        self._entities = Entities(topics, [self._gateway_up])

    @property
    def announced(self) -> str:
        """The filter of all announcements, ours and others'."""
        return f"{self._site.home_assistant.prefix}/device/+/config"

    @property
    def birth(self) -> str:
        """The topic on which Home Assistant says that it is there."""
        return f"{self._site.home_assistant.prefix}/status"

    def standing(self) -> tuple[Message, ...]:
        """The gateway itself."""
        return (self._gateway(),) if self._site.home_assistant.discovery else ()

    def unasked(self) -> tuple[Message, ...]:
        """Every configured device, as far as it is known before it was asked.

        What it told in an earlier life says more: these are for devices never announced.
        """
        if not self._site.home_assistant.discovery:
            return ()
        return tuple(self._device(device, _UNKNOWN) for device in self._devices.values())

    def messages(self, described: Described) -> tuple[Message, ...]:
        """A device that has told what it is."""
        device = self._devices.get(described.device)
        if device is None or not self._site.home_assistant.discovery:
            return ()
        return (self._device(device, described.description),)

    def is_ours(self, payload: bytes) -> bool:
        """Whether this installation made the announcement, maybe under another name."""
        try:
            match read(payload):
                case {"o": {"name": name}, "dev": {"ids": [*ids]}}:
                    own = f"{ORIGIN}-{self._installation}-"
                    return name == ORIGIN and any(str(one).startswith(own) for one in ids)
                case _:
                    return False
        except Unreadable:
            return False

    def _gateway(self) -> Message:
        components = self._entities.of_gateway(
            self._site.currency, self._site.products, site_ranges(self._site.limits)
        )
        about = {"name": f"Gridtender {_spoken(self._site.area)}", "mf": "Gridtender"}
        about |= {"mdl": "gateway", "sw": self._version}
        return self._announcement("G", about, components, [self._gateway_up])

    def _device(self, device: Device, told: Description) -> Message:
        identity = told.identity
        known = {
            "name": _spoken(device.id),
            "mf": identity.maker,
            "mdl": identity.model or f"{device.role.value} ({device.driver})",
            "sw": identity.version,
            "sn": identity.serial,
        }
        about = {key: text for key, text in known.items() if text}
        about["via_device"] = f"{ORIGIN}-{self._site.area}-G"
        there = {
            "topic": self._topics.state(device.id),
            "value_template": (
                "{{ 'online' if value and value_json.state != 'offline' else 'offline' }}"
            ),
        }
        components = self._entities.of_device(device, told.capabilities)
        return self._announcement(f"D-{device.id}", about, components, [self._gateway_up, there])

    def _announcement(
        self,
        what: str,
        about: dict[str, str],
        components: dict[str, Component],
        availability: list[dict[str, str]],
    ) -> Message:
        """A capital letter stands in no name, so no two areas ever make the same id."""
        own_id = f"{ORIGIN}-{self._site.area}-{what}"
        payload = {
            "dev": {"ids": [own_id, f"{ORIGIN}-{self._installation}-{what}"], **about},
            "o": {"name": ORIGIN, "sw": self._version},
            "availability": availability,
            "availability_mode": "all",
            "cmps": {
                f"{own_id}-{name}": {**component, "unique_id": f"{own_id}-{name}"}
                for name, component in components.items()
            },
        }
        topic = f"{self._site.home_assistant.prefix}/device/{own_id}/config"
        return Message(topic, write(payload), retain=True)


def _spoken(name: str) -> str:
    """An id as a name for people: ``heat_pump`` is Heat pump."""
    return name.replace("_", " ").replace("-", " ").strip().capitalize() or name
