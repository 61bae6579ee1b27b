"""CTS EiResponse: how every answer ends."""

from gateway.model.event import Detail, ResponseCode
from gateway.model.time import Instant, rfc3339
from gateway.wire.payloads import ResponsePayload


def response(
    request_id: str | None,
    at: Instant,
    *,
    code: ResponseCode = ResponseCode.OK,
    detail: Detail = Detail.SUCCESS,
    description: str = "OK",
    term: str = "",
    violated: tuple[tuple[str, str], ...] = (),
) -> ResponsePayload:
    """CTS EiResponse; ``violated``: (term, sentence) where several terms are."""
    payload: ResponsePayload = {
        "responseCode": int(code),
        "responseDetail": detail.value,
        "responseDescription": description,
        "createdDateTime": rfc3339(at),
        "inResponseTo": request_id,
    }
    if term:
        payload["termsViolated"] = [
            {"term": name, "description": text} for name, text in violated or ((term, description),)
        ]
    return payload
