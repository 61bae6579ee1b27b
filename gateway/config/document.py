"""A YAML file as a tree of values that know their line and column.

Plain scalars are read as YAML 1.2 reads them, so the traps of YAML 1.1 do not exist here:
``no``, ``on`` and ``1:30`` are text, ``1e3`` is a number.  A number with a leading zero or an
underscore means different things to different readers and is left as text, to be refused where
a number is expected.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Final

import yaml

from gateway.config.problem import Finding, Key, Path, Position, Problem, dotted

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,29})")
_REAL: Final = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_DEEPEST: Final = 20
_MOST_NODES: Final = 200_000
_YAML: Final = "YAML with one mapping, indented by spaces, a blank after each colon"


@dataclass(frozen=True, slots=True)
class Node:
    """A value in the file.

    Attributes:
        at: where it begins.
        scalar: its value unless it is a collection.
        children: of a mapping (by key) or a list (by index); None for a scalar.
        keys: where the keys of a mapping stand.
        size: how many nodes it holds when aliases are written out.
    """

    at: Position
    scalar: bool | float | str | None = None
    children: Mapping[Key, "Node"] | None = None
    keys: Mapping[str, Position] = field(default_factory=dict)
    is_list: bool = False
    size: int = 1

    def value(self) -> Value:
        """The plain value, without places."""
        if self.children is None:
            return self.scalar
        if self.is_list:
            return [child.value() for child in self.children.values()]
        return {str(key): child.value() for key, child in self.children.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file, read.

    Attributes:
        root: None if there is nothing that could be read.
        findings: what is wrong with the file as YAML.
    """

    file: str
    root: Node | None
    findings: tuple[Finding, ...] = ()

    def problem(self, finding: Finding) -> Problem:
        """The finding with the place of its path."""
        at = finding.at or self._place(finding)
        return Problem(
            file=self.file,
            line=at.line,
            column=at.column,
            path=dotted(finding.path),
            found=finding.found,
            allowed=finding.allowed,
            hint=finding.hint,
        )

    def _place(self, finding: Finding) -> Position:
        """Of the value; of its key if asked; of the nearest parent if it is not there."""
        node = self.root
        at = node.at if node else Position(0, 0)
        for depth, key in enumerate(finding.path, 1):
            if node is None or node.children is None or key not in node.children:
                break
            last = depth == len(finding.path)
            child = node.children[key]
            at = node.keys[str(key)] if key in node.keys and (finding.at_key or not last) else (
                child.at
            )  # fmt: skip
            node = child
        return at

    def positions(self) -> dict[Path, Position]:
        """Where every value of the file stands, by its path."""
        return dict(_walk((), self.root)) if self.root else {}


def _walk(path: Path, node: Node) -> Iterator[tuple[Path, Position]]:
    yield path, node.at
    for key, child in (node.children or {}).items():
        yield from _walk((*path, key), child)


def read(path: FilePath) -> Document:
    """The file as a tree; what cannot be read is a finding, never an exception."""
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        return _nothing(name, f"no readable file ({reason})", "a YAML file that can be read")
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at offset {error.start}"
        return _nothing(name, found, "text in UTF-8")
    return parse(name, text)


def _nothing(name: str, found: str, allowed: str) -> Document:
    finding = Finding(path=(), found=found, allowed=allowed)
    return Document(file=name, root=None, findings=(finding,))


class _Unreadable(Exception):
    """The file cannot be read any further."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding


def _stop(event: yaml.Event, found: str, allowed: str) -> _Unreadable:
    return _Unreadable(Finding(path=(), found=found, allowed=allowed, at=_at(event)))


def parse(name: str, text: str) -> Document:
    """The text as a tree."""
    builder = _Builder(text)
    try:
        root = builder.document()
    except _Unreadable as unreadable:
        return Document(file=name, root=None, findings=(unreadable.finding,))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        found = f"no valid YAML ({error.problem or error.context})"
        finding = Finding(path=(), found=found, allowed=_YAML, at=at)
        return Document(file=name, root=None, findings=(finding,))
    except yaml.YAMLError as error:
        found = f"no valid YAML ({str(error).splitlines()[0]})"
        finding = Finding(path=(), found=found, allowed=_YAML, at=_unprintable(text))
        return Document(file=name, root=None, findings=(finding,))
    if root is None:
        return _nothing(name, "an empty file", "YAML with at least the key 'devices'")
    return Document(file=name, root=root, findings=tuple(builder.findings))


def _unprintable(text: str) -> Position:
    """Where the first character stands that YAML forbids."""
    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    before = text[: match.start()] if match else ""
    return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Builder:
    """Turns parser events into nodes; aliases share the node they name."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[yaml.Event] = iter(())
        self._anchors: dict[str, Node] = {}
        self.findings: list[Finding] = []

    def document(self) -> Node | None:
        """The root of the only document."""
        self._events = iter(yaml.parse(self._text, Loader=_LOADER))
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _stop(event, "a second document", "one document in a file")
                root = self._node(next(self._events), ())
        if root is not None and root.children is None and root.scalar is None:
            return None
        return root

    def _node(self, event: yaml.Event, path: Path) -> Node:
        at = _at(event)
        if len(path) > _DEEPEST:
            raise _stop(event, "too deep nesting", f"at most {_DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise _stop(event, "something that is no value", "words, mappings and lists")
        if event.tag not in {None, "!", "tag:yaml.org,2002:str"}:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._find(path, f"the tag {tag}", "values without a tag", at)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(at, _scalar(event))
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(path, at)
        else:
            node = self._list(path, at)
        if node.size > _MOST_NODES:
            raise _stop(event, "too many values", f"at most {_MOST_NODES}")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent) -> Node:
        name = str(event.anchor)
        if name not in self._anchors:
            allowed = "an anchor that was written above and is complete"
            raise _stop(event, f"the alias *{name}", allowed)
        return self._anchors[name]

    def _mapping(self, path: Path, at: Position) -> Node:
        children: dict[Key, Node] = {}
        keys: dict[str, Position] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _stop(event, "a key that is no word", "a word before each colon")
            key, place = event.value, _at(event)
            child = self._node(next(self._events), (*path, key))
            if key in keys:
                found = f"the key a second time (first in line {keys[key].line})"
                self._find((*path, key), found, "each key once", place)
                continue
            children[key], keys[key] = child, place
        return Node(at, None, children, keys, size=_size(children))

    def _list(self, path: Path, at: Position) -> Node:
        children: dict[Key, Node] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            children[len(children)] = self._node(event, (*path, len(children)))
        return Node(at, None, children, is_list=True, size=_size(children))

    def _find(self, path: Path, found: str, allowed: str, at: Position) -> None:
        self.findings.append(Finding(path=path, found=found, allowed=allowed, at=at))


def _size(children: Mapping[Key, Node]) -> int:
    return 1 + sum(child.size for child in children.values())


def _at(event: yaml.Event) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def _scalar(event: yaml.ScalarEvent) -> bool | float | str | None:
    """Of a plain scalar by the YAML 1.2 core schema; anything quoted or tagged is text."""
    text = str(event.value)
    if event.style or event.tag is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _REAL.fullmatch(text) else text
