"""The real market replays: whatever was asked of it, its journal comes out byte for byte."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.clock import WallClock
from gateway.adapters.journal import open_journal, read_journal
from gateway.market.market import Market
from gateway.model.canonical import text
from gateway.model.event import CancelReason
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import JournalSettings
from gateway.model.tender import Party, Side, Tender, TenderSet, TieClass
from gateway.model.time import HOUR, SECOND, Duration, Instant
from gateway.runtime.recorder import Recorder
from gateway.runtime.recovery import recover
from gateway.runtime.replay import replay
from gateway.runtime.rows import Start

NOON = Instant(1_782_043_200 * SECOND)
TERMS = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
PARTIES = tuple(Party(id=name) for name in ("ann", "bob", "roof"))
GRID = Party(id="utility", tie_class=TieClass.GRID)
NAMES = [party.id for party in (*PARTIES, GRID)]

buys = st.tuples(st.just(Side.BUY), st.integers(90, 300), st.integers(1, 500), st.booleans())
sells = st.tuples(st.just(Side.SELL), st.integers(-50, 150), st.integers(1, 500), st.booleans())
asked = st.one_of(
    *(
        st.tuples(
            st.just("submit"),
            st.sampled_from(names),
            st.lists(wanted, min_size=1, max_size=3),
            st.booleans(),
        )
        for names, wanted in ((("ann", "bob"), buys), (("roof", "utility"), sells))
    ),
    st.tuples(st.just("cancel"), st.sampled_from(NAMES), st.none() | st.integers(0, 30)),
    st.tuples(st.just("advance"), st.integers(1, 10), st.booleans()),
    st.tuples(st.just("restart")),
    st.tuples(st.just("checkpoint")),
)


def _start(epoch):
    return Start(
        epoch=epoch,
        area="home",
        products=(TERMS,),
        parties=(*PARTIES, GRID),
        rules={"power": "uniform-price/1"},
    )


def load(product, start, dump):
    return Market.load(product, start.area, start.epoch, start.parties, dump)


@dataclass
class _Marketplace:
    """Asks the market what it is told to, and records it."""

    path: Path
    now: Instant = NOON
    ids: int = 0

    async def live(self, story):
        """Tell the story; each ``restart`` closes the journal and goes on from it."""
        while story is not None:
            journal = open_journal(
                self.path, clock=WallClock(), settings=JournalSettings(), threaded=False
            )
            async with journal:
                self._begin(journal)
                story = self._until_restart(story)

    def _begin(self, journal):
        start = _start(journal.epoch)
        rows = journal.rows_for_recovery(("power",), Instant(0))
        recovered = recover(rows, load, now=Instant(self.now + HOUR))
        assert recovered.difference is None
        if "power" in recovered.dumps:
            assert text(recovered.dumps["power"]) == text(self.market.dump())
            self.market = load(TERMS, start, recovered.dumps["power"])
        else:
            self.market = Market(TERMS, area="home", epoch=start.epoch, parties=start.parties)
        self.recorder = Recorder(journal)
        self.recorder.start(self.now, start, {"power": self.market.dump()})

    def _until_restart(self, story):
        for at, (what, *how) in enumerate(story):
            if what == "restart":
                return story[at + 1 :]
            getattr(self, what)(*how)
        return None

    def submit(self, party, wanted, netting):
        tenders = []
        for side, price, quantity, whole in wanted:
            self.ids += 1
            tenders.append(
                Tender(
                    id=f"t{self.ids}", side=side, price=price, quantity=quantity, all_or_none=whole
                )
            )
        tender_set = TenderSet(
            party=party,
            product="power",
            interval=TERMS.next_interval(self.now),
            tenders=tuple(tenders),
            netting=netting,
            revision=self.ids if netting else 0,
        )
        self.recorder.submit(self.now, tender_set)
        self._record(self.market.submit(tender_set, self.now))

    def cancel(self, party, number):
        ids = None if number is None else (f"t{number}",)
        self.recorder.cancel(self.now, "power", party, ids, CancelReason.REQUESTED)
        self._record(self.market.cancel(party, ids, self.now, CancelReason.REQUESTED))

    def advance(self, seconds, unscheduled):
        self.now = Instant(self.now + seconds * SECOND)
        self.recorder.advance(self.now, "power", unscheduled=unscheduled)
        self._record(self.market.advance(self.now, unscheduled=unscheduled))

    def checkpoint(self):
        self.recorder.checkpoint(self.now, "power", self.market.dump())

    def _record(self, events):
        self.recorder.events(self.now, "power", events)


@given(st.lists(asked, max_size=25))
def test_journal_of_the_market_comes_out_byte_for_byte(story):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        asyncio.run(_Marketplace(path).live(story))
        rows = list(read_journal(path))
        assert list(replay(rows, load, lambda product: f"{product.mechanism}/1")) == rows
