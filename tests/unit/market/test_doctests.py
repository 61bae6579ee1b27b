"""Examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import gateway.market

MODULES = [
    module.name
    for module in pkgutil.walk_packages(gateway.market.__path__, f"{gateway.market.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
