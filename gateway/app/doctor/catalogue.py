"""Everything the doctor can say, as data: what was found, and what to change where."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    NOTE = "note"  # good to know, nothing to do
    AMISS = "amiss"
    UNSEEN = "unseen"  # could not be looked at


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with names in braces; ``do``: what a person changes, and where."""

    level: Level
    what: str
    do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A message about something."""

    code: str
    subject: str
    level: Level
    what: str
    do: str


def found(code: str, subject: str, **facts: object) -> Finding:
    """The message of a code with what was found filled in."""
    message = CATALOGUE[code]
    return Finding(
        code=code,
        subject=subject,
        level=message.level,
        what=message.what.format(**facts),
        do=message.do.format(**facts),
    )


_GATEWAY: Final[Mapping[str, Message]] = {
    "CONFIG_PROBLEM": Message(
        Level.AMISS, "{problem}", "Mend that line of the configuration; gridtender check says all."
    ),
    "CONFIG_UNNAMED": Message(
        Level.UNSEEN,
        "no configuration is named, so neither broker nor devices were looked at",
        "Name it with --config FILE.",
    ),
    "GATEWAY_RUNS": Message(
        Level.FINE,
        "a gateway runs on {path}; devices are looked at through what it publishes, since a look "
        "of our own could take a device's only connection",
    ),
    "GATEWAY_RESTS": Message(
        Level.NOTE, "no gateway runs on {path}; devices are looked at over connections of our own"
    ),
    "GATEWAY_UNHEARD": Message(
        Level.UNSEEN,
        "a gateway runs on {path}, but it is not heard on MQTT, so nothing is known of its "
        "devices: {why}",
        "See to the broker, or stop the gateway and ask again: then the devices are asked "
        "themselves.",
    ),
    "GATEWAY_TROUBLED": Message(Level.AMISS, "{what}", "{do}"),
    "AREA_ELSEWHERE": Message(
        Level.AMISS,
        "no gateway runs on {path}, yet one says on the broker that area {area} is online",
        "Stop the other one, or give one of the two another area: in the configuration.",
    ),
    "STATE_UNREADABLE": Message(
        Level.UNSEEN,
        "the state folder cannot be looked into: {why}",
        "Be the user the gateway runs as, or use sudo.",
    ),
    "ARMING_LEFT": Message(
        Level.AMISS,
        "no gateway runs, and these devices were written to and not let go of: {devices}",
        "gridtender release brings them to their fall-back level.",
    ),
    "ARMING_FOREIGN": Message(
        Level.AMISS,
        "an arming record stands for {device}, which is in the configuration no more",
        "Stop the gateway, then gridtender release lets go of it.",
    ),
    "ARMING_BROKEN": Message(Level.AMISS, "{why}", "As it says."),
    "OWNER_BROKEN": Message(Level.AMISS, "{why}", "As it says; then say again what you wish."),
    "SET_ASIDE": Message(
        Level.AMISS,
        "a damaged file was set aside: {file}",
        "Look at the disk or SD card (dmesg). What could be proven goes on without it; keep the "
        "file for a bug report or remove it.",
    ),
    "LOCK_STALE": Message(
        Level.NOTE,
        "the lock of the state folder names process {pid}, which is gone; nobody holds it, so it "
        "hinders no start",
    ),
    "LOCK_FOREIGN": Message(
        Level.AMISS,
        "the lock of the state folder belongs to user {owner}, the folder to {folder}: a gateway "
        "was once started as somebody else",
        "Give it back: sudo chown -R {folder} {path}",
    ),
    "CLOCK_UNSYNCHRONISED": Message(
        Level.AMISS,
        "no time server confirms this machine's clock",
        "Prices and gates go by it: switch a time service on (timedatectl set-ntp true).",
    ),
}
_BROKER: Final[Mapping[str, Message]] = {
    "BROKER_FINE": Message(Level.FINE, "{door} answers"),
    "BROKER_RESTS": Message(
        Level.NOTE, "the broker is the gateway's own and runs with it, so it was not asked"
    ),
    "BROKER_PASSWORD": Message(
        Level.AMISS,
        "{why}",
        "Name a file the gateway's user can read: broker.password_file in the configuration.",
    ),
    "BROKER_REFUSES": Message(
        Level.AMISS,
        "{door} answers and refuses the login: {why}",
        "See broker.username and broker.password_file in the configuration, and the broker's own "
        "password file.",
    ),
    "BROKER_UNREACHABLE": Message(
        Level.AMISS,
        "{door} does not answer: {why}",
        "Start it, or correct broker.url in the configuration. The house is steered without it.",
    ),
    "ACL_REFUSES": Message(
        Level.AMISS,
        "it refuses to let user {user} listen to {filters}",
        "Allow read and write below {base}/ for that user in the broker's access rules.",
    ),
    "ACL_WITHHOLDS": Message(
        Level.AMISS,
        "the gateway runs and the broker answers, but nothing below {base}/ is handed to user "
        "{user}",
        "Allow that user to read and write below {base}/ in the broker's access rules "
        "(mosquitto: acl_file).",
    ),
    "GHOST_DEVICE": Message(
        Level.AMISS,
        "retained topics tell of {device}, which is in the configuration no more",
        "The next start of the gateway clears them; is an older one still running somewhere?",
    ),
    "GHOST_AREA": Message(
        Level.AMISS,
        "area {area} says on the broker that it is offline: left by a former installation",
        "If it is gone for good: mosquitto_sub -h BROKER -t '{base}/#' --remove-retained "
        "--retained-only -W 2",
    ),
    "HA_OFFLINE": Message(
        Level.AMISS,
        "Home Assistant says on {topic} that it is offline",
        "Start it, and see that its MQTT integration uses this broker.",
    ),
    "HA_ONLINE": Message(Level.FINE, "Home Assistant says on {topic} that it is online"),
    "HA_UNHEARD": Message(
        Level.NOTE,
        "nothing stands on {topic}: Home Assistant says its birth there only as it starts unless "
        "told to retain it, so this does not tell whether it uses this broker",
    ),
    "HA_HIDDEN": Message(
        Level.NOTE,
        "the broker shows nothing below {prefix}/ to a reader without a user, so announcements "
        "were not looked at",
    ),
    "HA_MISSING": Message(
        Level.AMISS,
        "{device} is not announced to Home Assistant below {prefix}/",
        "See that the gateway's user may write there in the broker's access rules, and that "
        "home_assistant.prefix is the one of Home Assistant.",
    ),
    "HA_LEFT": Message(
        Level.AMISS,
        "{topic} announces a device that is in the configuration no more",
        "The next start of the gateway clears it; one of another machine is cleared with "
        "mosquitto_pub -h BROKER -r -n -t '{topic}'",
    ),
    "HA_UNAVAILABLE": Message(
        Level.AMISS,
        "the entities of {device} are unavailable in Home Assistant: {why}",
        "See to the gateway or the device that this names; the entities come back by themselves.",
    ),
}
_DEVICE: Final[Mapping[str, Message]] = {
    "DEVICE_FINE": Message(Level.FINE, "{what}"),
    "DEVICE_SPARED": Message(
        Level.NOTE, "looked at through the running gateway, not over a connection of our own"
    ),
    "DEVICE_UNASKED": Message(
        Level.UNSEEN,
        "not asked, since its only connection may be taken: {why}",
        "Stop that gateway, or ask where it runs and as its user.",
    ),
    "DEVICE_UNTOLD": Message(
        Level.AMISS,
        "the gateway that runs says nothing of it",
        "Restart the gateway: it runs with another configuration than this.",
    ),
    "DEVICE_TROUBLED": Message(Level.AMISS, "{what}", "{do}"),
    "DEVICE_ODD": Message(Level.NOTE, "{what}"),
    "DEVICE_UNKNOWN": Message(
        Level.UNSEEN,
        "there is no device of this name in the configuration, only {known}",
        "Name one of these.",
    ),
    "HOST_UNKNOWN": Message(
        Level.AMISS,
        "the name {host} is not known in this network: {why}",
        "Use the IP address in its connection, and have the router always give it the same one.",
    ),
    "NOTHING_THERE": Message(
        Level.AMISS,
        "nothing answers at {host}{why}",
        "Is it on, in this network, and the address in its connection right? gridtender scan "
        "finds it elsewhere.",
    ),
    "PORT_REFUSED": Message(
        Level.AMISS,
        "{host} is there and refuses connections at port {port}",
        "Switch Modbus TCP on in its menu, or correct the port in its connection (502, or 1502).",
    ),
    "DEVICE_SILENT": Message(
        Level.AMISS,
        "it accepts the connection at port {port} and answers nothing, at unit {unit} or another",
        "See whether another program holds its only session; a longer timeout, or control without "
        "login in its menu, may help too.",
    ),
    "HANGS_UP": Message(
        Level.AMISS,
        "it accepts the connection and hangs up",
        "Another program holds its only session, or it allows only certain addresses: see the "
        "Modbus clients in its menu.",
    ),
    "LOGIN_WANTED": Message(
        Level.AMISS,
        "it wants a login before it speaks Modbus: {why}",
        "Allow Modbus without login in its menu, or use its TLS port with tls:// as connection.",
    ),
    "NOT_MODBUS": Message(
        Level.AMISS,
        "what listens at port {port} speaks something other than Modbus: {why}",
        "Correct the port in its connection: 502, or 1502 with SolarEdge.",
    ),
    "RTU_FRAMES": Message(
        Level.AMISS,
        "it sends RTU frames on TCP: its serial server is transparent",
        "Write {url} as its connection, or set the serial server to Modbus TCP.",
    ),
    "UNIT_ABSENT": Message(
        Level.AMISS,
        "exception 0x{exception:02X}: a gateway answers, and nothing is behind it at unit {unit}, "
        "nor at {asked}",
        "See the unit (Modbus address) in the device's menu, and the wiring behind the gateway.",
    ),
    "UNIT_ELSEWHERE": Message(
        Level.AMISS,
        "{why} at unit {unit}; SunSpec is at unit {there}",
        "Write ?unit={first} in its connection.",
    ),
    "NOT_SUNSPEC": Message(
        Level.AMISS,
        "it answers at unit {unit}, but there is no SunSpec map, there or at another unit: {why}",
        "Switch SunSpec on in its menu; if it has none, describe its registers in a map "
        "(driver: modbus).",
    ),
    "NOT_ITS_MAP": Message(
        Level.AMISS,
        "it answers, but not as driver {driver} expects: {why}",
        "See that driver and unit are those of this device: gridtender inspect shows what it has.",
    ),
    "ANSWERS_BADLY": Message(
        Level.AMISS,
        "it answers, but not enough to be read: {why}",
        "Look at the cable, the wireless link or the dongle; a longer timeout may help.",
    ),
    "UNANSWERED": Message(
        Level.AMISS,
        "it cannot be read: {why}",
        "As the reason says; then see address, certificate or topics of its connection.",
    ),
    "SERIAL_MISSING": Message(
        Level.AMISS,
        "there is no serial port {path}",
        "Plug the adapter in, or name the port that gridtender scan lists.",
    ),
    "SERIAL_DENIED": Message(
        Level.AMISS,
        "this user may not open {path}",
        "Add the gateway's user to the group of the port (dialout), then restart it.",
    ),
    "SERIAL_SILENT": Message(
        Level.AMISS,
        "nothing answers at unit {unit} of {path}: {why}",
        "See speed, parity and unit in its connection, the two wires (swap A and B) and the "
        "terminator.",
    ),
    "UNLOOKED": Message(
        Level.UNSEEN,
        "the doctor cannot look at {line} by itself",
        "Start the gateway and ask again: then it tells.",
    ),
    "CHAIN_BROKEN": Message(
        Level.AMISS,
        "{what}",
        "Update the device's firmware; a recording (gridtender record) makes a good bug report.",
    ),
    "CHAIN_ODD": Message(Level.NOTE, "{what}"),
    "ROLE_UNFIT": Message(
        Level.AMISS,
        "it cannot be {role}: its models ({models}) make it {fits}",
        "Correct role, or the unit: a meter behind an inverter has a unit of its own.",
    ),
    "NOT_STEERED": Message(
        Level.NOTE,
        "it can be read and not steered: {why}",
    ),
    "CONTROL_REFUSED": Message(
        Level.AMISS,
        "it has model {model} and refuses to show it ({why}), so it will not take setpoints",
        "Allow control by Modbus in its menu (inverter control, external energy management).",
    ),
    "CONTROL_LOCAL": Message(
        Level.AMISS,
        "its {point} is LOCAL: it takes no setpoints from outside",
        "Set it to remote control on the device itself.",
    ),
    "WRITE_REFUSED": Message(
        Level.AMISS,
        "it refused a write on {at}: {why}",
        "Allow control by Modbus in its menu; see whether its maker asks for a code or a licence.",
    ),
    "DEVICE_CLOCK": Message(
        Level.AMISS,
        "its clock shows {shown}, {off} away from this machine's",
        "Set the clock of the device: its schedules and daily counters go by it.",
    ),
    "MAKER_FACT": Message(Level.NOTE, "{fact}"),
    "MAKER_ASKS": Message(Level.AMISS, "{fact}", "{do}"),
}
CATALOGUE: Final[Mapping[str, Message]] = {**_GATEWAY, **_BROKER, **_DEVICE}
