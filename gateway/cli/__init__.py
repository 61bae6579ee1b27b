"""The commands: thin, one module per kind.  Each imports what it needs when it is called.

Exit codes: 0 fine, 1 failed, 2 wrong input.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from gateway.cli import (
    backup,
    configuration,
    devices,
    doctor,
    drill,
    ledger,
    owner,
    party,
    records,
    running,
    simulate,
    status,
    words,
)
from gateway.cli.arguments import FAILED, WRONG


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``gridtender``."""
    options = _parser().parse_args(arguments)
    sys.exit(_guarded(options))


def _guarded(options: argparse.Namespace) -> int:
    """Run the command; a fault of the house is one sentence, not a traceback."""
    from gateway.model.errors import GridtenderError, SettingsError, WrongInput

    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (SettingsError, WrongInput) as error:
        print(f"gridtender: {error}", file=sys.stderr)
        return WRONG
    except GridtenderError as error:
        print(f"gridtender: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever read us has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        print(f"gridtender: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gridtender", description="A local resource market for the devices of a home."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    kinds = (
        *(
            running,
            simulate,
            status,
            doctor,
            configuration,
            devices,
            owner,
            party,
            drill,
            backup,
            records,
            ledger,
        ),
        words,
    )
    for module in kinds:
        module.add(commands)
    return parser
