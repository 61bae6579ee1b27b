"""Files and folders the configuration means, with their defaults from the environment."""

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from gateway.config.parties import broker_tls
from gateway.config.problem import Finding, closest
from gateway.config.shapes import BrokerShape
from gateway.model.site import BrokerSettings

_URL = "mqtt://HOST:PORT or mqtts://HOST:PORT"


def state_dir(given: str | None, folder: FilePath, environ: Mapping[str, str]) -> str:
    """The folder of the journal; empty if neither file nor environment tells one.

    Args:
        given: as in the file; relative to the file's ``folder``.
        folder: where the configuration file is.
        environ: ``STATE_DIRECTORY`` (systemd; its first), ``XDG_STATE_HOME``, ``HOME``.
    """
    if given is not None:
        return str(folder / given)
    if service := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return service
    if state := environ.get("XDG_STATE_HOME"):
        return str(FilePath(state) / "gridtender")
    if home := environ.get("HOME"):
        return str(FilePath(home) / ".local" / "state" / "gridtender")
    return ""


def state_origin(environ: Mapping[str, str], *, given: bool) -> str:
    """Why the state folder is where it is."""
    if given:
        return ""
    if environ.get("STATE_DIRECTORY"):
        return "default: $STATE_DIRECTORY"
    return "default: $XDG_STATE_HOME" if environ.get("XDG_STATE_HOME") else "default: under $HOME"


def broker(shape: BrokerShape, folder: FilePath, environ: Mapping[str, str]) -> BrokerSettings:
    """Where MQTT is spoken, with the password file of the service manager if there is one."""
    return BrokerSettings(
        url=shape.url,
        kind=shape.kind,
        username=shape.username,
        password_file=_password_file(shape.password_file, folder, environ),
        listen_host=shape.listen.host,
        listen_port=shape.listen.port,
        guest=shape.guest,
        devices=shape.devices,
        tls=broker_tls(shape, folder),
        ca=_beside(shape.ca, folder),
        certificate=_beside(shape.certificate, folder),
        key=_beside(shape.key, folder),
    )


def _beside(given: str | None, folder: FilePath) -> str | None:
    return None if given is None else str(folder / given)


def _password_file(given: str | None, folder: FilePath, environ: Mapping[str, str]) -> str | None:
    """An empty credential is an installation without a password."""
    if given is not None:
        return str(folder / given)
    if not (credentials := environ.get("CREDENTIALS_DIRECTORY")):
        return None
    file = FilePath(credentials) / "mqtt-password"
    return str(file) if _length(file) else None


def _length(file: FilePath) -> int | None:
    """In bytes; None if there is no such file; 1 where only others may look."""
    try:
        return file.stat().st_size
    except PermissionError:
        return 1
    except (OSError, ValueError):
        return None


def check_broker(shape: BrokerShape, folder: FilePath) -> Iterator[Finding]:
    """What is wrong with the broker's section beyond its single values."""
    if shape.password_file is not None and _length(folder / shape.password_file) is None:
        yield Finding(
            path=("broker", "password_file"),
            found=f"{shape.password_file!r}, which is not there",
            allowed="a file with the password in its first line",
        )
    if shape.url is None:
        return
    yield from _check_url(shape.url)
    for key in sorted(shape.model_fields_set & {"kind", "listen", "tls", "guest", "devices"}):
        yield Finding(
            path=("broker", key),
            found="a setting for a broker of our own besides url",
            allowed="either url, or kind, listen, tls, guest and devices",
            at_key=True,
        )


def _check_url(text: str) -> Iterator[Finding]:
    path = ("broker", "url")
    try:
        url = urlsplit(text)
        bare = not (url.path.strip("/") or url.query or url.fragment)
        good = url.scheme in {"mqtt", "mqtts"} and bool(url.hostname) and url.port != 0 and bare
        user = "@" in url.netloc
    except ValueError:
        good, user = False, False
    if user:
        allowed = f"{_URL}, with username and password_file as keys of their own"
        yield Finding(path=path, found="a URL with user or password", allowed=allowed)
    elif not good:
        hint = f"did you mean 'mqtt://{text}'?" if "://" not in text else ""
        yield Finding(path=path, found=repr(text), allowed=_URL, hint=hint)


def check_timezone(zone: str) -> Iterator[Finding]:
    """Whether the system knows the time zone; a system without any zones is not asked."""
    if zone == "UTC":
        return
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        if known := sorted(available_timezones()):
            yield Finding(
                path=("timezone",),
                found=repr(zone),
                allowed="an IANA time zone such as Europe/Amsterdam",
                hint=closest(zone, known),
            )
