"""Agents of a site: the built-in ones, and those that installed packages add."""

from collections.abc import Collection

import structlog

from gateway.adapters.plugins import agent_packages
from gateway.agents import agents_for
from gateway.app.availability import bind, within
from gateway.model.site import Site
from gateway.ports.agent import Agent
from gateway.runtime.marketplace import Marketplace


def site_agents(site: Site) -> tuple[Agent, ...]:
    """Packages are looked for only where a device names an agent."""
    named = any(item.device.agent for item in site.devices)
    return within(agents_for(site, agent_packages()) if named else agents_for(site), site)


def retender(marketplace: Marketplace, site: Site, written: Collection[str]) -> None:
    """Have the calendars of these devices and parties in force as they are now."""
    if any(item.device.id in written for item in site.devices):
        marketplace.tender_by(site_agents(site))
    bind(marketplace, site, written)
    structlog.get_logger().info("availability.changed", who=", ".join(sorted(written)))
