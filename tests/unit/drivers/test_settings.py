import pytest

from drivers.sunspec import Settings, package
from gateway.model.device import Device, Role

DEVICE = Device(id="x", role=Role.GRID, driver="sunspec", connection="", line="")


def test_nothing_said_means_import_and_the_three_bases():
    assert package.parse(DEVICE, {}) == Settings(sign="import", bases=(40000, 50000, 0))


def test_sign_and_bases_are_taken():
    assert package.parse(DEVICE, {"sign": "export", "base": [0, 40000]}) == Settings(
        sign="export", bases=(0, 40000)
    )
    assert package.parse(DEVICE, {"base": 50000}) == Settings(bases=(50000,))


@pytest.mark.parametrize(
    ("mapping", "path", "said"),
    [
        ({"sing": "import"}, ("sing",), "did you mean sign?"),
        ({"sign": "both"}, ("sign",), "import | export"),
        ({"bank_sign": "import"}, ("bank_sign",), "charge | discharge"),
        ({"connect": "yes"}, ("connect",), "true | false"),
        ({"base": 70000}, ("base",), "0..65533"),
        ({"base": [40000, "x"]}, ("base", 1), "0..65533"),
        ({"base": []}, ("base",), "a list"),
        ({"base": True}, ("base",), "0..65533"),
    ],
)
def test_each_error_names_key_found_and_allowed(mapping, path, said):
    (error,) = package.parse(DEVICE, mapping)
    assert error.path == path
    assert said in error.allowed


def test_all_errors_come_at_once():
    assert len(package.parse(DEVICE, {"sign": 1, "base": -1, "foo": 2})) == 3


def test_the_schema_knows_exactly_the_keys():
    assert set(package.json_schema()) == {"sign", "bank_sign", "base", "connect"}
