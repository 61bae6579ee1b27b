"""Examples of opting out and of availability, for ``docs/mqtt.md``."""

from gateway.model.request import Outcome
from gateway.model.standing import (
    CancelOpt,
    CreateOpt,
    Opt,
    OptReason,
    SetAvailability,
    StandingRequest,
    StandingTold,
)
from gateway.model.time import parse_rfc3339

TEXT = """\
### Opting out, and being available

A party that opts out takes no part: what it tenders and quotes is withdrawn (SUPERVISORY), and
what it asks to trade is answered 403 PARTY_RESTRICTED until it opts in, or until `until`. It says
so on `u/U/opt`, retained, or asks by `create-opt`; an empty payload on `u/U/opt`, or `optType`
`optIn`, ends every opt-out, `cancel-opt` one of them. `marketContext` names one product.

On `u/U/avail`, retained, or by `create-avail`, a party says when it is available at all:
iCalendar text or jCal with VAVAILABILITY. An interval it trades lies wholly inside availability;
what stands and does not is withdrawn, and `responseDescription` says why. The owner may bound it
further by a calendar of the same kind (`parties.ID.available`). `X-RMF-PRODUCT` bounds a
VAVAILABILITY to one product; by PRIORITY a higher one overrides the lower ones in its range, busy
for every BUSYTYPE; where none reaches, the party is available. Windows that touch are one. Times
are in UTC or with a TZID of the IANA database; a VTIMEZONE is not looked at.
RRULE is taken with FREQ DAILY, WEEKLY, MONTHLY or YEARLY and
INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, WKST, with EXDATE and RDATE; an
AVAILABLE with RECURRENCE-ID stands in the place of that occurrence; DTSTART meets its
own rule, and a window that comes again lasts at most 7 days. At most 200 VAVAILABILITY, AVAILABLE
and RDATE are taken, 10 RRULE with COUNT, and a COUNT that ends within 8000 days. Its KiB count as
tenders in the budget of messages. What cannot be understood is answered 400 and the former
calendar stands. The gateway keeps the last word of each party over restarts; the newest one
counts, whichever way it came.
"""

_CALENDAR = [
    "vcalendar",
    [["version", {}, "text", "2.0"], ["prodid", {}, "text", "-//app//EN"]],
    [
        [
            "vavailability",
            [
                ["uid", {}, "text", "guest-avail"],
                ["dtstamp", {}, "date-time", "2026-06-01T00:00:00Z"],
                ["x-rmf-product", {}, "unknown", "power"],
            ],
            [
                [
                    "available",
                    [
                        ["uid", {}, "text", "evenings"],
                        ["dtstamp", {}, "date-time", "2026-06-01T00:00:00Z"],
                        ["dtstart", {"tzid": "Europe/Berlin"}, "date-time", "2026-06-01T17:00:00"],
                        ["dtend", {"tzid": "Europe/Berlin"}, "date-time", "2026-06-01T21:00:00"],
                        ["rrule", {}, "recur", {"freq": "DAILY"}],
                    ],
                    [],
                ]
            ],
        ]
    ],
]


def exchanges() -> list[tuple[str, dict[str, object], StandingRequest, tuple[Outcome, ...]]]:
    """Each operation with its payload, the request it is and its outcomes."""
    opt = Opt(
        id="holiday",
        reason=OptReason.NOT_PARTICIPATING,
        until=parse_rfc3339("2026-07-01T00:00:00Z"),
    )
    calendar = str(_CALENDAR).replace("'", '"').replace(", ", ",").replace(": ", ":")
    return [
        (
            "create-opt",
            _head("r-30")
            | {
                "optId": "holiday",
                "optType": "optOut",
                "optReason": "notParticipating",
                "until": "2026-07-01T00:00:00Z",
            },
            CreateOpt(party="guest", request_id="r-30", opt=opt),
            (StandingTold(party="guest", opt="holiday", opted_out=True),),
        ),
        (
            "cancel-opt",
            _head("r-31") | {"optId": "holiday"},
            CancelOpt(party="guest", request_id="r-31", opt="holiday"),
            (StandingTold(party="guest", opt="holiday"),),
        ),
        (
            "create-avail",
            _head("r-32") | {"availability": _CALENDAR},
            SetAvailability(party="guest", request_id="r-32", calendar=calendar),
            (StandingTold(party="guest", available=True),),
        ),
    ]


def _head(request_id: str) -> dict[str, object]:
    return {"v": 1, "requestId": request_id, "partyId": "guest"}
