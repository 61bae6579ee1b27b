"""``gridtender record`` and ``gridtender serve`` as they are typed."""

import contextlib
import json
import re
import signal
import subprocess
import sys

import pytest

from gateway.cli import main
from tests.integration.served import map_named, served


@pytest.fixture
def command(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


@contextlib.contextmanager
def serving(*arguments):
    """``gridtender serve`` as a process; yields the URL that it prints."""
    program = [sys.executable, "-m", "gateway.cli", "serve", *map(str, arguments)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        yield re.match(r"tcp://\S+", line).group()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        process.stdout.close()


def test_a_recorded_device_is_served_inspected_and_recorded_the_same(command, tmp_path):
    file, second = tmp_path / "sma.json", tmp_path / "again.json"
    with served({126: map_named("SMASunny")}) as (port,):
        code, _, said = command("record", f"tcp://127.0.0.1:{port}?unit=126", file)
    assert code == 0
    assert "SMA SB3.6-1AV-41: 17 models, 877 registers" in said
    assert "Serial numbers are replaced" in said
    assert "3005067415" not in file.read_text()
    with serving(file) as url:
        assert url.startswith("tcp://127.0.0.1:")
        assert url.endswith("?unit=126")
        code, out, _ = command("inspect", url, "--json")
        assert json.loads(out)["identity"]["serial"] == "SERIAL1---"
        assert command("record", url, second)[0] == 0
    first, again = json.loads(file.read_text()), json.loads(second.read_text())
    assert {**first, "timings": 0} == {**again, "timings": 0}


def test_without_a_file_the_recording_is_printed(command):
    with served({1: map_named("SolarEdge")}) as (port,):
        code, out, _ = command("record", f"tcp://127.0.0.1:{port}")
    assert code == 0
    assert json.loads(out)["device"] == "SolarEdge SE3000H-RW000BNN4"


def test_an_older_file_is_not_replaced_unasked(command, tmp_path):
    file = tmp_path / "old.json"
    file.write_text("mine")
    code, _, said = command("record", "tcp://127.0.0.1:1", file)
    assert code == 2
    assert "--force" in said
    assert file.read_text() == "mine"


def test_the_night_is_added_to_the_day_and_served(command, tmp_path):
    file, words = tmp_path / "day.json", map_named("SMASunny")
    with served({1: words}) as (port,):
        assert command("record", f"tcp://127.0.0.1:{port}", file)[0] == 0
    with served({1: {**words, 40199: 0x8000}}) as (port,):
        code, _, said = command("record", f"tcp://127.0.0.1:{port}", file, "--night")
    assert code == 0
    assert "by night 1 registers are different" in said
    with serving(file, "--night") as url:
        assert json.loads(command("inspect", url, "--json")[1])["models"][3]["points"]["W"] is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"registers": {"a": 1}}', "[" * 100_000])
def test_what_is_no_recording_is_refused_with_its_place(command, tmp_path, content):
    file = tmp_path / "odd.json"
    file.write_text(content)
    code, _, said = command("serve", file)
    assert code == 2
    assert str(file) in said


def test_a_missing_file_and_a_night_without_a_day_are_refused(command, tmp_path):
    assert command("serve", tmp_path / "none.json")[0] == 2
    assert command("record", "tcp://127.0.0.1:1", "--night")[0] == 2
