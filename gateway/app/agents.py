"""Agents of a site: the built-in ones, and those that installed packages add."""

from gateway.adapters.plugins import agent_packages
from gateway.agents import agents_for
from gateway.model.site import Site
from gateway.ports.agent import Agent


def site_agents(site: Site) -> tuple[Agent, ...]:
    """Packages are looked for only where a device names an agent."""
    named = any(item.device.agent for item in site.devices)
    return agents_for(site, agent_packages()) if named else agents_for(site)
