"""A configuration folder with two driver packages that check their own keys."""

import pytest

from gateway.config import load
from gateway.model.errors import SettingsError


class KeyWords:
    """A driver package whose own keys each take one of a few words."""

    def __init__(self, **keys):
        self._keys = keys

    def parse(self, device, mapping):
        wrong = tuple(
            SettingsError(path=(key,), found=repr(value), allowed=", ".join(self._keys[key]))
            for key, value in mapping.items()
            if value not in self._keys[key]
        )
        return wrong or {"role": device.role, **mapping}

    def json_schema(self):
        return {key: {"enum": list(words)} for key, words in self._keys.items()}

    def open(self, device, settings, line):
        raise NotImplementedError


class Packages(dict):
    """Drivers by name; ``broken`` is installed but cannot be imported."""

    def __init__(self):
        super().__init__(
            modbus=KeyWords(map=("heat-pump.yaml",)),
            sunspec=KeyWords(sign=("import", "export")),
            broken=None,
        )

    def __getitem__(self, name):
        if name == "broken":
            message = "No module named 'acme'"
            raise ImportError(message)
        return super().__getitem__(name)


@pytest.fixture
def packages():
    return Packages()


@pytest.fixture
def loaded(tmp_path, packages, monkeypatch):
    """``loaded(text, **environ)`` of a file named site.yaml in the working directory."""
    monkeypatch.chdir(tmp_path)

    def read(text, programmes=None, **environ):
        if isinstance(text, bytes):
            (tmp_path / "site.yaml").write_bytes(text)
        else:
            (tmp_path / "site.yaml").write_text(text, encoding="utf-8")
        schemes = ["tcp", "mem", "rtu", "rtu+tcp", "tls"]
        return load(
            "site.yaml",
            packages,
            schemes,
            environ={"HOME": "/home/ann"} | environ,
            programmes=programmes,
        )

    return read
