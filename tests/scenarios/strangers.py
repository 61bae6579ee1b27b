"""Parties from outside who ask the gateway as MQTT does."""

from gateway.model.event import Accepted, Cancelled
from gateway.model.request import CancelTenders, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, seconds
from gateway.model.transaction import Transaction


class Strangers:
    """Asks for the interval of a product that begins next after ``ahead_s``."""

    def __init__(self, home):
        self._home = home
        self._asked = 0

    async def ask(self, party, side, product, quantity, price, ahead_s=0):
        """True where it is taken, else what the refusal says."""
        self._asked += 1
        terms = self._home.gateway.marketplace.market(product).product
        interval = terms.next_interval(Instant(self._home.clock.now() + seconds(ahead_s)))
        name = f"{party}-{self._asked}"
        tender = Tender(id=name, side=Side(side), price=terms.price(price), quantity=quantity)
        tenders = TenderSet(party=party, product=product, interval=interval, tenders=(tender,))
        request = SubmitTenders(party=party, request_id=name, tenders=tenders)
        (outcome,) = (await self._home.gateway.handle(request)).outcomes
        return True if isinstance(outcome, Accepted) else (outcome.term, outcome.description)

    async def cancel(self, party, product, *names):
        """True where all of them are cancelled, else what the refusal says."""
        self._asked += 1
        request = CancelTenders(
            party=party, request_id=f"{party}-{self._asked}", product=product, tenders=names
        )
        outcomes = (await self._home.gateway.handle(request)).outcomes
        if all(isinstance(one, Cancelled) for one in outcomes):
            return True
        (refusal,) = outcomes
        return refusal.term, refusal.description

    def standing(self, party, product):
        """Its open tenders: id by the begin of the interval."""
        sets = self._home.gateway.marketplace.market(product).live_sets(party)
        return {one.interval.start: tender.id for one in sets for tender in one.tenders}

    def traded(self, product, *parties):
        """(party, W with sign, real price, money) of each transaction of these parties."""
        terms = self._home.gateway.marketplace.market(product).product
        return [
            (
                one.party,
                one.signed,
                float(terms.real_price(one.price)),
                float(terms.money(one.money)),
            )
            for one in self._home.facts
            if isinstance(one, Transaction) and one.product == product and one.party in parties
        ]
