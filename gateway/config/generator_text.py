"""Generators on the page of ``gridtender check``: what a start and a kWh cost, how long it runs."""

from collections.abc import Iterator

from gateway.config.wording import duration_text
from gateway.model.device import Device, Role
from gateway.model.site import Site


def generator_texts(site: Site) -> Iterator[tuple[str, str]]:
    """A line for each generator that an agent of the gateway tenders for."""
    for one in site.devices:
        if one.device.role is Role.GENERATOR and one.device.tender and not one.device.agent:
            yield one.device.id, "; ".join(_parts(one.device, site.currency))


def _parts(device: Device, currency: str) -> Iterator[str]:
    start = f" and {device.start_cost:g} {currency} a start" if device.start_cost else ""
    yield f"gives a kWh for {device.marginal_cost:g} {currency}{start}"
    if device.limits.min_w:
        yield f"at least {device.limits.min_w:.0f} W"
    run, rest = device.limits.min_run, device.limits.min_rest
    if run:
        yield f"runs for {duration_text(run)} at least"
    if rest:
        yield f"stands for {duration_text(rest)} at least"
    if device.start_cost:
        yield "starts where that is repaid: by its minimum run, or by the hours it can foresee"
