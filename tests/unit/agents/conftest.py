"""A gate at noon over a site made of device views."""

import pytest

from gateway.model.device import (
    Capabilities,
    Control,
    Device,
    DeviceState,
    Limits,
    Role,
)
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.time import SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.ports.agent import Gate

NOON = parse_rfc3339("2026-06-21T12:00:00Z")


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def product():
    return Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))


@pytest.fixture
def make_gate(product):
    def make(*views, product=product, unmetered=0, interval=None, **tariff):
        tariff.setdefault("import_price", 0.30)
        tariff.setdefault("export_price", 0.08)
        devices = {view.id: view for view in views}
        start = Instant(NOON + SECOND)
        return Gate(
            now=NOON,
            product=product,
            interval=interval or Interval(start, Instant(start + product.interval)),
            snapshot=Snapshot(at=NOON, devices=devices, **tariff),
            unmetered=unmetered,
        )

    return make


@pytest.fixture
def make_view():
    def make(
        device,
        power_w,
        *,
        soc_pct=None,
        available_w=None,
        quality=Quality.GOOD,
        state=DeviceState.ONLINE,
        control=Control.TARGET,
        told=None,
        **more,
    ):
        flows = {} if power_w is None else {POWER: power_w}
        reading = Reading(
            device=device, at=NOON, flows=flows, soc_pct=soc_pct, available_w=available_w
        )
        return DeviceView(
            id=device,
            state=state,
            capabilities=Capabilities(control=control, **(told or {})),
            since=Instant(0),
            reading=reading,
            quality=quality,
            **more,
        )

    return make


@pytest.fixture
def make_device():
    def make(device_id, role, *, limits=None, **more):
        return Device(
            id=device_id,
            role=Role(role),
            driver="sunspec",
            connection=f"mem://{device_id}",
            line=f"mem://{device_id}",
            limits=limits or Limits(),
            **more,
        )

    return make


@pytest.fixture
def steps():
    """What matters of tenders: side, price, quantity."""

    def of(tenders):
        return [(str(t.side), t.price, t.quantity) for t in tenders]

    return of
