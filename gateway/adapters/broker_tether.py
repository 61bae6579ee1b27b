"""A program of its own: becomes another program that dies with the process that started it.

    python broker_tether.py PARENT_PID PROGRAM ARGUMENT...

It stands between fork and exec because code between them is unsafe in a threaded parent.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tether() -> None:
    """The kernel sends SIGTERM to this process when its parent dies (Linux; elsewhere nothing).

    Source: prctl(2), PR_SET_PDEATHSIG; it survives exec.
    """
    try:
        import ctypes  # noqa: PLC0415 - under a strict sandbox even the import may be refused

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    except (ImportError, OSError, AttributeError, MemoryError):
        return


def main(arguments: list[str]) -> None:
    """Tie this process to its parent and become the program."""
    parent, program, *rest = arguments
    tether()
    if os.getppid() == int(parent):  # else it died before the tether held
        os.execv(program, [program, *rest])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
