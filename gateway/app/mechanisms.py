"""Rules of clearing by name: the built-in ones and those that installed packages add."""

from collections import ChainMap
from collections.abc import Mapping

from gateway.adapters.plugins import mechanism_packages
from gateway.market.mechanisms import built_in
from gateway.ports.mechanism import Mechanism


def mechanisms() -> Mapping[str, Mechanism]:
    """By the name that a product gives; no package replaces a built-in one."""
    known = built_in()
    installed = mechanism_packages()
    return ChainMap(known, {name: installed[name] for name in installed if name not in known})
