"""Devices that speak MQTT behind TLS: whose certificates the broker is believed by."""

import asyncio
import gc
import shutil
import socket
import subprocess

import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.clock import WallClock
from gateway.adapters.mqtt_devices import open_mqtt
from gateway.config.connection import parse_connection
from gateway.model.errors import DeviceUnavailable
from gateway.model.time import SECOND, Duration
from tests.drivers.test_tls import Authority

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates"),
]
IN_TIME = Duration(5 * SECOND)


@pytest.fixture
async def broker(tmp_path):
    """The port of a mosquitto with a certificate of our own authority, and a foreign one."""
    cert, key = Authority(tmp_path, "ours").sign("broker", "IP:127.0.0.1")
    Authority(tmp_path, "foreign")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
        f"certfile {cert}\nkeyfile {key}\n"
    )
    process = await asyncio.create_subprocess_exec(
        str(find_mosquitto()), "-c", str(config), stderr=subprocess.DEVNULL
    )
    yield port
    process.terminate()
    await process.wait()


def url(port, ca):
    """As the configuration hands it on."""
    return parse_connection(f"mqtts://127.0.0.1:{port}?ca={ca}", ["mqtts"]).line


async def test_a_broker_of_the_authority_in_the_file_is_believed(broker, tmp_path):
    async with open_mqtt(url(broker, tmp_path / "ours.pem"), WallClock()) as line:
        line.listen(("it/state",))
        await line.publish("it/state", "on", timeout=IN_TIME)
        assert await line.until(lambda: line.newest("it/state") is not None, timeout=IN_TIME)
        assert line.newest("it/state").payload == b"on"


@pytest.fixture
def leftovers():
    """The library leaves the socket of a handshake that failed to the collector."""
    yield
    gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("leftovers")
async def test_a_broker_of_another_authority_hears_nothing(broker, tmp_path):
    async with open_mqtt(url(broker, tmp_path / "foreign.pem"), WallClock()) as line:
        line.listen(("it/state",))
        assert await line.until(lambda: "CERTIFICATE_VERIFY" in line.away, timeout=IN_TIME)
        with pytest.raises(DeviceUnavailable, match="CERTIFICATE_VERIFY"):
            await line.publish("it/state", "on", timeout=Duration(SECOND // 10))


@pytest.mark.parametrize("made", [False, True])
async def test_a_file_that_cannot_be_used_is_named(broker, tmp_path, made):
    file = tmp_path / "none.pem"
    if made:
        file.write_text("no certificate")
    async with open_mqtt(url(broker, file), WallClock()) as line:
        line.listen(("it/state",))
        assert await line.until(lambda: f"certificates in {file}" in line.away, timeout=IN_TIME)
