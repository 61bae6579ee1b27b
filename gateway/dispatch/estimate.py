"""What the house itself draws, although meter and devices are never read at one moment.

The meter's value may belong to any moment since the last poll, so the load is known only as
an interval: the meter's value minus the steered devices' flow as read at the previous and at
this poll.  A device that was told to move since it was read may be anywhere on its way, so
the interval covers that too.  The old estimate is kept while it lies inside, else it goes to
the nearer end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# The meter's own noise: an estimate this far outside the interval is still believed.
SLACK_W = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadEstimate:
    """The residual load and what it was made from.

    Attributes:
        residual_w: W drawn by everything that is not steered (negative: unknown generation).
        steered: passive flow of each steered device at the latest meter reading.
    """

    residual_w: float
    steered: Mapping[str, float]


def first_estimate(meter_w: float, steered: Mapping[str, float]) -> LoadEstimate:
    """The estimate of a single sample; all flows passive, W."""
    return LoadEstimate(residual_w=meter_w - sum(steered.values()), steered=steered)


def next_estimate(
    old: LoadEstimate,
    meter_w: float,
    steered: Mapping[str, float],
    moving: Mapping[str, tuple[float, float]] | None = None,
) -> LoadEstimate:
    """The estimate after a newer meter reading.

    ``meter_w`` import +, ``steered`` the flow into each steered device as read now; ``moving``
    the least and the most it was told since.  A device that was not seen before counts as if
    it had not moved; one that is gone is in the load.
    """
    moving = moving or {}
    flows = (
        sum(steered.values()),
        sum(old.steered.get(device, flow) for device, flow in steered.items()),
        sum(moving.get(device, (flow, flow))[0] for device, flow in steered.items()),
        sum(moving.get(device, (flow, flow))[1] for device, flow in steered.items()),
    )
    least, most = meter_w - max(flows), meter_w - min(flows)
    residual = old.residual_w
    if residual < least - SLACK_W:
        residual = least
    elif residual > most + SLACK_W:
        residual = most
    return LoadEstimate(residual_w=residual, steered=steered)
