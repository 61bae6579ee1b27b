"""What can go wrong between an app and a market."""

from collections.abc import Mapping
from typing import Any


class PartyError(Exception):
    """The base of all that this package raises."""


class NotAdmitted(PartyError):
    """The broker does not let this party in: its name, password or certificate is wrong."""


class NoAnswer(PartyError):
    """The market did not answer in time; the request may still be carried out."""


class Unknown(PartyError):
    """This market has no such product, or not yet told its terms."""


class Refused(PartyError):
    """The market refused a request; nothing of it was taken.

    Attributes:
        code: as of HTTP: 400, 403, 404, 409, 422, 423 or 503; 422 too for an own budget.
        detail: the CTS response detail, e.g. ``RULES_VIOLATION``.
        term: the rule that was broken; empty where the code says all.
        sentence: what was found, for a person.
    """

    def __init__(self, *, code: int, detail: str, sentence: str, term: str = "") -> None:
        about = f" ({term})" if term else ""
        super().__init__(f"{code} {detail}{about}: {sentence}")
        self.code = code
        self.detail = detail
        self.term = term
        self.sentence = sentence


def raise_for(response: Mapping[str, Any]) -> None:
    """Raise what an EiResponseType refuses.

    Raises:
        Refused: the code is not 2xx.
    """
    code = int(response["responseCode"])
    if code // 100 == 2:  # noqa: PLR2004 - 2xx
        return
    violated = response.get("termsViolated") or [{}]
    raise Refused(
        code=code,
        detail=str(response["responseDetail"]),
        sentence=str(response["responseDescription"]),
        term=str(violated[0].get("term", "")),
    )
