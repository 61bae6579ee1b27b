"""The refusal of what breaks a term."""

from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.request import Request


def violation(request: Request, term: str, why: str) -> Refused:
    """422: the term of what the party may do, or of the product, is not kept."""
    return Refused(
        party=request.party,
        product=request.product,
        code=ResponseCode.RULES_VIOLATION,
        detail=Detail.RULES_VIOLATION,
        description=why,
        term=term,
    )
