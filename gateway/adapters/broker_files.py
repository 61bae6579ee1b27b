"""The files of a mosquitto of our own: configuration, access rules, password hashes."""

import base64
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.broker_accounts import GATEWAY, Accounts
from gateway.model.site import BrokerTls
from gateway.wire.acl import mosquitto_acl

# mosquitto's own defaults for its $7$ format (PBKDF2 with HMAC-SHA-512).
_ITERATIONS = 101
_SALT_BYTES = 12

# The gateway judges payloads over 64 KiB itself and answers; the broker only keeps out floods.
MAX_PACKET_BYTES = 2 * 1024 * 1024
_MAX_QUEUED_BYTES = 8 * 1024 * 1024
_MAX_QUEUED_MESSAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where the broker listens; the port is never 0.

    Attributes:
        tls: how others come there; the gateway then has ``local_port`` of this machine for
            itself, in the clear, which every program on it may try as well.
    """

    host: str
    port: int
    tls: BrokerTls | None = None
    local_port: int = 0

    @property
    def own_host(self) -> str:
        """Where the gateway itself connects: never by TLS."""
        return "127.0.0.1" if self.tls else self.host

    @property
    def own_port(self) -> int:
        """On that address."""
        return self.local_port if self.tls else self.port


def write_files(directory: Path, listener: Listener, accounts: Accounts) -> Path:
    """The folder holds what mosquitto needs, readable by its owner only; returns the conf."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    acl, passwords = directory / "acl", directory / "passwords"
    rules = mosquitto_acl(
        accounts.area,
        gateway=GATEWAY,
        price_topics=accounts.price_topics,
        discovery=accounts.discovery,
        devices=accounts.devices,
        registration=accounts.registration,
        neighbours=accounts.neighbours,
    )
    _write(acl, rules)
    _write(passwords, password_file(accounts.passwords))
    conf = directory / "mosquitto.conf"
    _write(conf, configuration(listener, acl=acl, passwords=passwords))
    return conf


def configuration(listener: Listener, *, acl: Path, passwords: Path) -> str:
    """The text of mosquitto.conf.

    Nothing is persisted: the gateway publishes everything retained again when it connects, an
    SD card lasts longer, and yesterday's retained state is never passed off as new.  Anonymous
    clients may connect, and the rules grant them nothing but reading.
    """
    lines = [
        "per_listener_settings false",
        "allow_anonymous true",
        f"acl_file {acl}",
        f"password_file {passwords}",
        "set_tcp_nodelay true",
        "persistence false",
        f"max_packet_size {MAX_PACKET_BYTES}",
        f"max_queued_messages {_MAX_QUEUED_MESSAGES}",
        f"max_queued_bytes {_MAX_QUEUED_BYTES}",
        "sys_interval 0",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_timestamp false",
        f"listener {listener.own_port} {listener.own_host}",
    ]
    if listener.tls is not None:
        lines += _encrypted(listener, listener.tls)
    if os.geteuid() == 0:
        lines.append("user root")  # else it changes to a user who cannot read these files
    return "\n".join(lines) + "\n"


def _encrypted(listener: Listener, tls: BrokerTls) -> list[str]:
    """The listener for others: TLS 1.2 and later."""
    lines = [
        f"listener {listener.port} {listener.host}",
        f"certfile {tls.certificate}",
        f"keyfile {tls.key}",
        "tls_version tlsv1.2",
    ]
    if tls.ca is not None:
        lines.append(f"cafile {tls.ca}")
    if tls.require_client_certificate:
        lines.append("require_certificate true")
    if tls.use_identity_as_username:
        lines.append("use_identity_as_username true")
    return lines


def password_file(passwords: Mapping[str, str]) -> str:
    """One ``user:hash`` line for each user."""
    return "".join(f"{user}:{hashed(password)}\n" for user, password in passwords.items())


def hashed(password: str) -> str:
    """The password as ``$7$iterations$salt$hash``, with a new salt."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _write(path: Path, text: str) -> None:
    """Replace the file; at no moment can others read it."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
