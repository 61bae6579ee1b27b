"""A battery under a tariff with a cheap night, in a house that remembers three days."""

import asyncio
import itertools

import pytest

from gateway.adapters.history import HistoryFile
from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import load_market
from gateway.app.agents import site_agents
from gateway.config import load
from gateway.model.time import HOUR, MINUTE, Instant, parse_rfc3339, rfc3339
from gateway.ports.history import Entry
from gateway.runtime.expected import STALE
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock, VirtualLoop
from tests.simulation.harness import open_home

pytestmark = [pytest.mark.slow, pytest.mark.patient]

BEGIN = parse_rfc3339("2026-01-14T23:00:00Z")
MIDNIGHT, MORNING = Instant(BEGIN + HOUR), Instant(BEGIN + 7 * HOUR)
LOAD_W, CHEAP, DEAR = 600.0, 0.15, 0.40
HOUSE = {
    "seed": 5,
    "solar_w": 0,
    "load_w": LOAD_W,
    "battery_soc_pct": 20,
    "meter_noise_w": 0,
    "step_ms": 1000,
}
POLLS = {name: {"poll": "20s"} for name in ("roof", "battery", "grid", "house")}
PRODUCTS = {"power": {"resource": "POWER", "unit": "W", "interval": "5min"}}


def price(at):
    return CHEAP if at // HOUR % 24 < 6 else DEAR


def remember(folder, days=3):
    """Days of the same load, as the gateway would have kept them."""
    state = folder / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    quarter = 15 * MINUTE
    HistoryFile(state).add([
        Entry(series=series, at=Instant(BEGIN - back * quarter), value=LOAD_W)
        for back in range(1, days * 96 + 1)
        for series in ("load", "residual")
    ])  # fmt: skip


def tariff(folder, days=3):
    """Known for so many days, as a table."""
    hours = (Instant(BEGIN + n * HOUR) for n in range(24 * days))
    lines = [f"{rfc3339(at)},{price(at)}" for at in hours]
    (folder / "tariff.csv").write_text("\n".join(["time,price", *lines]))
    return {"import_price": {"csv": str(folder / "tariff.csv")}, "export_price": 0.05}


class Day:
    """What came of it; lived in as many lives as there are ``hours``."""

    def __init__(self, folder, virtual, *hours, strategy="plan"):
        self.folder, self.trace = folder, []
        remember(folder)
        devices = POLLS | {
            "battery": {**POLLS["battery"], "strategy": strategy},
            "heatpump": {**POLLS["house"], "tender": False},
        }
        self.changes = {"devices": devices, "products": PRODUCTS, "grid": tariff(folder)}
        virtual(self._live(hours))

    async def _live(self, hours):
        clock = VirtualClock(BEGIN)
        house = house_factories()["demo"](clock, HOUSE)
        for part in hours:
            opened = open_home(
                self.folder, BEGIN, HOUSE, house=house, clock=clock, remember=False, **self.changes
            )
            async with opened as home:
                await home.pass_time(part * 3600, 30)
                self.trace += home.trace

    @property
    def bill(self):
        pairs = itertools.pairwise(self.trace)
        return sum(
            price(before) * truth["grid_w"] / 1000 * (at - before) / HOUR
            for (before, _), (at, truth) in pairs
        )

    def soc_pct(self, at):
        return next(truth["battery_soc_pct"] for when, truth in self.trace if when >= at)

    def rows(self, kind):
        return [row for row in read_journal(self.journal) if row.kind == kind]

    @property
    def journal(self):
        return self.folder / "state" / "journal.sqlite"


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Thirteen hours with a restart in the last cheap hour, in which it charges."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return Day(tmp_path_factory.mktemp("planned"), runner.run, 6, 7)


def test_it_buys_at_night_what_the_day_takes_and_the_bill_is_lower(planned, tmp_path, virtual):
    plain = Day(tmp_path, virtual, 13, strategy="self-consumption")
    assert planned.soc_pct(MIDNIGHT) < 20  # before midnight it is dear
    assert planned.soc_pct(MORNING) > 95
    assert planned.soc_pct(MORNING + 5 * HOUR) < 50
    assert plain.soc_pct(MORNING) < 20
    assert plain.rows("outlook") == []
    assert planned.bill < 0.8 * plain.bill


def test_a_restart_in_the_night_does_not_stop_it(planned):
    restart = BEGIN + 6 * HOUR
    begins = [row.now for row in planned.rows("start")]
    assert len(begins) == 2
    told = [row.now for row in planned.rows("outlook")]
    assert any(begins[1] <= at < begins[1] + MINUTE for at in told)
    assert planned.soc_pct(restart + 30 * MINUTE) > planned.soc_pct(restart) + 10


def test_the_agents_state_the_same_tenders_when_the_journal_is_replayed(planned):
    site = load(planned.folder / "site.yaml", driver_packages(), ("mem",), environ={}).site
    run = Replay(load_market, agents=site_agents(site))
    count = sum(1 for _ in run.run(read_journal(planned.journal)))
    assert run.difference is None
    assert count > 1000
    assert run.outlook is not None
    assert run.outlook.start + STALE > planned.trace[-1][0]


def test_without_its_outlooks_the_journal_does_not_come_out_the_same(planned):
    site = load(planned.folder / "site.yaml", driver_packages(), ("mem",), environ={}).site
    run = Replay(load_market, agents=site_agents(site))
    rows = (row for row in read_journal(planned.journal) if row.kind != "outlook")
    for _ in run.run(rows):
        if run.difference is not None:
            break
    assert run.difference is not None
    assert '"party":"battery"' in run.difference.journalled


def test_what_an_outlook_takes_in_the_journal_stays_small(planned):
    sizes = [len(row.body) for row in planned.rows("outlook")]
    assert len(sizes) <= 13 * 5 + 2  # each quarter, and after each hourly checkpoint
    assert max(sizes) < 6000


def test_what_is_kept_from_a_later_checkpoint_on_replays_the_same(planned):
    """As after old rows were forgotten."""
    site = load(planned.folder / "site.yaml", driver_packages(), ("mem",), environ={}).site
    rows = list(read_journal(planned.journal))
    begins = [place for place, row in enumerate(rows) if row.kind == "checkpoint"]
    for begin in begins[len(begins) // 2 :: 3]:
        run = Replay(load_market, agents=site_agents(site))
        for _ in run.run(rows[begin:]):
            assert run.difference is None
