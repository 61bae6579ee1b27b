"""Plug-ins are found by entry point and imported when first used."""

import sys

import pytest

from gateway.adapters.plugins import (
    Plugins,
    distribution_of,
    driver_packages,
    house_factories,
    line_factories,
    probes,
    server_factories,
)


def test_own_plugins_are_installed_in_alphabetical_order():
    assert list(driver_packages())[:3] == ["modbus", "mqtt", "sunspec"]
    assert "tcp" in line_factories()
    assert "demo" in house_factories()
    assert "tcp" in server_factories()
    assert "tcp" in probes()


def test_driver_offers_its_package():
    assert "sign" in driver_packages()["sunspec"].json_schema()


def test_origin_is_the_distribution_and_its_version():
    assert distribution_of("sunspec").startswith("gridtender ")
    assert distribution_of("nothing") is None


def test_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        driver_packages()["nothing"]


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """``distribution(name=target, ...)`` installs entry points of the group ``test.group``."""

    def install(**points):
        info = tmp_path / "acme-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
        lines = [f"{name} = {target}" for name, target in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[test.group]", *lines]) + "\n")
        (tmp_path / "acme_plugin.py").write_text("VALUE = 3\n")
        (tmp_path / "acme_typo.py").write_text("VALUE = = 3\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        return Plugins("test.group")

    return install


def test_listing_imports_nothing(distribution):
    plugins = distribution(good="acme_plugin:VALUE")

    assert list(plugins) == ["good"]
    assert "acme_plugin" not in sys.modules
    assert plugins["good"] == 3
    assert plugins.distribution("good") == "acme 1.2"


@pytest.mark.parametrize("target", ["acme_plugin:MISSING", "acme_missing:X", "acme_typo:VALUE"])
def test_plugin_that_cannot_be_imported_is_an_import_error(distribution, target):
    plugins = distribution(bad=target)

    with pytest.raises(ImportError, match="acme"):
        plugins["bad"]
