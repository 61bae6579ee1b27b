"""Three levels on one machine: a home, a street, a district, each a daemon and a broker."""

import asyncio
import contextlib
import json
import re
import socket
from pathlib import Path

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.broker_accounts import Accounts
from gateway.adapters.broker_files import Listener, write_files
from tests.e2e.processes import Place, free_port, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "nest-areas.md"
LEADS = {"district": "2500ms", "street": "1500ms", "home": "500ms"}
POWER = {"power": {"interval": "5s"}}


def bridge_of_the_page(port, home_password, street_password):
    """The bridge as the page tells it, with the ports and passwords of this machine."""
    (text,) = re.findall(r"```\n(connection street\n.*?)```", PAGE.read_text(), re.DOTALL)
    text = text.replace("127.0.0.1:1883", f"127.0.0.1:{port}")
    return text.replace("HOME-PASSWORD", home_password).replace("STREET-PASSWORD", street_password)


class Broker:
    """One area's mosquitto."""

    def __init__(self, folder, area, users, neighbours=()):
        self.folder, self.area = folder / f"broker-{area}", area
        self.folder.mkdir()
        self.port = free_port()
        self.passwords = {user: f"{user}-in-{area}" for user in ("gateway", *users, *neighbours)}
        self.neighbours = neighbours
        self.process = None

    async def start(self, bridge=""):
        known = Accounts(area=self.area, passwords=self.passwords, neighbours=self.neighbours)
        conf = write_files(self.folder, Listener(host="127.0.0.1", port=self.port), known)
        conf.write_text(conf.read_text() + bridge)
        with (self.folder / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(find_mosquitto()), "-c", str(conf), stdout=log, stderr=log
            )
        await until(self._listens, "mosquitto listens", 10.0)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def settings(self, user="gateway"):
        file = self.folder / f"password-{user}"
        file.write_text(self.passwords[user])
        url = f"mqtt://127.0.0.1:{self.port}"
        return {"url": url, "username": user, "password_file": str(file)}

    async def end(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Everything:
    """A client that asks for all there is, and what it got."""

    def __init__(self):
        self.newest = {}

    def said(self, topic):
        return self.newest.get(topic)


@contextlib.asynccontextmanager
async def hearing(broker, user=None):
    ear = Everything()
    client = aiomqtt.Client(
        "127.0.0.1", broker.port, username=user, password=user and broker.passwords[user]
    )
    async with client, asyncio.TaskGroup() as tasks:
        await client.subscribe("#", qos=1)

        async def hear():
            async for message in client.messages:
                payload = bytes(message.payload or b"")
                ear.newest[message.topic.value] = json.loads(payload) if payload else None

        task = tasks.create_task(hear())
        try:
            yield ear, client
        finally:
            task.cancel()


def tie(broker, parent, area, **contract):
    return {
        parent: {
            "broker": broker.settings(area),
            "contract": {"max_import_w": 3000, "max_export_w": 3000, **contract},
            "standing_terms": {"import_price": 0.25, "export_price": 0.01},
            "ahead": "400ms",
        }
    }


def area(folder, name, broker, **more):
    site = {
        "area": name,
        "control": "act",
        "state_dir": str(folder / f"state-{name}"),
        "broker": broker.settings(),
        "products": POWER,
        "dispatch": {"gate_lead": LEADS[name]},
        "home_assistant": {"discovery": False},
        **more,
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(site))
    return path


async def test_power_flows_down_three_levels_and_the_home_lives_without_the_middle_one(tmp_path):
    district = Broker(tmp_path, "district", ["street", "owner"])
    street = Broker(tmp_path, "street", ["home", "anna"], neighbours=("district",))
    home = Broker(tmp_path, "home", [], neighbours=("street",))
    place = Place(folder=tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        for broker in (district, street, home):
            stack.push_async_callback(broker.end)
        stack.push_async_callback(place.close)
        await district.start()
        await street.start()
        await home.start(
            bridge_of_the_page(street.port, home.passwords["street"], street.passwords["home"])
        )
        await place.build(load_w=800, solar_w=0, battery_soc_pct=50)

        cheap = {"import_price": {"topic": "tariff/import"}, "export_price": 0.01}
        top = area(tmp_path, "district", district, parties={"street": {}}, grid=cheap)
        middle = area(
            tmp_path,
            "street",
            street,
            parties={"home": {}, "anna": {}},
            interties=tie(district, "district", "street"),
        )
        await place.run(top)
        between = await place.run(middle)
        mine = place.write(
            broker=home.settings(),
            products=POWER,
            dispatch={"gate_lead": LEADS["home"]},
            interties=tie(street, "street", "home", max_import_w=2500),
            devices={"heatpump": None},
            grid={"import_limit_w": None},
            home_assistant={"discovery": False},
        )
        await place.run(mine)

        above, teller = await stack.enter_async_context(hearing(district, "gateway"))
        within, _ = await stack.enter_async_context(hearing(home, "gateway"))
        seen, _ = await stack.enter_async_context(hearing(street, "gateway"))
        anna, _ = await stack.enter_async_context(hearing(street, "anna"))
        neighbour, _ = await stack.enter_async_context(hearing(home, "street"))

        def state():
            return within.said("rmf/1/home/tie/street/state") or {}

        async def price(real):
            await teller.publish("tariff/import", json.dumps(real), qos=1, retain=True)

        # Dear: the battery serves the house.  Cheap: it charges through all three levels.
        await price(0.9)
        await until(lambda: state().get("mode") == "AWARD", "the street answers", 40)
        await until(lambda: place.truth("battery_w") < -500, "the battery serves the house", 30)
        await price(0.02)
        await until(lambda: place.truth("battery_w") > 1000, "the battery charges", 40)
        await until(lambda: (state().get("award") or 0) == 2500, "up to the wire's limit", 30)
        assert state()["congestionPrice"] > 0
        assert place.truth("grid_w") < 2500 + 200
        up = above.said("rmf/1/district/u/street/pos/power")
        assert up["positionParty"] == "street"

        # All that the street has of the home is what is meant for it.
        await until(lambda: seen.said("rmf/1/home/tie/street/pos"), "the bridge", 15)
        assert [t for t in seen.newest if t.startswith("rmf/1/home/")] == [
            "rmf/1/home/tie/street/pos"
        ]
        assert not [t for t in anna.newest if t.startswith("rmf/1/home/")]
        assert set(neighbour.newest) == {"rmf/1/home/tie/street/pos"}
        assert not [t for t in above.newest if "home" in t]

        # The middle one dies: standing terms, inside the limits, and back by itself.
        await between.kill()
        await until(lambda: state().get("mode") == "STANDING", "standing terms", 30)
        assert state()["landedPrice"] == 2500
        assert place.truth("grid_w") < 2500 + 200
        await place.run(middle)
        await until(lambda: state().get("mode") == "AWARD", "the street answers again", 60)
        assert place.truth("grid_w") < 2500 + 200
