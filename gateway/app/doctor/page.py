"""What the doctor found, for a person and for a program."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.app.doctor.catalogue import Finding, Level

WIDTH: Final = 80
_MARK: Final = {
    Level.FINE: "fine",
    Level.NOTE: "note",
    Level.AMISS: "AMISS",
    Level.UNSEEN: "UNSEEN",
}
ALL_WELL, TO_DO, BLIND = 0, 1, 2


def page(findings: Sequence[Finding], width: int = WIDTH) -> Iterator[str]:
    """One paragraph per finding, by what it is about, and what it comes to."""
    for subject in dict.fromkeys(one.subject for one in findings):
        yield _plain(subject)
        for one in findings:
            if one.subject == subject:
                yield from _paragraph(one, width)
    yield ""
    yield _verdict(findings)


def _paragraph(one: Finding, width: int) -> Iterator[str]:
    head = f"  {_MARK[one.level]:<7}"
    yield from textwrap.wrap(
        _plain(one.what), width, initial_indent=head, subsequent_indent=" " * len(head)
    )
    if one.do:
        indent = " " * len(head)
        yield from textwrap.wrap(
            _plain(one.do), width, initial_indent=f"{indent}-> ", subsequent_indent=f"{indent}   "
        )


def _verdict(findings: Iterable[Finding]) -> str:
    levels = [one.level for one in findings]
    amiss, unseen = levels.count(Level.AMISS), levels.count(Level.UNSEEN)
    told = []
    if amiss:
        told.append(f"{amiss} thing{'' if amiss == 1 else 's'} to do")
    if unseen:
        told.append(f"{unseen} could not be looked at")
    return ", ".join(told) + "." if told else "All well."


def exit_code(findings: Iterable[Finding]) -> int:
    """0 all well, 1 something to do, 2 nothing known to do, but something was not seen."""
    levels = {one.level for one in findings}
    if Level.AMISS in levels:
        return TO_DO
    return BLIND if Level.UNSEEN in levels else ALL_WELL


def document(findings: Iterable[Finding]) -> dict[str, object]:
    """The same for a program."""
    every = list(findings)
    return {
        "exit": exit_code(every),
        "findings": [
            {
                "code": one.code,
                "subject": one.subject,
                "level": one.level.value,
                "what": one.what,
                "do": one.do or None,
            }
            for one in every
        ],
    }


def _plain(text: str) -> str:
    """One line, whatever a device calls itself."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
