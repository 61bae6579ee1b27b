"""Write ``docs/mqtt.md``: the text from here, every example made by the gateway's own code.

``python scripts/mqtt_docs.py`` writes the file; a test compares it.
"""

import json
import sys
from pathlib import Path

from gateway.model.ahead import CurvePoint, ForwardCurve
from gateway.model.clearing import Clearing, ClearingType, MarginalTender
from gateway.model.device import (
    Capabilities,
    Control,
    Description,
    Device,
    DeviceState,
    Fallback,
    Identity,
    Role,
    Timer,
)
from gateway.model.event import (
    Accepted,
    BookView,
    Cancelled,
    CancelReason,
    ControlChanged,
    Described,
    EnergyCounted,
    FaultChanged,
    HealthChanged,
    LimitsChanged,
    Push,
    SessionChanged,
    SessionStatus,
    StateChanged,
    WishChanged,
)
from gateway.model.forecast import Forecast, Foreseen, LeadError
from gateway.model.harvest import DayYield, StringYield
from gateway.model.limit import LimitKey, Range
from gateway.model.opt_out import OptOut, OptOutChanged
from gateway.model.position import Position, PositionStep
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.request import AskPosition, CancelTenders, Reply, Request, SubmitTenders
from gateway.model.request import Outcome as Told
from gateway.model.resource import POWER
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.site import (
    BrokerSettings,
    ControlMode,
    DeviceSettings,
    DispatchSettings,
    GridLimits,
    JournalSettings,
    LogSettings,
    OwnerControl,
    Site,
    Tariff,
)
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.model.wish import Errand, wish_of
from gateway.wire.border import border
from gateway.wire.errors import OUTCOMES
from gateway.wire.mirror import Mirror
from gateway.wire.operations import OPERATIONS
from gateway.wire.replies import reply_message
from gateway.wire.requests import Answer, Parsed, parse
from gateway.wire.schemas import SHAPES
from gateway.wire.tender_documents import encode_submission
from gateway.wire.text import write
from scripts import (
    mqtt_docs_instruments,
    mqtt_docs_ledger,
    mqtt_docs_parties,
    mqtt_docs_quotes,
    mqtt_docs_standings,
    mqtt_docs_tenders,
    mqtt_docs_tie,
)

DOCUMENT = Path(__file__).parent.parent / "docs" / "mqtt.md"

NOW = parse_rfc3339("2026-06-21T12:00:03.250Z")
PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
NEXT = PRODUCT.next_interval(NOW)
ROOF = Device(
    id="roof",
    role=Role.SOLAR,
    driver="sunspec",
    connection="tcp://192.168.1.20:502?unit=1",
    line="tcp://192.168.1.20:502",
    fallback=Fallback(level_w=0.0),
)
SITE = Site(
    area="home",
    timezone="Europe/Amsterdam",
    currency="EUR",
    control=ControlMode.ACT,
    state_dir="/var/lib/gridtender",
    broker=BrokerSettings(),
    devices=(DeviceSettings(device=ROOF, settings=None),),
    products=(PRODUCT,),
    limits=GridLimits(import_w=17_000.0, export_w=5_000.0),
    tariff=Tariff(),
    dispatch=DispatchSettings(),
    journal=JournalSettings(),
    parties=(),
    log=LogSettings(),
    interties=(mqtt_docs_tie.SETTINGS,),
)
TENDER = Tender(id="app-1", side=Side.BUY, price=2500, quantity=800)
SET = TenderSet(party="guest", product="power", interval=NEXT, tenders=(TENDER,))
SUBMISSION = SubmitTenders(party="guest", request_id="r-1", tenders=SET)
POSITION = Position(
    party="guest", product="power", steps=(PositionStep(interval=NEXT, quantity=800),)
)

_MATCH = Transaction(
    id="home-tx-12-7001",
    product="power",
    party="guest",
    counter_party="home",
    tender="app-1",
    side=Side.BUY,
    price=800,
    quantity=800,
    interval=NEXT,
    clearing=4411,
)
_WITHDRAWN = Cancelled(
    party="guest",
    product="power",
    tender="app-1",
    order="home-o-12-9920",
    reason=CancelReason.SUPERVISORY,
    remaining=800,
)

