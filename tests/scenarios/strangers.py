"""Parties from outside who ask the gateway as MQTT does."""

from gateway.model.event import Accepted
from gateway.model.request import SubmitTenders
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
