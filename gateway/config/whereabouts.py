"""Where the gateway that a command is meant for keeps its state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config.load import Loaded
from gateway.config.places import state_dir, state_origin
from gateway.model.errors import WrongInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where the installed service has its things."""

    config: Path
    state: Path


SERVICE: Final = Service(
    config=Path("/etc/gridtender/gridtender.yaml"), state=Path("/var/lib/gridtender")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A state folder, which need not be there, and what named it."""

    path: Path
    origin: str


def find_state_dir(
    given: Path | None,
    config: Path | None,
    environ: Mapping[str, str],
    read: Callable[[Path], Loaded],
    service: Service = SERVICE,
) -> Whereabouts:
    """By option, by configuration, of the service manager, of the installed service, of the user.

    Args:
        given: ``--state-dir``.
        config: ``--config``.
        environ: ``STATE_DIRECTORY``, ``XDG_STATE_HOME``, ``HOME``.
        read: loads a configuration.
        service: the installed one.

    Raises:
        WrongInput: ``config`` has problems, or nothing names a folder.
    """
    if given is not None:
        return Whereabouts(path=given, origin="--state-dir")
    if config is not None:
        return _configured(config, read, service)
    if environ.get("STATE_DIRECTORY"):
        folder = state_dir(None, Path(), environ)
        return Whereabouts(path=Path(folder), origin="$STATE_DIRECTORY")
    if service.config.exists():
        return _configured(service.config, read, service)
    if not (folder := state_dir(None, Path(), environ)):
        message = "nothing says where the gateway keeps its state; name it with --state-dir DIR"
        raise WrongInput(message)
    return Whereabouts(path=Path(folder), origin=state_origin(environ, given=False))


def _configured(config: Path, read: Callable[[Path], Loaded], service: Service) -> Whereabouts:
    loaded = read(config)
    if loaded.state_dir is not None:
        return Whereabouts(path=Path(loaded.state_dir), origin=f"by {config}")
    # What the service manager tells the installed service is not told to a command.
    installed = config.exists() and service.config.exists() and config.samefile(service.config)
    if installed and service.state.exists():
        return Whereabouts(path=service.state, origin=f"of the service with {config}")
    if loaded.site is None:
        problems = "\n".join(str(problem) for problem in loaded.problems)
        message = (
            f"{config} does not tell the state folder while it has problems; "
            f"name it with --state-dir DIR\n{problems}"
        )
        raise WrongInput(message)
    return Whereabouts(path=Path(loaded.site.state_dir), origin=f"by {config}")