FACTS = (
    ControlChanged(
        control=OwnerControl(mode=ControlMode.HANDS_OFF, until=Instant(NOW + 7200 * SECOND)),
        at=NOW,
        by="topic",
    ),
    SessionChanged(
        product="power",
        status=SessionStatus.OPEN,
        interval=NEXT,
        gate=PRODUCT.gate(NEXT),
        at=NOW,
    ),
    BookView(party="guest", product="power", sets=(SET,)),
    *mqtt_docs_quotes.facts(NEXT),
    *mqtt_docs_ledger.facts(NOW),
    Clearing(
        sequence=4411,
        product="power",
        at=PRODUCT.gate(NEXT),
        instrument=NEXT,
        interval=NEXT,
        scheduled=True,
        price=800,
        reference_price=800,
        low=800,
        high=800,
        quantity=3100,
        type=ClearingType.MARGINAL_BUYER,
        marginal=(
            MarginalTender(
                party="utility",
                tender="utility-export",
                side=Side.BUY,
                price=800,
                quantity=5000,
                filled=1500,
            ),
        ),
        next_dearer=MarginalTender(
            party="guest", tender="app-1", side=Side.BUY, price=2500, quantity=800, filled=800
        ),
        book_revision=9120,
    ),
    _MATCH,
    Push(fact=_MATCH, at=NOW, epoch=12, seq=41),
    POSITION,
    _WITHDRAWN,
    Push(fact=_WITHDRAWN, at=NOW, epoch=12, seq=42),
    Described(
        device="roof",
        description=Description(
            identity=Identity(maker="Acme", model="Sun 8", version="1.4", serial="123"),
            capabilities=Capabilities(
                control=Control.LIMIT,
                rating_w=8000.0,
                resolution_w=0.8,
                floor_w=80.0,
                timer=Timer(max_s=3600),
            ),
            models=(1, 103, 120, 123),
        ),
    ),
    StateChanged(
        device="roof",
        state=DeviceState.OFFLINE,
        since=NOW,
        reason="no answer to 3 polls in a row",
    ),
    Reading(
        device="roof",
        at=NOW,
        flows={POWER: -3120.0},
        available_w=3400.0,
        points={"103.W": 3120.0, "103.St": 4, "103.Hz": 49.98, "103.TmpSnk": None},
    ),
    SetpointStatus(
        device="roof",
        at=NOW,
        wanted=-3400.0,
        commanded=-2970.0,
        accepted=-2968.0,
        effective=None,
        outcome=Outcome.ACCEPTED,
        lease_until=Instant(NOW + 60 * SECOND),
        timer_until=Instant(NOW + 60 * SECOND),
        because="export limit 0 W: load 3000 W - 30 W",
    ),
    FaultChanged(
        device="roof",
        code="SETPOINT_NOT_FOLLOWED",
        active=True,
        at=NOW,
        text="asked for -2970 W, the meter shows -3400 W",
    ),
    HealthChanged(device="roof", at=NOW, faults=("SETPOINT_NOT_FOLLOWED",)),
    EnergyCounted(device="roof", at=NOW, in_wh=210, out_wh=12_345_678),
    DayYield(
        device="roof",
        at=NOW,
        day="20260621",
        actual_wh=21_430,
        expected_wh=22_910,
        ratio=0.914,
        quality="clear-sky",
        earned=1.8921,
        currency="EUR",
        closed=False,
        strings=(
            StringYield(name="1", actual_wh=12_300, expected_wh=12_480, ratio=0.985),
            StringYield(name="2", actual_wh=9_740, expected_wh=11_230, ratio=0.83),
        ),
    ),
    Forecast(
        what=Foreseen.SUN,
        made=NOW,
        start=NEXT.start,
        step=Duration(15 * MINUTE),
        mean_w=(2310.0, 2150.0),
        p10_w=(1120.0, 980.0),
        p50_w=(2400.0, 2230.0),
        p90_w=(2900.0, 2750.0),
        errors=(LeadError(lead=Duration(HOUR), mae_w=210.0, naive_w=480.0, count=1248),),
    ),
    ForwardCurve(
        product="power",
        at=NOW,
        points=(CurvePoint(interval=NEXT, price=800, supply=((800, 0), (3000, 2400))),),
    ),
    *mqtt_docs_tie.facts(NOW, NEXT),
    LimitsChanged(
        device="roof",
        at=NOW,
        limits={LimitKey.MAX_W: 3000.0},
        ranges={LimitKey.MAX_W: Range(least=0.0, most=8000.0)},
    ),
    OptOutChanged(
        device="heatpump",
        at=NOW,
        opt_out=OptOut(
            device="heatpump",
            at=NOW,
            until=parse_rfc3339("2026-06-21T18:00:00Z"),
            reason="guests",
        ),
    ),
    WishChanged(
        device="car",
        at=NOW,
        errand=Errand(
            wish=wish_of("30 kWh by 07:00, at most 0.25"),
            made=NOW,
            by=parse_rfc3339("2026-06-22T07:00:00Z"),
            left_wh=30_000.0,
        ),
    ),
    WishChanged(
        device="dishwasher",
        at=NOW,
        errand=Errand(
            wish=wish_of("start at 14:00"),
            made=NOW,
            start=parse_rfc3339("2026-06-21T14:00:00Z"),
            by=parse_rfc3339("2026-06-21T15:35:00Z"),
        ),
    ),
)

