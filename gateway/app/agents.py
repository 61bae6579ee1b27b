"""Agents of a site: the built-in ones, and those that installed packages add."""

from collections.abc import Collection

import structlog

from gateway.adapters.plugins import agent_packages
from gateway.agents import agents_for
from gateway.app.availability import availabilities, let_go, within
from gateway.model.site import Site
from gateway.ports.agent import Agent
from gateway.runtime.marketplace import Marketplace


def site_agents(site: Site) -> tuple[Agent, ...]:
    """Packages are looked for only where a device names an agent."""
    named = any(item.device.agent for item in site.devices)
    return within(agents_for(site, agent_packages()) if named else agents_for(site), site)


def retender(marketplace: Marketplace, site: Site, written: Collection[str]) -> None:
    """Have the calendars of these devices in force as they are now."""
    marketplace.tender_by(site_agents(site))
    known = availabilities(site)
    let_go(marketplace, {device: known[device] for device in written if device in known})
    structlog.get_logger().info("availability.changed", devices=", ".join(sorted(written)))
