"""The broker port: where MQTT is spoken, whoever runs the broker."""

from typing import Literal, Protocol

MqttVersion = Literal[4, 5]
"""Protocol level on the wire: 4 is MQTT 3.1.1."""


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
