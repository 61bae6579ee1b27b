"""Modbus over TLS against a real server: who believes whom, and what is said when not."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import asynccontextmanager

import pytest

from drivers.transport import open_tls
from gateway.adapters.clock import WallClock
from gateway.model.errors import DeviceUnavailable
from gateway.model.time import SECOND

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command makes the certificates"
)


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.ca = folder / f"{name}.pem"
        self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
        )  # fmt: skip

    def openssl(self, *command):
        subprocess.run(["openssl", *command], cwd=self.folder, check=True, capture_output=True)

    def sign(self, holder, names, days="2"):
        """Certificate and key files of a holder."""
        self.openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={holder}", "-keyout", f"{holder}.key", "-out", f"{holder}.csr",
        )  # fmt: skip
        (self.folder / "names").write_text(f"subjectAltName={names}\n")
        self.openssl(
            "x509", "-req", "-in", f"{holder}.csr", "-CA", self.ca.name, "-CAkey",
            f"{self.name}.key", "-CAcreateserial", "-days", days, "-extfile", "names",
            "-out", f"{holder}.pem",
        )  # fmt: skip
        return self.folder / f"{holder}.pem", self.folder / f"{holder}.key"


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    ours, foreign = Authority(folder, "ours"), Authority(folder, "foreign")
    return {
        "ca": ours.ca,
        "foreign": foreign.ca,
        "device": ours.sign("device", "IP:127.0.0.1"),
        "named": ours.sign("named", "DNS:inverter.example"),
        "expired": ours.sign("expired", "IP:127.0.0.1", days="-1"),
        "gateway": ours.sign("gateway", "DNS:gateway"),
        "stranger": foreign.sign("stranger", "DNS:stranger"),
    }


class Inverter(threading.Thread):
    """An inverter that wants to see a certificate of our authority, one client after the other.

    Plain sockets, since asyncio's server does not say why it refuses a certificate.
    """

    def __init__(self, context, hangs_up):
        super().__init__()
        self.context, self.hangs_up = context, hangs_up
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(0.05)
        self.over = threading.Event()

    def run(self):
        with self.listening:
            while not self.over.is_set():
                with contextlib.suppress(OSError):
                    made, _ = self.listening.accept()
                    made.settimeout(5)
                    self.serve(self.wrapped(made))

    def wrapped(self, made):
        if self.context is None:
            return made
        return self.context.wrap_socket(made, server_side=True, do_handshake_on_connect=False)

    def serve(self, made):
        with made:
            try:
                if self.context is None or self.hangs_up == "in the handshake":
                    socket.socket.recv(made, 1024)
                    if self.context is None:
                        made.sendall(b"no TLS here")
                    return
                made.do_handshake()
                while not self.hangs_up and len(request := made.recv(12)) == 12:
                    words = request[8:10] * int.from_bytes(request[10:12], "big")
                    body = bytes([request[6], 3, len(words)]) + words
                    made.sendall(request[:4] + len(body).to_bytes(2, "big") + body)
            except ssl.SSLError:
                # Hanging up on what the other end still sends would overtake the reason.
                while socket.socket.recv(made, 1024):
                    pass


@asynccontextmanager
async def device(papers, holder="device", version=None, *, tls=True, hangs_up=""):
    """The port of an inverter; one that ``hangs_up`` does so without a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*papers[holder])
    context.load_verify_locations(papers["ca"])
    context.verify_mode = ssl.CERT_REQUIRED
    if version is not None:
        context.maximum_version = version
    inverter = Inverter(context if tls else None, hangs_up)
    inverter.start()
    try:
        yield inverter.listening.getsockname()[1]
    finally:
        inverter.over.set()
        await asyncio.to_thread(inverter.join)


def line(port, papers, ca="ca", shows="gateway", more=""):
    cert, key = papers[shows] if shows else ("", "")
    shown = f"&cert={cert}&key={key}" if shows else ""
    return open_tls(f"tls://127.0.0.1:{port}?ca={papers[ca]}{shown}{more}", WallClock())


async def why_not(opened):
    async with opened as asked:
        with pytest.raises(DeviceUnavailable) as error:
            await asked.read(1, 100, 2, timeout=SECOND)
    return str(error.value)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_ends_known_the_registers_are_read(papers, version):
    async with device(papers, version=version) as port, line(port, papers) as asked:
        assert (await asked.read(1, 100, 2, timeout=SECOND)).words == (100, 100)
        assert len((await asked.read(1, 7, 125, timeout=SECOND)).words) == 125


async def test_a_device_that_its_certificate_names_otherwise_is_reached_by_that_name(papers):
    async with device(papers, "named") as port:
        said = await why_not(line(port, papers))
        assert "its certificate is for another name" in said
        assert "write name=NAME" in said
        async with line(port, papers, more="&name=inverter.example") as asked:
            assert (await asked.read(1, 100, 1, timeout=SECOND)).words == (100,)


async def test_an_expired_certificate_is_told_with_the_clock_as_a_suspect(papers):
    async with device(papers, "expired") as port:
        assert "certificate has expired; renew it" in await why_not(line(port, papers))


async def test_a_certificate_of_another_authority_is_not_believed(papers):
    async with device(papers) as port:
        said = await why_not(line(port, papers, ca="foreign"))
    assert "its certificate is not believed" in said
    assert "is ca= the authority" in said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shows", ["", "stranger"])
async def test_a_device_that_does_not_take_our_certificate_is_said_to(papers, shows, version):
    async with device(papers, version=version) as port:
        said = await why_not(line(port, papers, shows=shows))
    assert "the device does not take our certificate" in said
    assert "cert= and key=" in said


@pytest.mark.parametrize("when", ["in the handshake", "after it"])
async def test_where_it_hangs_up_without_a_word_our_certificate_is_a_suspect(papers, when):
    async with device(papers, hangs_up=when) as port:
        said = await why_not(line(port, papers))
    assert "does the device take our certificate (cert=)?" in said


async def test_a_port_without_tls_is_told_as_such(papers):
    async with device(papers, tls=False) as port:
        said = await why_not(line(port, papers))
    assert "TLS" in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ca=/nowhere/ca.pem", "ca=/nowhere/ca.pem: no such file"),
        ("cert=/nowhere/me.pem&key=/nowhere/me.key", "cert=/nowhere/me.pem, key=/nowhere/me.key"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named(papers, url, said):
    async with device(papers) as port:
        found = await why_not(open_tls(f"tls://127.0.0.1:{port}?{url}", WallClock()))
    assert said in found
    assert "in PEM form?" in found


async def test_a_key_of_another_certificate_is_named(papers):
    cert, key = papers["gateway"][0], papers["stranger"][1]
    async with device(papers) as port:
        url = f"tls://127.0.0.1:{port}?ca={papers['ca']}&cert={cert}&key={key}"
        assert "key values mismatch" in await why_not(open_tls(url, WallClock()))


async def test_the_port_is_802_where_none_is_given():
    assert str(open_tls("tls://10.0.0.5", WallClock())) == "tls://10.0.0.5:802"
