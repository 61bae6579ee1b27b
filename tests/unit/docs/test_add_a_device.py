"""The worked example of the page is a register map that steers its device."""

import re
from pathlib import Path

from drivers import modbus
from gateway.testing import check_driver

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-device.md"
H3 = {0: 0xAC03, 10: 1180, 11: 525, **dict.fromkeys(range(12, 22), 0), 20: 0xFFFF}


def test_the_register_map_on_the_page_keeps_every_promise(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (known,) = (block for block in blocks if block.startswith("map:"))
    file = tmp_path / "acme-h3.yaml"
    file.write_text(known)
    mapping = {"role": "heat", "map": str(file)}
    check_driver(
        modbus.package, mapping, lambda: H3, power_w=1180, level_w=2000, missing={10: 0xFFFF}
    )
