"""What the house itself draws, although meter and devices are never read at one moment.

The meter's value may belong to any moment since the last poll, so the load is known only as
an interval: the meter's value minus the steered devices' flow as read at the previous and at
this poll.  The old estimate is kept while it lies inside, else it goes to the nearer end.
"""

from dataclasses import dataclass

# The meter's own noise: an estimate this far outside the interval is still believed.
SLACK_W = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadEstimate:
    """The residual load and what it was made from.

    Attributes:
        residual_w: W drawn by everything that is not steered (negative: unknown generation).
        steered_w: passive sum of the steered devices at the latest meter reading.
    """

    residual_w: float
    steered_w: float


def first_estimate(meter_w: float, steered_w: float) -> LoadEstimate:
    """The estimate of a single sample; all flows passive, W."""
    return LoadEstimate(residual_w=meter_w - steered_w, steered_w=steered_w)


def next_estimate(old: LoadEstimate, meter_w: float, steered_w: float) -> LoadEstimate:
    """The estimate after a newer meter reading.

    ``meter_w`` import +, ``steered_w`` sum of flows into the steered devices as read now.
    """
    ends = sorted((meter_w - old.steered_w, meter_w - steered_w))
    low, high = ends[0] - SLACK_W, ends[1] + SLACK_W
    residual = old.residual_w
    if residual < low:
        residual = ends[0]
    elif residual > high:
        residual = ends[1]
    return LoadEstimate(residual_w=residual, steered_w=steered_w)