REPLIES = (
    (
        SUBMISSION,
        Accepted(
            party="guest", product="power", interval=NEXT, orders=(("app-1", "home-o-12-9920"),)
        ),
    ),
    (
        CancelTenders(party="guest", request_id="r-2", product="power", tenders=("app-1",)),
        Cancelled(
            party="guest",
            product="power",
            tender="app-1",
            order="home-o-12-9920",
            reason=CancelReason.REQUESTED,
            remaining=800,
        ),
    ),
    (AskPosition(party="guest", request_id="r-3", product="power", interval=NEXT), POSITION),
)

CANCEL = {
    "v": 1,
    "requestId": "r-2",
    "partyId": "guest",
    "counterPartyId": "home",
    "marketId": "home",
    "segmentId": "power",
    "tenderId": "app-1",
}
ASK = {
    "v": 1,
    "requestId": "r-3",
    "requestor": "guest",
    "positionParty": "guest",
    "boundingInterval": {"dtStart": "2026-06-21T12:00:10.000Z", "duration": "PT10S"},
    "marketId": "home",
    "resourceDesignator": "POWER",
}

PUBLISHED = {
    **mqtt_docs_tie.PUBLISHED,
    "status": "birth and will of the gateway",
    "dir": "what there is to subscribe to",
    "m/ref": "market reference data",
    "m/rules": "the rules every tender is under",
    "m/control": "the owner's mode in force",
    "p/P/ref": "the product: scales, tick, lot, caps",
    "p/P/session": "the instrument traded now, and its gate",
    "p/P/tender/U": "the live tenders of a party; QoS 0 of the gateway's own agents",
    "p/P/quote/QID": "a public quote while it stands",
    "p/P/rfq/RID": "a public request for quotes while it stands",
    "p/P/forward": "of a product that is traded ahead (`forward`): what each coming interval is "
    "expected to cost, and what all together would give beyond what they draw, by price",
    "p/P/clearing": "the last clearing, with its why",
    "p/P/tick/tender": "with `publish: [ticks]`: what is newly tendered; **not retained**, QoS 0",
    "p/P/tick/quote": "likewise each public quote",
    "p/P/tick/rfq": "likewise each public request for quotes",
    "p/P/book/START": "with `publish: [book]`: what is tendered for an instrument, by price; QoS 0",
    "p/P/price/START": "with `publish: [session]`: what was traded in an instrument",
    "p/P/tick/transaction": "each side of each match; **not retained**, QoS 0",
    "d/D/desc": "what a device is and can do",
    "d/D/state": "online, sleeping, offline or faulty",
    "d/D/reading": "the newest reading, with the points of the models read this time: what only "
    "tells is read every 10 s, or at every poll while the device is steered; QoS 0, one message "
    "per read",
    "d/D/set": "the newest setpoint and how far it came",
    "d/D/fault/CODE": "a fault while it lasts",
    "d/D/health": "codes of all faults there are now",
    "d/D/energy": "energy counted, every five minutes; it never falls",
    "d/D/opt-out": "the owner left this device alone (`gridtender hands-off --device D`): why and "
    "until when; cleared when that ends",
    "d/D/wish": "what `owner/wish/D`, the command or the configuration wishes, and what of it is "
    "left; cleared when nothing is wished",
    "d/D/yield": "a solar device's day: what it gave, should have given under a clear sky, and "
    "earned, also by string; every five minutes, and once closed after midnight",
    "f/WHAT": "what the site will draw (`load`, beside what is steered) and its roofs will give "
    "(`sun`), 36 h ahead, with how far off earlier forecasts were; every quarter of an hour",
    "d/D/limits": "the limits that `owner/limit/D/KEY` sets, and between what",
    "u/U/pos/P": "the party's position; only it may read it; QoS 0 of the gateway's own agents",
    **mqtt_docs_ledger.PUBLISHED,
}

