"""What is known of makers and firmware, as data: what to switch on, and where it bites.

Each row names where it comes from.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.app.doctor.catalogue import Finding, found

_COMMUNITY: Final = "reported by many owners"
_VENDOR: Final = "the maker's manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row.

    Attributes:
        maker: a word of Mn, lower case.
        when: codes of the catalogue; one of them makes the row a thing to do.
        do: what to change then.
    """

    maker: str
    text: str
    source: str
    when: Collection[str]
    do: str


_MUTE: Final = ("PORT_REFUSED", "DEVICE_SILENT", "HANGS_UP", "LOGIN_WANTED", "NOTHING_THERE")

FACTS: Final = (
    Fact(
        maker="sma",
        text="SMA answers SunSpec at its Modbus unit + 123 (unit 3 is 126), and its native map at "
        "the unit itself",
        source=_VENDOR,
        when=("NOT_SUNSPEC", "UNIT_ABSENT", "UNIT_ELSEWHERE"),
        do="Write the unit + 123 in its connection.",
    ),
    Fact(
        maker="sma",
        text="SMA leaves Modbus off until it is switched on, and firmware 3.14.22 and later closes "
        "it until somebody logs in once as installer",
        source=_COMMUNITY,
        when=_MUTE,
        do="In its web page: device parameters, external communication, Modbus, TCP server on; "
        "log in as installer after an update.",
    ),
    Fact(
        maker="solaredge",
        text="SolarEdge takes one client, at port 1502 or 502, and since firmware 4.14 has Modbus "
        "TCP off on wireless links",
        source=_COMMUNITY,
        when=_MUTE,
        do="In SetApp: site communication, Modbus TCP, enable; connect it by cable and stop "
        "other clients.",
    ),
    Fact(
        maker="enphase",
        text="Enphase shows the 700 models, with control, only where its support has enabled them",
        source=_COMMUNITY,
        when=("NOT_STEERED", "CONTROL_REFUSED", "ROLE_UNFIT"),
        do="Ask the support of Enphase to enable the SunSpec 700 models of this gateway.",
    ),
    Fact(
        maker="fronius",
        text="Fronius needs Modbus TCP on in its menu (communication, Modbus, slave as Modbus TCP; "
        "for setpoints also inverter control via Modbus); integer or float is a setting of the "
        "same page, either is understood; its meter is at unit 200 or 240",
        source=_VENDOR,
        when=(*_MUTE, "CONTROL_REFUSED"),
        do="In its web page: communication, Modbus: slave as Modbus TCP, allow control.",
    ),
    Fact(
        maker="sungrow",
        text="the WiNet-S dongle of Sungrow loses registers and answers oddly: its LAN port inside "
        "the inverter is the better connection",
        source=_COMMUNITY,
        when=("ANSWERS_BADLY", "DEVICE_SILENT", "CHAIN_BROKEN"),
        do="Connect the inverter's own LAN port instead of the dongle.",
    ),
    Fact(
        maker="huawei",
        text="Huawei answers a second or two after a connection was made, takes one client, and "
        "wants Modbus TCP switched on as unrestricted by the installer",
        source=_COMMUNITY,
        when=_MUTE,
        do="In FusionSolar as installer: communication, Modbus TCP, enable (unrestricted).",
    ),
    Fact(
        maker="kostal",
        text="Kostal has a byte order setting beside Modbus in its menu: SunSpec needs big endian",
        source=_VENDOR,
        when=("NOT_SUNSPEC", *_MUTE),
        do="In its web page: settings, Modbus/SunSpec: activate, byte order big endian.",
    ),
)


def of_maker(device: str, told: str, what: Collection[str]) -> Iterator[Finding]:
    """What is known of a device's maker, and whether what was found makes it a thing to do.

    Args:
        device: its id, which may name the maker where the device itself is mute.
        told: maker and model as it told them, empty if it did not.
        what: codes found of it.
    """
    words = frozenset(re.split(r"[^a-z0-9]+", (told or device).lower()))
    for fact in FACTS:
        if fact.maker not in words:
            continue
        text = f"{fact.text} ({fact.source})"
        if any(code in what for code in fact.when):
            yield found("MAKER_ASKS", device, fact=text, do=fact.do)
        elif told:
            yield found("MAKER_FACT", device, fact=text)
