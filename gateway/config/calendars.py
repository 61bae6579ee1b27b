"""Calendar files that the configuration names, read with it so that a wrong one is known now."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Final

from gateway.config.prices import IcsPrice
from gateway.config.problem import Problem
from gateway.model.errors import WrongInput
from gateway.model.site import CalendarPrice, DeviceSettings
from gateway.ports.calendar import ReadCalendar, ReadEvents, ReadPrices, ReadProgramme

_LARGEST: Final = 1_000_000


def read_price_calendar(
    setting: IcsPrice, folder: FilePath, path: str, zone: str, read: ReadPrices | None
) -> CalendarPrice | Problem:
    """The tariff, or what is wrong with it.

    Args:
        setting: which file, and what holds between its events.
        folder: that the file's name is relative to.
        path: of the setting, ``grid.import_price``.
        zone: of the house.
        read: understands calendars; None: nobody does here.
    """
    file = folder / setting.file
    allowed = "a calendar with a price per event (X-RMF-PRICE, or a number in SUMMARY)"
    try:
        text = calendar_text(file)
        if read is None:
            return CalendarPrice(file=str(file), text=text, zone=zone, default=setting.default)
        dearest = read(text, zone, setting.default).dearest
    except WrongInput as error:
        return _problem(file, path, str(error), allowed)
    return CalendarPrice(
        file=str(file), text=text, zone=zone, default=setting.default, dearest=dearest
    )


def with_calendars(
    devices: Iterable[DeviceSettings],
    folder: FilePath,
    read: ReadCalendar | None,
    products: Collection[str],
) -> tuple[list[DeviceSettings], list[Problem]]:
    """Devices whose calendars are named from the root, and what is wrong with those."""
    placed, problems = list[DeviceSettings](), list[Problem]()
    for item in devices:
        if not item.availability:
            placed.append(item)
            continue
        file = folder / item.availability
        placed.append(replace(item, availability=str(file)))
        problems += check_availability(file, f"devices.{item.device.id}.available", read, products)
    return placed, problems


def check_availability(
    file: FilePath, path: str, read: ReadCalendar | None, products: Collection[str]
) -> Iterator[Problem]:
    """What is wrong with a calendar of when somebody may trade; unread where ``read`` is None."""
    try:
        text = calendar_text(file)
        named = frozenset[str]() if read is None else read(text).products
    except WrongInput as error:
        yield _problem(file, path, str(error), "a calendar with VAVAILABILITY")
        return
    for one in sorted(named.difference(products)):
        allowed = f"a product: {', '.join(products)}"
        yield _problem(file, path, f"X-RMF-PRODUCT {one}, which is no product", allowed)


def with_programmes(
    devices: Iterable[DeviceSettings], folder: FilePath, read: ReadProgramme | None
) -> tuple[list[DeviceSettings], list[Problem]]:
    """Devices with the programmes of their templates, and what is wrong with those."""
    placed, problems = list[DeviceSettings](), list[Problem]()
    for item in devices:
        device, file = item.device, folder / item.programme
        if item.programme and read is not None:
            try:
                device = replace(device, programme=read(calendar_text(file)))
            except WrongInput as error:
                allowed = "a template: intervals with DURATION and a power, in one row"
                path = f"devices.{device.id}.programme"
                problems.append(_problem(file, path, str(error), allowed))
        name = str(file) if item.programme else ""
        placed.append(replace(item, device=device, programme=name))
    return placed, problems


def check_events(file: FilePath, path: str, zone: str, read: ReadEvents | None) -> list[Problem]:
    """What is wrong with a calendar of intents; nobody reads it where ``read`` is None."""
    allowed = "a calendar with events such as `car: 30 kWh`"
    try:
        text = calendar_text(file)
        odd = () if read is None else read(text, zone)
    except WrongInput as error:
        found = [str(error)]
    else:
        found = [f"event {name!r}: {why}" for name, why in odd]
    return [_problem(file, path, one, allowed) for one in found]


def _problem(file: FilePath, path: str, found: str, allowed: str) -> Problem:
    """In a file that the configuration names."""
    return Problem(file=str(file), line=0, column=0, path=path, found=found, allowed=allowed)


def calendar_text(file: FilePath) -> str:
    """What stands in a calendar file.

    Raises:
        WrongInput: it cannot be read, is no UTF-8, or is too large.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"no readable file ({reason})"
        raise WrongInput(message) from error
    if len(content) > _LARGEST:
        message = f"more than {_LARGEST} bytes"
        raise WrongInput(message)
    return text
