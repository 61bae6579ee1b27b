"""Running a command in the test's own process."""

import pytest

from gateway.cli import main


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """Runs a command as a user with a home of his own; exit code and what was said."""
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    return run
