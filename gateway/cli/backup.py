"""``backup`` and ``restore``: state and configuration as one file, and back."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, command, config_of, state_of, state_options

if TYPE_CHECKING:
    from gateway.cli.arguments import Commands


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    text = "Keep state and configuration in one file, also while the gateway runs."
    backup = command(commands, "backup", _backup, text)
    backup.add_argument("file", type=Path, metavar="FILE", help="e.g. gridtender.tar.gz")
    state_options(backup)
    backup.add_argument("--force", action="store_true", help="replace an older FILE")
    text = "Put state and configuration of a backup back to where they were."
    restore = command(commands, "restore", _restore, text)
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--config", type=Path, default=None, metavar="FILE", help="other place")
    restore.add_argument("--state-dir", type=Path, default=None, metavar="DIR", help="other place")
    text = "keep what is there aside, and let the backup take its place"
    restore.add_argument("--force", action="store_true", help=text)


def _backup(options: argparse.Namespace) -> int:
    from gateway.app.backup import back_up
    from gateway.model.errors import WrongInput

    if options.file.exists() and not options.force:
        message = f"{options.file} exists: name another file, or use --force"
        raise WrongInput(message)
    kept = back_up(options.file, state_of(options), config_of(options))
    for sentence in kept.left_out:
        print(f"left out: {sentence}")
    print(f"{options.file}: {kept.files} files, {kept.size // 1000 + 1} kB")
    print("It holds passwords: keep it where only you can read it.")
    return FAILED if kept.left_out else FINE


def _restore(options: argparse.Namespace) -> int:
    from gateway.app.restore import restore

    restore(
        options.file,
        state_dir=options.state_dir,
        config=options.config,
        force=options.force,
        say=print,
    )
    print("Look at it with gridtender check, then start the gateway.")
    return FINE
