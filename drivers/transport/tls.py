"""Modbus over TLS with client certificates (SunSpec Secure Modbus, port 802)."""

import ssl
from dataclasses import dataclass
from functools import partial

from drivers.transport.session import Session
from drivers.transport.stream import USUAL, Conversation, Habits
from drivers.transport.tcp import TcpLine
from drivers.transport.url import habits, host_and_port, options
from gateway.ports.clock import Clock

DEFAULT_PORT = 802
# X509_V_ERR_* of OpenSSL
_NOT_YET, _EXPIRED = 9, 10
_ANOTHER_NAME = {62, 64}
_OF_OUR_CERTIFICATE = ("CERTIFICATE", "BAD_CERT", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Files (PEM) that the two ends know each other by.

    Attributes:
        ca: whom we believe; empty for the authorities of this machine.
        cert, key: what we show; empty for nothing.
        name: what the device's certificate must name, empty for the host itself.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""
    name: str = ""

    def context(self) -> ssl.SSLContext:
        """Read the files anew, so that renewed ones are used.

        Raises:
            OSError: a file cannot be read, or is no certificate or key; its ``filename`` says
                which key of the URL names it.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            names = f"ca={self.ca}"
            raise _wrong_file(names, error) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert:
            try:
                context.load_cert_chain(self.cert, self.key or None, password=_no_password)
            except OSError as error:
                names = f"cert={self.cert}, key={self.key}"
                raise _wrong_file(names, error) from error
        return context


class WrongFile(OSError):
    """A certificate or key that cannot be used."""


def open_tls(url: str, clock: Clock) -> "TlsLine":
    """A line for ``tls://host:port?ca=…&cert=…&key=…&name=…`` (port 802 if omitted).

    Raises:
        ValueError: the URL names no host, or no valid port.
    """
    host, port = host_and_port(url, DEFAULT_PORT)
    given = options(url)
    papers = Papers(**{key: given[key] for key in ("ca", "cert", "key", "name") if key in given})
    return TlsLine(host, port, clock, papers, habits=habits(url))


class TlsLine(TcpLine):
    """A line over one encrypted socket, both ends known by their certificates."""

    scheme = "tls"

    def __init__(
        self, host: str, port: int, clock: Clock, papers: Papers, *, habits: Habits = USUAL
    ) -> None:
        super().__init__(host, port, clock, habits=habits)
        self._papers = papers

    async def _open(self) -> Conversation:
        made = partial(Session, self._transaction, self._debts)
        name = self._papers.name or self._host.partition("%")[0]
        return await self._dial(made, self._papers.context(), name)

    def _why_not(self, error: OSError, timeout_s: float) -> tuple[str, str]:
        if isinstance(error, WrongFile):
            return str(error), "is the file there, readable by the gateway, and in PEM form?"
        if isinstance(error, ssl.SSLCertVerificationError):
            return self._why_not_believed(error)
        if isinstance(error, ssl.SSLError):
            return _why_refused(error)
        if isinstance(error, ConnectionResetError):
            return (
                "it closed the connection during the handshake",
                "does the port speak TLS, and does the device take our certificate (cert=)?",
            )
        return super()._why_not(error, timeout_s)

    def _why_not_believed(self, error: ssl.SSLCertVerificationError) -> tuple[str, str]:
        if error.verify_code in _ANOTHER_NAME:
            return (
                f"its certificate is for another name ({error.verify_message})",
                "write name=NAME as its certificate names it, if it is the right device",
            )
        if error.verify_code == _EXPIRED:
            return (
                "its certificate has expired",
                "renew it on the device; is this machine's clock right?",
            )
        if error.verify_code == _NOT_YET:
            return "its certificate is not valid yet", "is this machine's clock right?"
        return (
            f"its certificate is not believed ({error.verify_message})",
            "is ca= the authority that signed the device's certificate?",
        )

    def _why_lost(self, session: Conversation) -> tuple[str, str]:
        if isinstance(session.lost, ssl.SSLError):
            return _why_refused(session.lost)
        found, hint = super()._why_lost(session)
        if not self._answered and not session.stray:
            hint = f"does the device take our certificate (cert=)? Else: {hint}"
        return found, hint


def _why_refused(error: ssl.SSLError) -> tuple[str, str]:
    reason = error.reason or str(error)
    said = reason.lower().replace("_", " ")
    if any(part in reason for part in _OF_OUR_CERTIFICATE):
        return (
            f"the device does not take our certificate ({said})",
            "are cert= and key= what the device was told to trust?",
        )
    return f"no TLS ({said})", "is it the port of Modbus over TLS (mostly 802), not of plain TCP?"


def _wrong_file(names: str, error: OSError) -> WrongFile:
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    return WrongFile(f"{names}: {reason.lower().replace('_', ' ')}")


def _no_password() -> str:
    """A key with a password is refused instead of asked about on the terminal."""
    return ""
