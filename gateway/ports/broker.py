"""The broker port: where MQTT is spoken, whoever runs the broker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, runtime_checkable

MqttVersion = Literal[4, 5]
"""Protocol level on the wire: 4 is MQTT 3.1.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom a client believes and how it shows itself, files in PEM.

    Attributes:
        ca: authority that the broker is believed by; None = those of the system.
        certificate, key: the client's own; None = it shows none.
    """

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


SYSTEM_TRUST: Final = Trust()


class BrokerEndpoint(Protocol):
    """A broker to connect to as the gateway itself.

    The address stays the same for the life of the endpoint, also when the broker behind it dies
    and comes back.
    """

    @property
    def kind(self) -> str:
        """``external``, ``mosquitto`` or ``embedded``."""
        ...

    @property
    def host(self) -> str:
        """Name or address to connect to."""
        ...

    @property
    def port(self) -> int:
        """TCP port, never 0."""
        ...

    @property
    def tls(self) -> bool:
        """Whether the connection is to be encrypted and the broker's certificate checked."""
        ...

    @property
    def trust(self) -> Trust:
        """Of a connection that is encrypted."""
        ...

    @property
    def protocol(self) -> MqttVersion:
        """The highest MQTT version it speaks (of an external broker: assumed)."""
        ...

    @property
    def username(self) -> str:
        """The gateway's own user."""
        ...

    @property
    def password(self) -> str | None:
        """Of ``username``; None = connect without."""
        ...

    @property
    def alive(self) -> bool:
        """Whether our own broker is running; True for an external one, which we cannot see."""
        ...


@runtime_checkable
class OwnBroker(BrokerEndpoint, Protocol):
    """A broker of our own, that lets in whom it is told."""

    async def admit(self, users: Mapping[str, str]) -> None:
        """From now on exactly these may log in, beside the gateway, by their passwords.

        Whoever is connected and not among them any more is hung up on.

        Raises:
            OSError: nobody more and nobody less may, for the disk does not take it.
        """
        ...
