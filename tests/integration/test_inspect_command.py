"""``gridtender inspect`` as it is typed, against devices on sockets."""

import json

import pytest

from gateway.cli import main
from tests.integration.served import map_named, served

KEYS = ["url", "unit", "base", "identity", "models", "problems", "quirks", "capabilities"]


@pytest.fixture
def command(capsys):
    """Exit code, what was printed, and what was said beside it."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_json_has_the_whole_device_in_the_documented_keys(command):
    with served({3: map_named("EmulatedDER")}) as (port,):
        url = f"tcp://127.0.0.1:{port}?unit=3"
        code, out, err = command("inspect", url, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert list(found) == KEYS
    assert (found["url"], found["unit"], found["base"]) == (url, 3, 40000)
    assert list(found["identity"]) == ["maker", "model", "options", "version", "serial"]
    assert found["identity"]["options"] == "10 kW DER"
    first = found["models"][0]
    assert list(first) == ["id", "name", "address", "length", "index", "points", "groups"]
    assert (first["id"], first["address"], first["index"]) == (1, 40002, 1)
    curves = next(one for one in found["models"] if one["id"] == 705)
    assert curves["groups"]["Crv"][0]["Pt"][0]["V"] is not None
    assert found["capabilities"]["solar"]["steeredBy"] == 704


def test_text_shows_points_with_unit_raw_words_and_quality(command):
    with served({1: map_named("SMASunny")}) as (port,):
        code, out, _ = command("inspect", f"tcp://127.0.0.1:{port}")
    assert code == 0
    row = next(line.split() for line in out.splitlines() if line.startswith("  W "))
    assert row == ["W", "1080", "W", "good", "006C"]
    assert "role solar: takes a limit by model 123" in out
    assert "mandatory, but not implemented" in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_a_device_that_is_not_there_is_one_sentence(command):
    with served({1: {}}) as (port,):
        pass
    code, out, err = command("inspect", f"tcp://127.0.0.1:{port}", "--timeout", "200ms")
    assert (code, out) == (1, "")
    assert "connection refused" in err


def test_a_device_without_a_map_says_what_stands_there(command):
    with served({1: dict.fromkeys(range(40000, 40010), 7)}) as (port,):
        code, _, err = command("inspect", f"tcp://127.0.0.1:{port}")
    assert code == 1
    assert "no SunSpec marker" in err


@pytest.mark.parametrize("url", ["192.168.1.20", "tcp://", "tcp://h?unit=999", "ftp://h"])
def test_what_is_no_url_is_refused_with_what_is(command, url):
    code, _, err = command("inspect", url)
    assert code == 2
    assert "allowed" in err
