"""Parties of the file: who they are, what they may do, and how others become one."""

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final

from gateway.config.problem import Finding, closest
from gateway.config.shapes_parties import EVERYTHING, CoverShape, PartyShape, TlsShape
from gateway.model.cover import Cover, Standby
from gateway.model.membership import Allowance, Consent
from gateway.model.site import AdmissionSettings, BrokerTls, Site
from gateway.model.tender import Party, Side

if TYPE_CHECKING:
    from gateway.config.shapes import BrokerShape, SiteShape

_FILES: Final = ("certificate", "key", "ca")


def allowances(shape: "SiteShape") -> Mapping[str, Allowance]:
    """What each party may do, by name."""
    return {
        name: Allowance(
            max_open_tenders=party.max_open_tenders,
            messages_per_minute=party.messages_per_minute,
            money_per_day=party.money_per_day,
            energy_per_day=party.energy_per_day,
            silence=party.silence,
            covers=tuple(_cover(one) for one in party.covers),
            stands_by=tuple(Standby(product=o.product, sold=o.sold) for o in party.stands_by),
            enrolled=None if party.enrolled == EVERYTHING else tuple(party.enrolled),
        )
        for name, party in shape.parties.items()
    }


def party_calendars(shape: "SiteShape", folder: FilePath) -> Mapping[str, str]:
    """Files with when parties may trade, named from the root, by party."""
    named = ((name, party.available) for name, party in shape.parties.items())
    return {name: str(folder / file) for name, file in named if file is not None}


def _cover(shape: CoverShape) -> Cover:
    return Cover(side=Side(shape.side), product=shape.product, by=shape.by, factor=shape.factor)


def admission(shape: "SiteShape") -> AdmissionSettings:
    """How strangers become parties."""
    return AdmissionSettings(
        registration=Consent(shape.registration),
        enrollment=Consent(shape.enrollment),
        silence=shape.silence,
    )


def check_parties(shape: "SiteShape") -> Iterator[Finding]:
    """Products that nobody trades here, and registration where no broker of ours keeps it."""
    for name, party in shape.parties.items():
        yield from _check_ties(shape, name, party)
        for product in () if party.enrolled == EVERYTHING else party.enrolled:
            if product not in shape.products:
                yield Finding(
                    path=("parties", name, "enrolled"),
                    found=f"{product!r}, which is no product",
                    allowed=f"all, or products: {', '.join(shape.products)}",
                    hint=closest(product, list(shape.products)),
                )
    if shape.registration != Consent.CLOSED and shape.broker.url is not None:
        yield Finding(
            path=("registration",),
            found=f"{shape.registration} with a broker elsewhere",
            allowed="closed: who may log in at broker.url is decided there; gridtender party add "
            "prints what to enter",
        )


def _check_ties(shape: "SiteShape", name: str, party: PartyShape) -> Iterator[Finding]:
    """Covers and standbys of products that nobody trades here, or of one by itself."""
    ties = [
        *((("covers", k), "by", one.product, one.by) for k, one in enumerate(party.covers)),
        *((("stands_by", k), "sold", o.product, o.sold) for k, o in enumerate(party.stands_by)),
    ]
    for place, by, product, other in ties:
        where = ("parties", name, *place)
        for key, id_ in (("product", product), (by, other)):
            if id_ not in shape.products:
                yield Finding(
                    path=(*where, key),
                    found=f"{id_!r}, which is no product",
                    allowed=f"a product: {', '.join(shape.products)}",
                    hint=closest(id_, list(shape.products)),
                )
        if product == other:
            found, allowed = f"{other!r}, the same product", "another one"
            yield Finding(path=(*where, by), found=found, allowed=allowed)


def check_tls(shape: "BrokerShape", folder: FilePath) -> Iterator[Finding]:
    """Certificates that are not there, and switches that lack their other half."""
    own = {} if shape.tls is None else _named(shape.tls, ("broker", "tls"))
    out = _named(shape, ("broker",))
    for path, name in {**own, **out}.items():
        if not (folder / name).is_file():
            found, allowed = f"{name!r}, which is not there", "a file in PEM"
            yield Finding(path=path, found=found, allowed=allowed)
    if shape.tls is not None:
        yield from _check_own(shape, shape.tls)
    yield from _check_outward(shape)


def broker_tls(shape: "BrokerShape", folder: FilePath) -> BrokerTls | None:
    """Of a broker of our own."""
    given = shape.tls
    if given is None:
        return None
    return BrokerTls(
        certificate=str(folder / given.certificate),
        key=str(folder / given.key),
        ca=None if given.ca is None else str(folder / given.ca),
        require_client_certificate=given.require_client_certificate,
        use_identity_as_username=given.use_identity_as_username,
    )


def _check_own(shape: "BrokerShape", given: TlsShape) -> Iterator[Finding]:
    if shape.kind == "embedded":
        yield Finding(
            path=("broker", "tls"),
            found="tls with kind: embedded",
            allowed="kind: mosquitto; the in-process broker speaks no TLS",
        )
    if given.require_client_certificate and given.ca is None:
        yield Finding(
            path=("broker", "tls", "require_client_certificate"),
            found="true without ca",
            allowed="true with ca: the authority that signs the certificates of clients",
        )
    if given.use_identity_as_username and not given.require_client_certificate:
        yield Finding(
            path=("broker", "tls", "use_identity_as_username"),
            found="true without require_client_certificate",
            allowed="both, or neither: who shows no certificate has no name",
        )


def _check_outward(shape: "BrokerShape") -> Iterator[Finding]:
    given = {key for key in _FILES if getattr(shape, key) is not None}
    if given and not (shape.url or "").startswith("mqtts://"):
        yield Finding(
            path=("broker", min(given)),
            found="a file for TLS without url: mqtts://",
            allowed="url: mqtts://HOST:PORT; for a broker of our own write broker.tls",
        )
    if ("key" in given) != ("certificate" in given):
        one = "key" if "key" in given else "certificate"
        yield Finding(
            path=("broker", one), found=f"{one} alone", allowed="certificate and key together"
        )


def _named(shape: "BrokerShape | TlsShape", path: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    named = {(*path, key): getattr(shape, key) for key in _FILES}
    return {where: name for where, name in named.items() if name is not None}


def party_text(site: Site, party: Party) -> str:
    """Its budget, and by which calendar it trades."""
    file = site.party_calendars.get(party.id)
    inside = "" if file is None else f", inside {file}"
    return f"{party.id} ({party.max_open_tenders} tenders{inside})"


def admission_texts(site: Site) -> Iterator[str]:
    """How strangers come in, and whom TLS lets connect, where that is not as usual."""
    how = {
        Consent.CONSENT: "may ask to be a party; you say yes or no (gridtender party accept NAME)",
        Consent.OPEN: "become parties by asking: whoever reaches the broker may",
    }
    if site.admission.registration is not Consent.CLOSED:
        yield how[site.admission.registration]
    tls = site.broker.tls
    if tls is not None:
        shown = "a certificate signed by " + str(tls.ca) if tls.require_client_certificate else ""
        named = ", whose common name is the party" if tls.use_identity_as_username else ""
        yield f"connect by TLS{' with ' + shown if shown else ''}{named}"
