"""Opt-outs in the state folder: one small file per device, written by commands."""

from collections.abc import Iterator
from pathlib import Path

import structlog

from gateway.adapters.state import StateUnusable, load_document, store_document
from gateway.model.opt_out import OptOut


class OptOutFiles:
    """``alone-DEVICE.json``: what was said last of each device; it is the record as well."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp = 0

    def leave(self, opt_out: OptOut) -> None:
        """Say it, to the running gateway or to its next start.

        Raises:
            StateUnusable: it is not on the disk.
        """
        store_document(self._folder / f"alone-{opt_out.device}.json", opt_out)

    def left(self) -> Iterator[OptOut]:
        """All of it, where the folder changed since the last look; what is broken is named."""
        try:
            stamp = self._folder.stat().st_mtime_ns
        except OSError:
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        for path in sorted(self._folder.glob("alone-*.json")):
            try:
                opt_out = load_document(path, OptOut)
            except (ValueError, StateUnusable) as fault:
                structlog.get_logger().error("optout.unreadable", reason=f"{path}: {fault}")
                continue
            if opt_out is not None:
                yield opt_out
