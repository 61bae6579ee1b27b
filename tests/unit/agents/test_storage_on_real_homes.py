"""The storage agent against plain self-consumption, on every day of a year in three homes.

Plain self-consumption charges from surplus and discharges into load, as far as power and energy
allow: what a battery does by its own rule.  Both sides use the same battery (6.4 kWh, 5 kW,
round trip 0.9) and the same hourly means.

The agents' side is the whole house: utility, must-run load, solar and storage tender for each
hour and are cleared by merit order (local before grid at a tie); what the utility sells and buys
is what the tariff charges, at the tariff's true prices.

Every day both start from the same charge: the one at which plain self-consumption arrived in
the morning.  A day's cost is what the tariff charges, less the worth of what is left in the
battery: eta x the day's mean import price per kWh.  So neither is helped by emptying the
battery at midnight.  The market trades milliwatts here, so that rounding decides nothing.
"""

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from gateway.agents import MustRun, Solar, Storage, Utility
from gateway.model.device import Capabilities, Control, DeviceState
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.site import GridLimits
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.tender import Side
from gateway.model.time import HOUR, Duration, Instant, Interval
from gateway.ports.agent import Gate

HOMES = Path(__file__).parents[2] / "fixtures" / "homes"
CAPACITY_WH, POWER_W, ETA = 6400.0, 5000.0, math.sqrt(0.9)
PRODUCT = Product(id="hourly", resource=POWER, unit="W", interval=Duration(HOUR), quantity_scale=-3)
SOLAR_CAN = Capabilities(control=Control.LIMIT)
BATTERY_CAN = Capabilities(
    control=Control.TARGET,
    charge_w=POWER_W,
    discharge_w=POWER_W,
    capacity_wh=CAPACITY_WH,
    round_trip=0.9,
)


@dataclass(frozen=True)
class Hour:
    load_w: float
    solar_w: float
    import_price: float
    export_price: float

    def cost(self, grid_w):
        """What the tariff charges for an hour at this mean import."""
        price = self.import_price if grid_w > 0 else self.export_price
        return price * grid_w / 1000


@cache
def columns(name):
    with (HOMES / f"{name}.csv").open() as file:
        return [tuple(map(float, row)) for row in list(csv.reader(file))[1:]]


def flat(_hour, _solar_w):
    return 0.30, 0.08


def time_of_use(hour, _solar_w):
    return columns("tariff")[hour]


def wholesale(hour, solar_w):
    """Dear evenings, noons that sunshine drives below zero; fees of 12 cents on import."""
    market = 0.09 + 0.07 * math.cos(2 * math.pi * (hour - 19) / 24) - 0.25 * solar_w / 4000
    return round(market + 0.12, 4), round(market, 4)


def nearly_net_metering(hour, solar_w):
    """Export earns little less than import costs: storing rarely pays within the hour."""
    market = wholesale(hour, solar_w)[1] + 0.25
    return round(market + 0.02, 4), round(market, 4)


CASES = [(home, tariff) for home in ("h1", "h6", "h12") for tariff in (flat, time_of_use)]
CASES += [("h12", wholesale), ("h12", nearly_net_metering)]


def year(home, tariff):
    hours = []
    for hour, (load_w, solar_w) in enumerate(columns(home)):
        hours.append(Hour(load_w, solar_w, *tariff(hour, solar_w)))
    return hours


def after(stored_wh, battery_w):
    """The charge after an hour at this mean power."""
    moved_wh = battery_w * ETA if battery_w > 0 else battery_w / ETA
    left_wh = stored_wh + moved_wh
    assert -1e-6 <= left_wh <= CAPACITY_WH + 1e-6
    return min(max(left_wh, 0.0), CAPACITY_WH)


def self_consumption(hour, stored_wh):
    """Grid and battery power by the battery's own rule."""
    surplus_w = hour.solar_w - hour.load_w
    if surplus_w > 0:
        battery_w = min(surplus_w, POWER_W, (CAPACITY_WH - stored_wh) / ETA)
    else:
        battery_w = -min(-surplus_w, POWER_W, stored_wh * ETA)
    return battery_w - surplus_w, battery_w


