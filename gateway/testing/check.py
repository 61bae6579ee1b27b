"""All promises of a driver, tried out on one device of its kind."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from gateway.model.device import Device, Role
from gateway.model.errors import SettingsError
from gateway.ports.driver import DriverPackage
from gateway.testing.promises import Broken, BrokenPromises, Promise
from gateway.testing.reading import check_reading, check_reading_under_faults
from gateway.testing.settings import check_open, check_settings
from gateway.testing.specimen import Fake, Specimen
from gateway.testing.steering import check_steering, check_steering_under_faults

_COMMON = ("driver", "connection", "role")


def check_driver(
    package: DriverPackage,
    mapping: Mapping[str, object],
    fake: Fake,
    *,
    power_w: float | None,
    level_w: float | None = None,
    missing: Mapping[int, int] | None = None,
    watchdog: bool = False,
) -> None:
    """Prove the promises of ``gateway.ports.driver`` for one device, in virtual time.

    Every request that the driver makes is refused, garbled and left without an answer, once or
    for good; every key gets every odd value.  Called from an ordinary test, outside of a loop.
    It ends at the first stage (settings, reading, reading under faults, steering, steering under
    faults) where something was found: what comes after would only repeat it.

    Args:
        package: what the entry point names.
        mapping: the device as in the YAML: ``role``, ``connection`` (of which only ``unit``
            counts) and the driver's own keys.
        fake: makes the device anew, as nobody steers it: words by register, or ``Registers``.
        power_w: what a reading of it says, W, positive into the device; None: it has no power.
        level_w: a setpoint that it takes and does not stand at; None: it is not steered.
        missing: words by register with which it says that it has no power now.
        watchdog: its timer is of a fixed time and in no register: any write starts it anew.

    Raises:
        BrokenPromises: names each promise that was not kept, with what was seen.
    """
    own = {key: value for key, value in mapping.items() if key not in _COMMON}
    device = _device(mapping)
    settings = _parsed(package, device, own)
    specimen = Specimen(
        package=package,
        device=device,
        settings=settings,
        fake=fake,
        power_w=power_w,
        level_w=level_w,
        missing=missing or {},
        watchdog=watchdog,
    )
    for stage in _stages(specimen, own):
        if stage:
            raise BrokenPromises(tuple(stage))


def _stages(specimen: Specimen, own: Mapping[str, object]) -> Iterator[list[Broken]]:
    """What was found, stage by stage: each stands on those before it."""
    found: list[Broken] = []
    check_settings(specimen, own, found)
    check_open(specimen, found)
    yield found
    description = check_reading(specimen, found)
    yield found
    check_reading_under_faults(specimen, found)
    yield found
    if description is not None and check_steering(specimen, description, found):
        yield found
        check_steering_under_faults(specimen, found)
    yield found


def _device(mapping: Mapping[str, object]) -> Device:
    url = urlsplit(str(mapping.get("connection", "tcp://127.0.0.1:502")))
    (unit,) = parse_qs(url.query).get("unit", ["1"])
    return Device(
        id="device",
        role=Role(str(mapping["role"])),
        driver=str(mapping.get("driver", "")),
        connection=url.geturl(),
        line=f"{url.scheme}://{url.netloc}",
        unit=int(unit),
    )


def _parsed(package: DriverPackage, device: Device, own: Mapping[str, object]) -> object:
    """The settings of the mapping as given, which is a right one."""
    try:
        parsed = package.parse(device, own)
    except Exception as error:
        seen = Broken(Promise.SETTINGS, f"parse({own}) raised {error!r}")
        raise BrokenPromises((seen,)) from error
    if isinstance(parsed, tuple) and parsed and isinstance(parsed[0], SettingsError):
        said = "; ".join(map(str, parsed))
        raise BrokenPromises((Broken(Promise.SETTINGS, f"the mapping itself is wrong: {said}"),))
    return parsed