INTRODUCTION = """\
# MQTT

Everything is below `rmf/1/A/`: `A` is the area, `P` a product, `D` a device, `U` a party. Payloads
are JSON with CTS field names. Prices and quantities of the market are integers: real = integer x
10^scale, the scales stand beside them. Measured values are real numbers in the unit named,
positive **into** the device. Instants are RFC 3339 in UTC, durations ISO 8601, intervals half-open.
Receivers ignore fields they do not know. `gridtender schema` prints a JSON
Schema (draft 2020-12) for each payload, `gridtender schema all --output DIR` writes them as files;
the $id of each is `schemaBase` of `dir` and the topic's shape.

This page is written by `scripts/mqtt_docs.py`; every example comes out of the gateway's own code.

## What the gateway publishes

Retained at QoS 1 unless the table says otherwise. What has ended is cleared by an empty payload;
after a reconnect all of it is published again, and leftovers of an earlier run are cleared. When
the clock runs faster than real time, each topic gets at most 5 messages per second.
"""

ASKING = """\
## Asking: requests of parties

From nothing to a running program: [write an app](how-to/write-an-app.md). Sessions at a shell,
message by message, each page typed at a gateway on MQTT 3.1.1 and on 5:
[reference data](transcripts/reference-data.md), [registration](transcripts/registration.md),
[enrolment](transcripts/enrolment.md), [tender](transcripts/tender.md), [streams and
alternatives](transcripts/stream.md), [transaction](transcripts/transaction.md),
[position](transcripts/position.md), [delivery](transcripts/delivery.md),
[quotes](transcripts/quote.md), [opting out and availability](transcripts/opt-avail.md),
[instrument data and tickers](transcripts/instruments.md),
[Response Topic](transcripts/response-topic.md).

Party `U` publishes on `u/U/req/P/OP` (QoS 1, not retained: retained requests are ignored) and gets
the answer on `u/U/in/…`. By MQTT 5 it may name another topic below `u/U/in/` as Response Topic, and
its Correlation Data (up to 1 024 bytes) comes back with the answer; a Response Topic elsewhere is
not used, and the answer comes on its usual topic. Its user name at the broker is its party id.
Requests are idempotent by (party, requestId) for 24 hours: the same id gets the first answer again.
A tender's scales default to the product's; others are converted where that is exact. All tenders of
one request are for one interval, alternatives excepted. `netting: true` with a growing `revision`
states the party's whole requirement for the interval and replaces its former set; without it,
tenders add up. After a match the party gets
`create-transaction` on its inbox; it is binding when sent, and comes again,
ever more seldom and with the same `requestId`, until it is acknowledged on
`u/U/ack/created-transaction`: at once when the party says on `u/U/status` that it is online, also
after a restart of the gateway, for a day. A withdrawal by the market is acknowledged on
`u/U/ack/canceled-tender`. `seq` numbers what a party is told, from 1 in each `epoch` of the
gateway; a missing number was missed.

When `u/U/status` says `{"v": 1, "status": "offline"}`, best as the will of the party's connection,
all it tenders is withdrawn. A party may send as many tenders a minute as it may have open, at least
120; more are refused.
"""

ANSWERS = (
    "\n".join(
        (
            "| operation `OP` | answer on `u/U/in/` |",
            "|---|---|",
            *(f"| `{one.name}` | `{one.answer}` |" for one in OPERATIONS.values()),
            "| anything else | `response` |",
        )
    )
    + "\n"
)

