"""Where MQTT is spoken: the broker that is configured, else one of our own.

A broker of our own is mosquitto as a child process when it is installed, else amqtt in this
process (extra ``embedded``).
"""

import importlib
import importlib.util
import os
import shutil
import socket
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.adapters.broker_accounts import Accounts, accounts
from gateway.adapters.broker_files import Listener
from gateway.adapters.broker_mosquitto import MosquittoChild
from gateway.model.errors import BrokerUnavailable, SettingsError
from gateway.model.site import BrokerSettings
from gateway.ports.broker import SYSTEM_TRUST, BrokerEndpoint, MqttVersion, Trust
from gateway.wire.acl import DISCOVERY

_KINDS = ("auto", "mosquitto", "embedded")
_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
# Debian keeps mosquitto out of an ordinary user's PATH.
_MORE_FOLDERS = ("/usr/sbin", "/usr/local/sbin")
_INSTALL = (
    "install one (apt-get install mosquitto, or pip install 'gridtender[embedded]') "
    "or set broker.url to a broker elsewhere"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalBroker:
    """Somebody else's broker, at a configured address."""

    host: str
    port: int
    tls: bool
    username: str
    password: str | None = field(repr=False)
    kind: str = "external"
    protocol: MqttVersion = 5
    alive: bool = True
    trust: Trust = SYSTEM_TRUST


def open_broker(
    settings: BrokerSettings,
    area: str,
    state_dir: Path,
    users: Mapping[str, str],
    price_topics: Iterable[str] = (),
    *,
    discovery: str = DISCOVERY,
    neighbours: Iterable[str] = (),
    registration: bool = False,
) -> AbstractAsyncContextManager[BrokerEndpoint]:
    """A context that is entered when the broker accepts connections.

    Args:
        settings: the ``broker`` section.
        area: whose access rules a broker of our own enforces.
        state_dir: files of a mosquitto of our own go to its folder ``broker``.
        users: passwords of outside parties and of the owner, for a broker of our own.
        price_topics: tariff topics that the owner may write, likewise.
        discovery: the prefix under which Home Assistant, as the owner, looks for devices.
        registration: whether strangers may ask to be a party.
        neighbours: users of markets above, likewise.

    Raises:
        SettingsError: ``url`` or ``kind`` is not understood.
        BrokerUnavailable: no broker is installed, the port is taken, the password file cannot be
            read, or (on entering) the broker did not start.
    """
    if settings.url is not None:
        return nullcontext(external(settings))
    program = _program(settings.kind)
    listener = _listener(settings)
    who = accounts(
        area,
        users,
        guest=settings.guest,
        price_topics=price_topics,
        discovery=discovery,
        devices=settings.devices,
        neighbours=neighbours,
        registration=registration,
    )
    if program is None and settings.tls is not None:
        message = f"broker.tls needs mosquitto: {_INSTALL}"
        raise BrokerUnavailable(message)
    if program is None:
        return _embedded(listener, who)
    return MosquittoChild(program, listener, who, state_dir / "broker")


def external(settings: BrokerSettings) -> ExternalBroker:
    """The endpoint of ``url``, with the password of ``password_file``."""
    scheme, host, port = _address(settings.url or "")
    return ExternalBroker(
        host=host,
        port=port or _DEFAULT_PORTS[scheme],
        tls=scheme == "mqtts",
        username=settings.username,
        password=_password(settings.password_file),
        trust=Trust(ca=settings.ca, certificate=settings.certificate, key=settings.key),
    )


def find_mosquitto() -> Path | None:
    """The mosquitto program of this machine, if it has one."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_MORE_FOLDERS))
    found = shutil.which("mosquitto", path=path)
    return None if found is None else Path(found)


def _address(text: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of the URL."""
    wrong = SettingsError(
        path=("broker", "url"),
        found=repr(text),
        allowed="mqtt://HOST[:PORT] or mqtts://HOST[:PORT]",
    )
    try:
        url = urlsplit(text)
        address = url.scheme, url.hostname or "", url.port
    except ValueError as error:  # a port that is no port
        raise wrong from error
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        raise wrong
    return address


def _program(kind: str) -> Path | None:
    """The mosquitto to start, or None for amqtt."""
    if kind not in _KINDS:
        raise SettingsError(path=("broker", "kind"), found=repr(kind), allowed=" | ".join(_KINDS))
    program = None if kind == "embedded" else find_mosquitto()
    if program is None and kind == "mosquitto":
        message = f"mosquitto is in no folder of PATH, {', '.join(_MORE_FOLDERS)}: {_INSTALL}"
        raise BrokerUnavailable(message)
    if program is None and importlib.util.find_spec("amqtt") is None:
        message = f"there is no MQTT broker here, neither mosquitto nor amqtt: {_INSTALL}"
        raise BrokerUnavailable(message)
    return program


def _embedded(listener: Listener, who: Accounts) -> AbstractAsyncContextManager[BrokerEndpoint]:
    # amqtt costs 20 MB and a third of a second: only who needs it pays.
    embedded = importlib.import_module("gateway.adapters.broker_embedded")
    broker: AbstractAsyncContextManager[BrokerEndpoint] = embedded.EmbeddedBroker(listener, who)
    return broker


def _listener(settings: BrokerSettings) -> Listener:
    """Where others connect, and beside TLS a way of our own."""
    port = _port(settings.listen_host, settings.listen_port)
    local = _port("127.0.0.1", 0) if settings.tls is not None else 0
    return Listener(host=settings.listen_host, port=port, tls=settings.tls, local_port=local)


def _port(host: str, port: int) -> int:
    """The configured port, or a free one for 0; tried, so that a clash is named as such."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = (
                f"cannot listen on {host}:{port} ({error.strerror}): another broker may be running "
                f"there; use it (broker.url: mqtt://{host}:{port}) or choose another port"
            )
            raise BrokerUnavailable(message) from error
        bound: int = probe.getsockname()[1]
        return bound


def _password(file: str | None) -> str | None:
    """The first line's worth of the file; None without a file or with an empty one."""
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None
    except OSError as error:
        message = f"broker.password_file {file} cannot be read: {error.strerror}"
        raise BrokerUnavailable(message) from error
