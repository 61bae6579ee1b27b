"""The pages hold together: links lead somewhere, each page is found, each command is one."""

import re
import shlex
from pathlib import Path

import pytest

from gateway.cli import _parser

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
COMMAND = re.compile(
    r"(?:^ {4,}|`|\| *)(?:sudo )?(?:\S*/)?gridtender ([a-z][^`#|>\n]*)", re.MULTILINE
)


def name(page):
    return str(page.relative_to(ROOT))


def anchors(page):
    """The names of its headings, as forges make them."""
    for heading in HEADING.findall(page.read_text("utf-8")):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def links(page):
    """(file, heading) of every link inside the project."""
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            path, _, heading = target.partition("#")
            yield (page.parent / path).resolve() if path else page, heading


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_its_heading(page):
    for target, heading in links(page):
        assert target.exists(), target
        assert not heading or heading in anchors(target), (target, heading)


def test_every_page_is_found_from_the_readme():
    found, new = set(), [ROOT / "README.md"]
    while new:
        page = new.pop()
        found.add(page)
        for target, _ in links(page):
            inside = sorted(target.glob("*.md")) if target.is_dir() else [target]
            new += [one for one in inside if one.suffix == ".md" and one not in found]
    assert [name(page) for page in PAGES if page not in found] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_is_one_with_these_options(page):
    for text in COMMAND.findall(page.read_text("utf-8")):
        command, *rest = shlex.split(text.replace("DEVICE", "battery"), comments=True)
        with pytest.raises(SystemExit, match="0"):  # it has a help of its own
            _parser().parse_args([command, "--help"])
        if rest and "--help" not in rest:
            _parser().parse_args([command, *rest])