OWNER = """\
## The owner's word

The user `owner` publishes on `owner/control`, not retained: the bare word `observe`, `advise`,
`act` or `hands-off`, or an object with an end, `until` an instant or `for` a duration:

    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/control -m hands-off
    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/control -m '{"mode":"hands-off","for":"2h"}'

The bare word `configured` takes up the configured mode again. The mode in force is retained on
`m/control`.

On `owner/limit/D/KEY`, a plain number sets a limit of a device, or with `gateway` as `D` one of the
connection. The keys are those of the configuration: `max_w`, `charge_w`, `discharge_w`,
`min_soc_pct`, `max_soc_pct`, `import_limit_w`, `export_limit_w`. What is configured, else what the
device itself can, is the outermost bound: a limit can be tightened and loosened inside it. It is
kept in the state folder and outlives a restart. What holds is retained on `d/D/limits`, and told
again after a value that was refused:

    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/limit/battery/min_soc_pct -m 40

On `owner/wish/D`, plain words or an object wish something of a load for once: an amount, a
deadline, the most it may cost, and `cheapest`, `surplus` or `now`; of a load with a programme,
`start` or `start at 14:00`: when it begins, at any price up to its cap. It goes before the
configured wish until its deadline, or until it is done; nothing at all ends it. It is kept in the
state folder and outlives a restart. What holds is retained on `d/D/wish`, and told again after
words that were refused:

    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/wish/car -m '30 kWh by 07:00, at most 0.25'
    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/wish/car -m '{"soc":80,"mode":"surplus"}'
    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/wish/dishwasher -m 'start at 14:00'
    mosquitto_pub -u owner -P … -q 1 -t rmf/1/home/owner/wish/car -n

On `owner/forecast/load` and `owner/forecast/sun`, best retained, an app with a better forecast
tells it: what the house draws beside what is steered, and what its roofs give, W from 0 up, one
mean per step (`PT1M` to `P1D`), if it knows them with what is not exceeded with 10 and 90 %. It
stands in for the house's own forecast as far as it reaches, until `valid_until` (else 24 h after
`start`); then the own one holds again, as it does after nothing at all was said. `f/load` and
`f/sun` tell `outside_until` meanwhile, and how far off both were. What is refused is in the log
with its reason:

    mosquitto_pub -u owner -P … -q 1 -r -t rmf/1/home/owner/forecast/sun -m '{"v":1,"start":"2026-06-21T12:00:00Z","step":"PT1H","mean_w":[3200,2900,2100,900],"valid_until":"2026-06-21T18:00:00Z"}'

A tariff price read from a topic is a plain JSON
number, best retained; at a broker of the gateway's own, `owner` may write it.

## Who may read and write

A broker of the gateway's own (mosquitto or in-process) enforces: everybody may read `status`,
`dir`, `m/#`, `p/#`, `d/#` and `f/#`; party `U` may also read `u/U/#` and write `u/U/req/#`, `u/U/ack/#`,
`u/U/status`, `u/U/avail` and `u/U/opt`; `owner` may write `owner/control`, `owner/limit/#`,
`owner/wish/#`, `owner/forecast/#` and `owner/consent`, read `homeassistant/#` and write `homeassistant/status`; nobody
anonymous may write, but for newcomers below `reg/CLIENTID` where `registration:` is `consent` or
`open`. Give an external broker the same rules. For mosquitto this prints the file that its
`acl_file` names:

    gridtender schema acl --area home > gridtender.acl

It calls the gateway's user `gateway`: put your `username` there. Below `user owner` add
`topic write TOPIC` for each tariff price that the owner publishes.
"""  # noqa: E501 - a command is a line


def document() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_published(), ASKING, ANSWERS, *_asked(), OWNER])


def _published() -> list[str]:
    mirror = Mirror(SITE)
    messages = [mirror.birth(NOW), *mirror.standing()]
    for fact in FACTS:
        messages += mirror.messages(fact, NOW)
    public = [one for one in messages if "/in/" not in one.topic]
    table = ["| topic | what |", "|---|---|"]
    table += [f"| `{shape}` | {meaning} |" for shape, meaning in PUBLISHED.items()]
    return ["\n".join(table), "", *(_example(one.topic, one.payload) for one in public)]