def merit_order(sets):
    """Signed flow by party: best buyer meets best seller while their prices cross."""
    steps = {Side.BUY: [], Side.SELL: []}
    for party, tenders in sets:
        for tender in tenders:
            rank = -tender.side.sign * tender.price
            steps[tender.side].append([rank, party.tie_class, party.id, tender.quantity])
    buys, sells = sorted(steps[Side.BUY]), sorted(steps[Side.SELL])
    flows = dict.fromkeys((party.id for party, _ in sets), 0)
    while buys and sells and -buys[0][0] >= sells[0][0]:
        quantity = min(buys[0][3], sells[0][3])
        for queue, sign in ((buys, 1), (sells, -1)):
            flows[queue[0][2]] += sign * quantity
            queue[0][3] -= quantity
            if queue[0][3] == 0:
                queue.pop(0)
    return flows


def view(device, power_w, capabilities, soc_pct=None):
    return DeviceView(
        id=device,
        state=DeviceState.ONLINE,
        capabilities=capabilities,
        since=Instant(0),
        reading=Reading(device=device, at=Instant(0), flows={POWER: power_w}, soc_pct=soc_pct),
        quality=Quality.GOOD,
    )


def market(house, hour, stored_wh):
    """Grid and battery power by the agents' tenders and one clearing."""
    soc_pct = stored_wh / CAPACITY_WH * 100
    gate = Gate(
        now=Instant(0),
        product=PRODUCT,
        interval=Interval(Instant(0), Instant(HOUR)),
        snapshot=Snapshot(
            at=Instant(0),
            devices={
                "roof": view("roof", -hour.solar_w, SOLAR_CAN),
                "battery": view("battery", 0.0, BATTERY_CAN, soc_pct),
            },
            import_price=hour.import_price,
            export_price=hour.export_price,
            residual_w=hour.load_w,
        ),
    )
    flows = merit_order([(agent.party, agent.tenders(gate)) for agent in house])
    assert flows["must-run"] == PRODUCT.quantity_up(hour.load_w)
    return -flows["utility"] / 1000, flows["battery"] / 1000


def a_day(rule, hours, stored_wh):
    """Cost of the day, less the worth of what is left, and the charge left."""
    cost = 0.0
    for hour in hours:
        grid_w, battery_w = rule(hour, stored_wh)
        cost += hour.cost(grid_w)
        stored_wh = after(stored_wh, battery_w)
    worth = ETA * sum(hour.import_price for hour in hours) / len(hours)
    return cost - worth * stored_wh / 1000, stored_wh


@pytest.fixture
def house(make_device):
    """The agents of a home whose tariff reaches a dearest import price."""

    def of(dearest):
        return [
            Utility(limits=GridLimits()),
            MustRun(),
            Solar(device=make_device("roof", "solar")),
            Storage(device=make_device("battery", "storage"), dearest_import=dearest),
        ]

    return of


@pytest.mark.slow
@pytest.mark.parametrize(("home", "tariff"), CASES)
def test_on_no_day_of_a_year_two_percent_dearer_than_self_consumption(home, tariff, house):
    hours = year(home, tariff)
    agents = house(max(hour.import_price for hour in hours))

    def cleared(hour, stored_wh):
        return market(agents, hour, stored_wh)

    stored_wh, plain_year, agents_year = 0.0, 0.0, 0.0
    for start in range(0, len(hours), 24):
        day = hours[start : start + 24]
        agents_cost, _ = a_day(cleared, day, stored_wh)
        plain_cost, stored_wh = a_day(self_consumption, day, stored_wh)
        assert agents_cost <= plain_cost + 0.02 * abs(plain_cost) + 1e-4, f"day {start // 24}"
        plain_year, agents_year = plain_year + plain_cost, agents_year + agents_cost
    assert agents_year <= plain_year + 0.001


@pytest.mark.slow
def test_where_prices_fall_below_zero_the_house_is_cheaper_than_self_consumption(house):
    hours = year("h12", wholesale)[: 60 * 24]
    agents = house(max(hour.import_price for hour in hours))

    def cleared(hour, stored_wh):
        return market(agents, hour, stored_wh)

    assert a_day(cleared, hours, 0.0)[0] < a_day(self_consumption, hours, 0.0)[0]
