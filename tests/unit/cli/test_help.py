"""What every command says of itself."""

import argparse

import pytest

from gateway.cli import _parser


def helps():
    """The command line as a whole and every command under it, by name."""
    waiting = [_parser()]
    while waiting:
        one = waiting.pop()
        yield one.prog, one
        for action in one._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting.extend(action.choices.values())


@pytest.mark.parametrize("command", [one for _, one in helps()], ids=lambda one: one.prog)
def test_a_command_tells_its_help(command):
    text = command.format_help()
    assert text.startswith(f"usage: {command.prog}")
    assert "%%" not in text
