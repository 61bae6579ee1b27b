"""The exchange over MQTT: from a tender to the transaction at its party, 1 000 parties.

Method: mosquitto and the daemon (from its command, journal on disk, a product that an order book
clears at once) are processes of their own.  Of two parties one sells, then the other buys the
same at the same price; the time is from the publication of the buy to its create-transaction,
in this process.  One connection with the gateway's own account speaks for all parties, so what
is not measured are a thousand sockets at the broker.  First one pair after another (latency),
then many at once (throughput: tenders answered per second of real time).

    python benchmarks/exchange.py [PAIRS]
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import aiomqtt

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.broker_accounts import Accounts
from gateway.adapters.broker_files import Listener, write_files

PARTIES = 1_000
AT_ONCE = 50
BASE = "rmf/1/home"
COMMAND = Path(sys.executable).parent / "gridtender"
WINDOW_MS = 5


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def site(folder: Path, port: int) -> Path:
    """A house without devices, whose parties trade a thing of their own."""
    secret = folder / "password"
    secret.write_text("secret")
    config = {
        "area": "home",
        "timezone": "UTC",
        "currency": "EUR",
        "control": "act",
        "state_dir": str(folder / "state"),
        "broker": {
            "url": f"mqtt://127.0.0.1:{port}",
            "username": "gateway",
            "password_file": str(secret),
        },
        "devices": {},
        "products": {
            "power": {"resource": "POWER", "unit": "W", "interval": "15min"},
            "slots": {
                "resource": "x-SLOTS",
                "unit": "W",
                "interval": "1h",
                "mechanism": "order-book",
            },
        },
        "journal": {"sync_window": f"{WINDOW_MS}ms"},
        "parties": {f"p{n:04d}": {"max_open_tenders": 1000} for n in range(PARTIES)},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(config))
    return path


class Traders:
    """Speaks for every party, and hears what each is told."""

    def __init__(self, client: aiomqtt.Client, interval: object) -> None:
        self.client = client
        self.interval = interval
        self.told: dict[str, asyncio.Future[float]] = {}
        self.answered = 0
        self.fresh = asyncio.Event()

    async def hear(self) -> None:
        """Take answers and pushes, for ever; every push is acknowledged."""
        async for message in self.client.messages:
            now = time.perf_counter()
            document = json.loads(bytes(message.payload))
            if message.topic.value.endswith("created-tender"):
                if document["response"]["responseCode"] != 200:
                    sys.exit(str(document["response"]))
                self.answered += 1
                self.fresh.set()
                continue
            waiting = self.told.get(document["transaction"]["tender"]["tenderId"])
            if waiting is not None and not waiting.done():
                waiting.set_result(now)
            ack = {"v": 1, "marketTransactionId": document["requestId"]}
            topic = f"{BASE}/u/{document['partyId']}/ack/created-transaction"
            await self.client.publish(topic, json.dumps(ack), qos=0)

    async def say(self, number: int, side: str) -> str:
        """Publish a tender of one party; returns its id."""
        party = f"p{number % PARTIES:04d}"
        id_ = f"{side}-{number}"
        detail = {"interval": self.interval, "price": 1000, "quantity": 10}
        tender = {"tenderId": id_, "side": side, "tenderDetail": detail}
        payload = {
            "v": 1,
            "requestId": id_,
            "partyId": party,
            "counterPartyId": "home",
            "marketId": "home",
            "segmentId": "slots",
            "tender": tender,
        }
        self.told[id_] = asyncio.get_running_loop().create_future()
        topic = f"{BASE}/u/{party}/req/slots/create-tender"
        await self.client.publish(topic, json.dumps(payload), qos=1)
        return id_

    async def pair(self, number: int) -> float:
        """Milliseconds from the buy to its transaction."""
        self.fresh.clear()
        await self.say(2 * number, "SELL")
        await self.fresh.wait()
        began = time.perf_counter()
        id_ = await self.say(2 * number + 1, "BUY")
        return (await self.told[id_] - began) * 1e3


async def measure(port: int, pairs: int) -> None:
    """Both numbers, printed."""
    async with (
        aiomqtt.Client(
            "127.0.0.1",
            port,
            username="gateway",
            password="secret",
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        ) as client,
        asyncio.TaskGroup() as tasks,
    ):
        await client.subscribe(f"{BASE}/p/slots/session")
        async with asyncio.timeout(30):
            session = json.loads(bytes((await anext(aiter(client.messages))).payload))
        await client.unsubscribe(f"{BASE}/p/slots/session")
        for leaf in ("created-tender", "create-transaction"):
            await client.subscribe(f"{BASE}/u/+/in/{leaf}", qos=1)
        traders = Traders(client, session["tradeableInstrumentRange"])
        hearing = tasks.create_task(traders.hear())
        taken = sorted([await traders.pair(number) for number in range(pairs)])
        p50, p99 = (taken[int(len(taken) * share)] for share in (0.5, 0.99))
        print(f"tender -> transaction, sync window {WINDOW_MS} ms, {pairs} pairs one by one:")
        print(f"  p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {taken[-1]:.1f} ms")
        began, before = time.perf_counter(), traders.answered
        for first in range(pairs, 3 * pairs, AT_ONCE):
            numbers = range(2 * first, 2 * (first + AT_ONCE))
            said = [await traders.say(n, "BUY" if n % 2 else "SELL") for n in numbers]
            async with asyncio.timeout(60):
                await asyncio.wait({traders.told[id_] for id_ in said})
        took = time.perf_counter() - began
        print(f"  {(traders.answered - before) / took:.0f} tenders/s, {2 * AT_ONCE} at once")
        hearing.cancel()


async def main(pairs: int) -> None:
    """Broker, daemon, numbers."""
    mosquitto = find_mosquitto()
    if mosquitto is None:
        sys.exit("mosquitto is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        known = Accounts(area="home", passwords={"gateway": "secret"})
        conf = write_files(folder / "broker", Listener(host="127.0.0.1", port=port), known)
        broker = await asyncio.create_subprocess_exec(str(mosquitto), "-c", str(conf))
        await asyncio.sleep(1)
        with (folder / "log").open("wb") as log:
            daemon = await asyncio.create_subprocess_exec(
                str(COMMAND), "run", "--config", str(site(folder, port)), stdout=log, stderr=log
            )
        try:
            await asyncio.sleep(3)
            await measure(port, pairs)
        finally:
            if daemon.returncode is not None or "-v" in sys.argv:
                print((folder / "log").read_text()[-2000:], os.getpid())
            for process in (daemon, broker):
                if process.returncode is None:
                    process.terminate()
                await process.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
