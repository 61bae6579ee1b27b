"""The faults of the house, split by what the caller can do about them."""


class GridtenderError(Exception):
    """Any fault raised on purpose by this project."""


class DeviceUnavailable(GridtenderError):
    """The device did not answer (no connection, timeout, busy): retry later."""


class DeviceBusy(DeviceUnavailable):
    """The device is there and asks to be left alone for a moment.

    Attributes:
        code: the Modbus exception code: 5 (acknowledged, still working on it) or 6 (busy).
    """

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class DeviceMisbehaves(GridtenderError):
    """The device answered something that cannot be right: say what, keep its neighbours."""


class RequestRefused(GridtenderError):
    """The device answered with a Modbus exception.

    Attributes:
        code: the Modbus exception code (1 illegal function, 2 illegal address, ...).
    """

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class BrokerUnavailable(GridtenderError):
    """The MQTT broker is not reachable: carry on locally."""


class JournalFailed(GridtenderError):
    """The journal could not be written or read: refuse outside requests, keep controlling."""


class InvariantBroken(GridtenderError):
    """The market would break a promise (lots that do not balance): stop it, go to fall-back."""


class WrongInput(GridtenderError):
    """What a command was given does not serve: name something else."""


class SettingsError(GridtenderError):
    """One wrong value in a mapping from outside.

    Attributes:
        path: keys from the mapping's root to the value, e.g. ``("limits", "max_w")``.
        found: what was found, as text.
        allowed: what is accepted there, as text.
    """

    def __init__(self, *, path: tuple[str | int, ...], found: str, allowed: str) -> None:
        super().__init__(f"{'.'.join(map(str, path))}: found {found}, allowed: {allowed}")
        self.path = path
        self.found = found
        self.allowed = allowed
