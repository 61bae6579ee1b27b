import pytest

from drivers.sunspec import Settings, package
from gateway.model.device import Device, Role

DEVICE = Device(id="x", role=Role.GRID, driver="sunspec", connection="", line="")


def test_nothing_said_means_import_and_the_three_bases():
    assert package.parse(DEVICE, {}) == Settings(sign="import", bases=(40000, 50000, 0))


def test_sign_and_bases_are_taken():
    assert package.parse(DEVICE, {"sign": "export", "base": [0, 40000]}) == Settings(
        sign="export", signed=True, bases=(0, 40000)
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
        ({"quirks": "off"}, ("quirks",), "none, or a mapping of recipe"),
        ({"quirks": {"recpie": "standard"}}, ("quirks", "recpie"), "did you mean recipe?"),
        ({"quirks": {"recipe": "twice"}}, ("quirks", "recipe"), "standard | enable-toggle"),
        ({"quirks": {"max_read": 4}}, ("quirks", "max_read"), "from 16 to 125"),
        ({"quirks": {"max_read": True}}, ("quirks", "max_read"), "a whole number"),
        ({"quirks": {"floor_pct": 0}}, ("quirks", "floor_pct"), "from 0.1 to 100 %"),
        ({"quirks": {"gap": 50}}, ("quirks", "gap"), "a duration from 0ms to 1min"),
        ({"quirks": {"settle": "1h"}}, ("quirks", "settle"), "a duration from 0ms to 1min"),
        ({"quirks": {"reset_close": "yes"}}, ("quirks", "reset_close"), "true | false"),
        ({"quirks": {"sign": "export"}}, ("quirks", "sign"), "recipe, floor_pct"),
        ({"quirks": {"advice": "x"}}, ("quirks", "advice"), "recipe, floor_pct"),
    ],
)
def test_each_error_names_key_found_and_allowed(mapping, path, said):
    (error,) = package.parse(DEVICE, mapping)
    assert error.path == path
    assert said in error.allowed


def test_all_errors_come_at_once():
    assert len(package.parse(DEVICE, {"sign": 1, "base": -1, "foo": 2})) == 3


def test_the_schema_knows_exactly_the_keys():
    assert set(package.json_schema()) == {"sign", "bank_sign", "base", "connect", "quirks"}


def test_quirks_are_taken_and_none_leaves_the_table_out():
    taken = package.parse(DEVICE, {"quirks": {"gap": "50ms", "floor_pct": 2}})
    assert taken.quirks == {"gap": 50_000_000, "floor_pct": 2.0}
    assert package.parse(DEVICE, {"quirks": "none"}).quirks is None
