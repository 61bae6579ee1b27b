"""Who may log in at a broker of our own, and what each may read and write."""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gateway.wire.acl import DISCOVERY, Access, Rule, acl, allowed

GATEWAY = "gateway"
GUEST = "guest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The users of one area's broker; anonymous clients may read what is public.

    Attributes:
        passwords: by user name; the gateway's own is made anew at every start.
        price_topics: tariff topics, which the owner may write.
        discovery: the prefix under which Home Assistant looks for devices.
        devices: topic filters of user ``devices``.
        registration: whether anybody may ask to be a party.
        neighbours: users of markets above, who read their aggregate only.
    """

    area: str
    passwords: Mapping[str, str] = field(repr=False)
    price_topics: tuple[str, ...] = ()
    discovery: str = DISCOVERY
    devices: tuple[str, ...] = ()
    registration: bool = False
    neighbours: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The area's access rules."""
        return acl(
            self.area,
            gateway=GATEWAY,
            price_topics=self.price_topics,
            discovery=self.discovery,
            devices=self.devices,
            registration=self.registration,
            neighbours=self.neighbours,
        )

    def with_users(self, users: Mapping[str, str]) -> "Accounts":
        """Others beside the gateway and the guest, who stay."""
        stay = {name: p for name, p in self.passwords.items() if name in {GATEWAY, GUEST}}
        return replace(self, passwords={**users, **stay})

    def knows(self, user: str | None, password: str | None) -> bool:
        """Whether the client may connect: nobody in particular, or a user with its password."""
        if not user:
            return True
        expected = self.passwords.get(user)
        return expected is not None and hmac.compare_digest(
            expected.encode(), (password or "").encode()
        )


def accounts(
    area: str,
    users: Mapping[str, str],
    *,
    guest: bool,
    price_topics: Iterable[str] = (),
    discovery: str = DISCOVERY,
    devices: Iterable[str] = (),
    registration: bool = False,
    neighbours: Iterable[str] = (),
) -> Accounts:
    """The given users, the gateway with a fresh password, and guest/guest where wanted."""
    passwords = {user: password for user, password in users.items() if user != GUEST}
    if guest:
        passwords[GUEST] = GUEST
    passwords[GATEWAY] = secrets.token_urlsafe(24)
    return Accounts(
        area=area,
        passwords=passwords,
        price_topics=tuple(price_topics),
        discovery=discovery,
        devices=tuple(devices),
        registration=registration,
        neighbours=tuple(neighbours),
    )


def may_read(rules: Iterable[Rule], user: str | None, topic: str, *, client: str = "") -> bool:
    """Whether a message on the topic may be delivered to the user (None = anonymous)."""
    return allowed(rules, user, Access.READ, topic, client=client)


def may_write(rules: Iterable[Rule], user: str | None, topic: str, *, client: str = "") -> bool:
    """Whether the user (None = anonymous) may publish on the topic."""
    return allowed(rules, user, Access.WRITE, topic, client=client)
