"""Which state folder a command means."""

from functools import partial
from pathlib import Path

import pytest

from gateway.config import load
from gateway.config.whereabouts import Service, find_state_dir
from gateway.model.errors import WrongInput

HOME = {"HOME": "/home/eve"}


@pytest.fixture
def service(tmp_path):
    """An installed service, as install.sh leaves it."""
    found = Service(config=tmp_path / "etc.yaml", state=tmp_path / "var")
    found.config.write_text("control: observe\n")
    found.state.mkdir()
    return found


def find(service, given=None, config=None, environ=HOME):
    read = partial(load, packages={}, schemes=(), environ=environ)
    return str(find_state_dir(given, config, environ, read, service).path)


def test_the_option_goes_before_everything(service):
    assert find(service, given=Path("/a"), config=Path("/b.yaml")) == "/a"


def test_the_service_manager_goes_before_the_installed_service(service):
    assert find(service, environ={**HOME, "STATE_DIRECTORY": "/run/state"}) == "/run/state"


@pytest.mark.parametrize("named", [False, True])
def test_an_installed_service_without_state_dir_keeps_it_in_its_own(service, named):
    assert find(service, config=service.config if named else None) == str(service.state)


def test_an_installed_service_with_state_dir_keeps_it_there(service):
    service.config.write_text("state_dir: /srv/market\n")
    assert find(service) == "/srv/market"


def test_an_installed_service_is_found_while_its_configuration_is_broken(service):
    service.config.write_text("control: fly\n")
    assert find(service) == str(service.state)


def test_a_state_dir_is_found_while_the_rest_of_the_configuration_is_broken(service):
    service.config.write_text("control: fly\nstate_dir: /srv/market\n")
    assert find(service, config=service.config) == "/srv/market"


def test_without_a_service_it_is_the_users(tmp_path):
    none = Service(config=tmp_path / "none.yaml", state=tmp_path / "none")
    assert find(none) == "/home/eve/.local/state/gridtender"
    assert find(none, environ={"XDG_STATE_HOME": "/x"}) == "/x/gridtender"


def test_nothing_at_all_is_a_sentence(tmp_path):
    none = Service(config=tmp_path / "none.yaml", state=tmp_path / "none")
    with pytest.raises(WrongInput, match="name it with --state-dir DIR"):
        find(none, environ={})


def test_a_broken_configuration_that_was_named_is_refused(service, tmp_path):
    broken = tmp_path / "site.yaml"
    broken.write_text("control: fly\n")
    with pytest.raises(WrongInput, match=r"--state-dir DIR\n.*fly"):
        find(service, config=broken)
