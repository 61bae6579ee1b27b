"""Who is a party from outside now, what it may do, and when it was heard last."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.membership import Allowance, Enrolled, Member, PartyBook
from gateway.model.tender import Party
from gateway.model.time import Duration

_AS_CONFIGURED: Final = Allowance()
_NONE: Final[Mapping[str, Allowance]] = MappingProxyType({})


class Register:
    """Parties of the configuration, and those of the party book beside them.

    Args:
        configured: of the file, who never leave while the gateway runs.
        allowances: theirs, by name; without one nothing is limited but open tenders.
        book: whom the owner, or the owner's rule, let in since.
    """

    def __init__(
        self,
        configured: Sequence[Party],
        allowances: Mapping[str, Allowance] = _NONE,
        book: PartyBook | None = None,
    ) -> None:
        self._configured = {party.id: party for party in configured}
        self._allowances = allowances
        self._members: dict[str, Member] = {}
        self._decided: dict[tuple[str, str], Enrolled] = {}
        self._heard: dict[str, Duration] = {}
        self.book = PartyBook()
        self.take(PartyBook() if book is None else book)

    def take(self, book: PartyBook) -> None:
        """Go by another book; a name of the configuration is the configuration's."""
        self.book = book
        self._members = {m.name: m for m in book.present if m.name not in self._configured}
        self._decided = {(e.party, e.product): e.state for e in book.enrolments}

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everybody from outside."""
        return (*self._configured.values(), *(m.party for m in self._members.values()))

    @property
    def members(self) -> Mapping[str, Member]:
        """Who was let in at run time, by name."""
        return self._members

    def is_configured(self, name: str) -> bool:
        """Whether the party stands in the file."""
        return name in self._configured

    def party(self, name: str) -> Party | None:
        """The party of the name."""
        if name in self._configured:
            return self._configured[name]
        member = self._members.get(name)
        return None if member is None else member.party

    def allowance(self, name: str) -> Allowance:
        """What the party may do."""
        member = self._members.get(name)
        if member is not None:
            return member.allowance
        return self._allowances.get(name, _AS_CONFIGURED)

    def enrolment(self, name: str, product: str) -> Enrolled:
        """Where the party stands with the product: as decided since, else as allowed."""
        decided = self._decided.get((name, product))
        if decided is not None:
            return decided
        allowed = self.allowance(name).enrolled
        return Enrolled.YES if allowed is None or product in allowed else Enrolled.NO

    def restriction(self, name: str, product: str) -> Refused | None:
        """403 PARTY_RESTRICTED where the party may not trade the product."""
        state = self.enrolment(name, product)
        if state is Enrolled.YES:
            return None
        how = (
            "it waits for the owner's consent"
            if state is Enrolled.WAITING
            else f"ask with create-enrollment on u/{name}/req/{product}/create-enrollment"
        )
        return Refused(
            party=name,
            product=product,
            code=ResponseCode.NOT_AUTHORIZED,
            detail=Detail.PARTY_RESTRICTED,
            description=f"{name} is not enrolled in {product}: {how}",
        )

    def hear(self, name: str, at: Duration) -> None:
        """Something came from the party, ``at`` on the clock that is never stepped."""
        if name in self._configured or name in self._members:
            self._heard[name] = at

    def heard(self, name: str) -> Duration | None:
        """When something came from it last; None = nothing since the start."""
        return self._heard.get(name)
