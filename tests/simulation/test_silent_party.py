"""A party that says nothing for as long as allowed loses its tenders, and only then."""

from gateway.model.event import Cancelled, CancelReason
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant


def test_silence_withdraws_and_a_word_in_time_does_not(at_home):
    parties = {"anna": {"silence": "20s"}, "bob": {"silence": "20s"}}

    async def script(home):
        market = home.gateway.marketplace.market("power")
        ahead = market.product.interval_at(Instant(home.clock.now() + 300 * 10**9))
        for party in parties:
            home.gateway.hear(party)
            tender = Tender(id="t", side=Side.BUY, price=1, quantity=10)
            asked = TenderSet(party=party, product="power", interval=ahead, tenders=(tender,))
            await home.gateway.handle(SubmitTenders(party=party, request_id="r", tenders=asked))
        await home.pass_time(15)
        home.gateway.hear("bob")
        await home.pass_time(10)
        gone = [fact for fact in home.facts if isinstance(fact, Cancelled)]
        gone = [(fact.party, fact.reason) for fact in gone if fact.party in parties]
        assert gone == [("anna", CancelReason.SUPERVISORY)]
        assert market.live_sets("bob")

    at_home(script, {}, parties=parties)
