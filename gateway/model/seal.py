"""Seals: the gateway's signature under the head of its journal's chain."""

from dataclasses import dataclass

from gateway.model.time import Instant

SEAL = "seal"
"""The kind of a seal's row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The body of a row of kind ``seal``: it vouches for every row before it.

    Attributes:
        why: ``start | hour | day | prune | stop``.
        key: the public key, ``ed25519:`` and base64.
        signature: base64, over ``sealed_text`` of the row before this one.
        forget: rows with a lower seq may be missing: they were forgotten, or lost in a damage that
            this start found; 0 = none.
    """

    area: str
    epoch: int
    why: str
    key: str
    signature: str
    forget: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The newest seal, for whoever keeps it: rows that vanish later are missed by it.

    Attributes:
        seq, hash: of the newest row it vouches for.
    """

    at: Instant
    seq: int
    hash: str
    seal: Seal


def sealed_text(
    *, area: str, epoch: int, at: Instant, seq: int, hash_: str, why: str, forget: int
) -> bytes:
    """What is signed: canonical JSON of the chain's head and of what the seal says."""
    text = (
        f'{{"area":"{area}","at":{at},"epoch":{epoch},"forget":{forget},'
        f'"hash":"{hash_}","seq":{seq},"why":"{why}"}}'
    )
    return text.encode("ascii")