def _asked() -> list[str]:
    requests = {
        "create-tender": write(encode_submission(SUBMISSION, "home", PRODUCT)),
        "cancel-tender": write(CANCEL),
        "request-position": write(ASK),
    }
    parts = []
    for (operation, payload), (request, outcome) in zip(requests.items(), REPLIES, strict=True):
        parts += _exchanged(operation, payload, request, (outcome,))
    parts.append(mqtt_docs_tenders.TEXT)
    for operation, make in (
        ("create-stream-tender", mqtt_docs_tenders.stream),
        ("create-tender", mqtt_docs_tenders.alternatives),
    ):
        document, request, outcomes = make(PRODUCT, NEXT)
        parts += _exchanged(operation, write(document), request, outcomes)
    parts.append(mqtt_docs_quotes.TEXT)
    for operation, document, request, outcomes in mqtt_docs_quotes.exchanges(PRODUCT, NEXT):
        parts += _exchanged(operation, write(document), request, outcomes)
    parts.append(mqtt_docs_standings.TEXT)
    for operation, document, request, outcomes in mqtt_docs_standings.exchanges():
        parts += _exchanged(operation, write(document), request, outcomes, "market")
    parts.append(mqtt_docs_instruments.TEXT)
    told = mqtt_docs_instruments.told(PRODUCT, NEXT, NOW)
    parts += [_example(one.topic, one.payload) for one in told]
    for operation, document, request, outcomes, place in mqtt_docs_instruments.exchanges():
        parts += _exchanged(operation, write(document), request, outcomes, place)
    parts.append(mqtt_docs_ledger.TEXT)
    document, request, outcomes = mqtt_docs_ledger.delivery(PRODUCT, NEXT)
    parts += _exchanged("request-delivery", write(document), request, outcomes)
    parts.append(mqtt_docs_parties.TEXT)
    said, heard = mqtt_docs_parties.registration(border(SITE), NOW)
    parts += [_example(*said), *(_example(one.topic, one.payload) for one in heard)]
    for product, operation, document, request, outcomes in mqtt_docs_parties.exchanges(NOW):
        parts += _exchanged(operation, write(document), request, outcomes, product)
    parts.append("### Pushes\n")
    pushes = [one for fact in FACTS for one in Mirror(SITE).messages(fact, NOW)]
    parts += [_example(one.topic, one.payload) for one in pushes if "/in/" in one.topic]
    return [*parts, "### When it is refused\n", _outcomes(), _refused()]


def _exchanged(
    operation: str,
    payload: bytes,
    request: Request,
    outcomes: tuple[Told, ...],
    product: str = "power",
) -> list[str]:
    """A request and its answer."""
    topic = f"rmf/1/home/u/guest/req/{product}/{operation}"
    _checked(parse(topic, payload, border(SITE), NOW), request)
    reply = Reply(party="guest", request_id=request.request_id, at=NOW, outcomes=outcomes)
    answer = reply_message(border(SITE), request, reply)
    return [_example(topic, payload), _example(answer.topic, answer.payload)]


def _outcomes() -> str:
    rows = ["| code | responseDetail | when | what to do |", "|---|---|---|---|"]
    for one in OUTCOMES:
        details = ", ".join(one.details)
        rows.append(f"| {one.code.value} | {details} | {one.when} | {one.do} |")
    return "\n".join(rows) + "\n"


def _refused() -> str:
    topic = "rmf/1/home/u/guest/req/power/create-tender"
    found = parse(topic, b'{"requestId":"r-4","price":NaN}', border(SITE), NOW)
    if not isinstance(found, Answer):
        raise TypeError(found)
    return _example(found.message.topic, found.message.payload)


def _checked(found: Parsed, request: object) -> None:
    if found != request:
        message = f"the documented request is not the one answered: {found}"
        raise ValueError(message)


def _example(topic: str, payload: bytes) -> str:
    text = json.dumps(json.loads(payload), ensure_ascii=False)
    return f"`{topic}`\n\n```json\n{text}\n```\n"


def undocumented() -> set[str]:
    """Topic shapes with a schema that the tables do not name."""
    told = (shape for shape in SHAPES if shape[0] in "sdmp" or shape.startswith("tie/"))
    return set(told) - set(PUBLISHED)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
    sys.stdout.write(f"wrote {DOCUMENT}\n")
