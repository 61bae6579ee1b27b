"""Recovery: the markets and answers as they were when the daemon stopped or died."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.model.event import Push, Refused, ResponseCode
from gateway.model.request import Reply
from gateway.model.time import HOUR, Duration, Instant
from gateway.ports.journal import Row
from gateway.runtime.answers import Unanswered
from gateway.runtime.replay import INPUTS, Difference, LoadMarket, Replay
from gateway.runtime.rows import Happened, read_body
from gateway.runtime.unread import UnreadRows

REMEMBER = Duration(24 * HOUR)


@dataclass(frozen=True, slots=True)
class Owed:
    """The answer to an input that was made ``at``, which nobody has been told."""

    at: Instant
    happened: Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a restart goes on from.

    Attributes:
        dumps: per product id, for ``Market.load`` under the new epoch.
        replies: by (party, request id), of the last 24 h, oldest first.
        unanswered: the newest of them, if the crash cut off its row; to be recorded after what
            is owed.
        epoch: of the newest checkpoint, 0 without one.
        owed: what the newest input came to, if the crash cut off its row; to be recorded first.
        difference: where these rules answered otherwise than the journal says, or None.  An
            operator must know: acknowledged transactions may not stand any more.
        unread: what parties outside were to be told, and have not acknowledged.
    """

    dumps: Mapping[str, object]
    replies: Mapping[tuple[str, str], Reply]
    epoch: int
    owed: Owed | None
    difference: Difference | None
    unread: tuple[Push, ...] = ()
    unanswered: Reply | None = None


def recover(
    rows: Iterable[Row], load: LoadMarket, *, now: Instant, own: Collection[str] = ()
) -> Recovered:
    """Run the rows again from the checkpoints among them.

    ``own`` are the parties of the gateway itself: they need not be told what binds them.

    Raises:
        JournalFailed: a row cannot be understood.
    """
    replay = Replay(load)
    replies: dict[tuple[str, str], Reply] = {}
    newest, unread, unanswered = now, UnreadRows(own, now), Unanswered()
    for written in rows:
        body = replay.again(written)
        row = written if body == written.body else replace(written, body=body)
        unread.take(row)
        unanswered.take(row, INPUTS.get(row.kind))
        newest = row.now
        if row.kind == "reply" and now - row.now <= REMEMBER:
            reply = read_body(Reply, row)
            if _never_became_durable(reply):
                replies.pop((reply.party, reply.request_id), None)
            else:
                replies[reply.party, reply.request_id] = reply
    cut_off = unanswered.reply(replay.owed)
    if cut_off is not None:
        replies.setdefault((cut_off.party, cut_off.request_id), cut_off)
    return Recovered(
        dumps=replay.dumps,
        replies=replies,
        epoch=max((start.epoch for start in replay.starts.values()), default=0),
        owed=None if replay.owed is None else Owed(newest, replay.owed),
        difference=replay.difference,
        unread=unread.pushes,
        unanswered=cut_off,
    )


def _never_became_durable(reply: Reply) -> bool:
    """Whether the party was told 503 after all: its next try is a new request."""
    refused = (outcome for outcome in reply.outcomes if isinstance(outcome, Refused))
    return any(one.code is ResponseCode.FORCE_MAJEURE for one in refused)
