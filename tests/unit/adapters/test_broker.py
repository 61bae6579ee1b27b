"""Which broker is chosen, and what is said when there is none."""

import base64
import hashlib

import pytest

from gateway.adapters import broker as chooser
from gateway.adapters.broker import external, find_mosquitto, open_broker
from gateway.adapters.broker_accounts import accounts
from gateway.adapters.broker_files import hashed
from gateway.model.errors import BrokerUnavailable, SettingsError
from gateway.model.site import BrokerSettings


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://localhost", "localhost", 1883, False),
        ("mqtt://10.0.0.7:1884", "10.0.0.7", 1884, False),
        ("mqtts://broker.example", "broker.example", 8883, True),
        ("mqtt://[::1]:1883", "::1", 1883, False),
    ],
)
def test_an_external_broker_is_used_as_configured(url, host, port, tls, tmp_path):
    secret = tmp_path / "mqtt-password"
    secret.write_text("hush\n")

    endpoint = external(BrokerSettings(url=url, username="gw", password_file=str(secret)))

    assert (endpoint.host, endpoint.port, endpoint.tls) == (host, port, tls)
    assert (endpoint.username, endpoint.password, endpoint.protocol) == ("gw", "hush", 5)
    assert endpoint.alive
    assert "hush" not in repr(endpoint)


def test_an_empty_password_file_means_no_password(tmp_path):
    secret = tmp_path / "mqtt-password"
    secret.touch()

    endpoint = external(BrokerSettings(url="mqtt://localhost", password_file=str(secret)))

    assert endpoint.password is None


def test_a_missing_password_file_is_named(tmp_path):
    settings = BrokerSettings(url="mqtt://localhost", password_file=str(tmp_path / "absent"))

    with pytest.raises(BrokerUnavailable, match="absent cannot be read: No such file"):
        external(settings)


@pytest.mark.parametrize("url", ["localhost:1883", "http://localhost", "mqtt://", "mqtt://h:99999"])
def test_an_url_that_is_no_broker_is_refused_with_what_is_allowed(url, tmp_path):
    with pytest.raises(SettingsError, match=r"broker\.url: found .* allowed: mqtt://HOST"):
        open_broker(BrokerSettings(url=url), "home", tmp_path, {})


def test_an_unknown_kind_is_refused_with_what_is_allowed(tmp_path):
    with pytest.raises(SettingsError, match=r"auto \| mosquitto \| embedded"):
        open_broker(BrokerSettings(kind="emqx"), "home", tmp_path, {})


@pytest.mark.parametrize("kind", ["auto", "mosquitto"])
def test_without_any_broker_the_operator_learns_what_to_install(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chooser, "_MORE_FOLDERS", ())
    monkeypatch.setattr(chooser.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(BrokerUnavailable, match="apt-get install mosquitto"):
        open_broker(BrokerSettings(kind=kind), "home", tmp_path, {})


def test_mosquitto_is_found_outside_an_ordinary_users_path(tmp_path, monkeypatch):
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(chooser, "_MORE_FOLDERS", (str(tmp_path),))

    assert find_mosquitto() == program


def test_the_gateways_password_is_new_at_every_start_and_guest_needs_permission():
    users = {"alice": "wonder", "guest": "guest", "gateway": "known"}

    first = accounts("home", users, guest=False)
    second = accounts("home", users, guest=True)

    assert first.passwords["gateway"] not in {"known", second.passwords["gateway"]}
    assert not first.knows("guest", "guest")
    assert second.knows("guest", "guest")
    assert first.knows("alice", "wonder")
    assert not first.knows("alice", None)
    assert "wonder" not in repr(first)


def test_a_password_hash_is_salted_pbkdf2_in_mosquittos_format():
    _, kind, iterations, salt, digest = hashed("wonder").split("$")

    again = hashlib.pbkdf2_hmac("sha512", b"wonder", base64.b64decode(salt), int(iterations))
    assert (kind, base64.b64decode(digest)) == ("7", again)
    assert hashed("wonder") != hashed("wonder")
