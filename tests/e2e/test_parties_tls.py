"""TLS and certificates of clients: on a mosquitto of our own, and towards one elsewhere."""

import asyncio
import json
import shutil
import ssl

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from tests.drivers.test_tls import Authority
from tests.e2e.processes import BASE, create_tender, free_port, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates"),
]


def shown(folder, signed=None):
    context = ssl.create_default_context(cafile=folder / "ours.pem")
    if signed is not None:
        context.load_cert_chain(*signed)
    return context


async def test_a_certificate_is_the_login_and_without_one_nobody_connects(place):
    ours = Authority(place.folder, "ours")
    broker, anna = ours.sign("broker", "IP:127.0.0.1"), ours.sign("anna", "DNS:anna")
    stranger = Authority(place.folder, "foreign").sign("bob", "DNS:bob")
    await place.build()
    port = free_port()
    tls = {
        "certificate": str(broker[0]),
        "key": str(broker[1]),
        "ca": str(place.folder / "ours.pem"),
        "require_client_certificate": True,
        "use_identity_as_username": True,
    }
    listen = {"host": "127.0.0.1", "port": port}
    config = place.write(
        broker={"kind": "mosquitto", "listen": listen, "tls": tls}, parties={"anna": {}}
    )
    said = await place.command("check", str(config))
    assert said.code == 0, said.out + said.err
    daemon = await place.run(config)
    async with aiomqtt.Client("127.0.0.1", port, tls_context=shown(place.folder, anna)) as client:
        heard = {}

        async def hear():
            async for message in client.messages:
                heard[message.topic.value] = json.loads(message.payload)

        await client.subscribe(f"{BASE}/p/power/session")
        await client.subscribe(f"{BASE}/u/anna/in/#")
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(hear())
            await until(lambda: f"{BASE}/p/power/session" in heard, "a session", 15)
            tender = create_tender("anna", heard[f"{BASE}/p/power/session"], "r-1", {})
            await client.publish(f"{BASE}/u/anna/req/power/create-tender", json.dumps(tender))
            answer = f"{BASE}/u/anna/in/created-tender"
            await until(lambda: answer in heard, "an answer")
            assert heard[answer]["partyId"] == "anna"
            assert heard[answer]["response"]["responseCode"] in {200, 423}
            hearing.cancel()
    for signed in (None, stranger):
        with pytest.raises((aiomqtt.MqttError, OSError)):
            async with aiomqtt.Client(
                "127.0.0.1", port, tls_context=shown(place.folder, signed), timeout=5
            ) as client:
                await client.subscribe(f"{BASE}/#")
    assert "Traceback" not in daemon.text


async def test_the_gateway_shows_its_certificate_to_a_broker_elsewhere(place):
    ours = Authority(place.folder, "ours")
    broker, gateway = ours.sign("broker", "IP:127.0.0.1"), ours.sign("gateway", "DNS:gateway")
    port = free_port()
    conf = place.folder / "elsewhere.conf"
    conf.write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\ncafile "
        f"{place.folder / 'ours.pem'}\ncertfile {broker[0]}\nkeyfile {broker[1]}\n"
        "require_certificate true\nuse_identity_as_username true\n"
    )
    process = await asyncio.create_subprocess_exec(str(find_mosquitto()), "-c", str(conf))
    try:
        await place.build()
        elsewhere = {
            "url": f"mqtts://127.0.0.1:{port}",
            "ca": str(place.folder / "ours.pem"),
            "certificate": str(gateway[0]),
            "key": str(gateway[1]),
        }
        daemon = await place.run(place.write(broker=elsewhere))
        assert "Traceback" not in daemon.text
    finally:
        process.terminate()
        await process.wait()
