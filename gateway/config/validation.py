"""From pydantic's errors to findings, with the known keys and the likeliest one."""

from collections.abc import Collection, Iterable, Mapping
from types import NoneType
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from gateway.config.problem import Finding, Path, closest, describe, listed
from gateway.config.shape import Shape

_S = TypeVar("_S", bound=Shape)


def validate(
    shape: type[_S], value: object, path: Path = ()
) -> tuple[_S | None, tuple[Finding, ...]]:
    """The value in its shape, and everything that is wrong with it.

    With findings the shape holds what is right, so that more can be checked; it is None if a
    required key is among the wrong ones.
    """
    try:
        return shape.model_validate(value), ()
    except ValidationError as error:
        errors = error.errors(include_url=False)
    findings = tuple(_finding(shape, one, path) for one in errors)
    try:
        return shape.model_validate(_without(value, [one["loc"] for one in errors])), findings
    except ValidationError:
        return None, findings


def _without(value: object, wrong: Collection[Path]) -> object:
    """The value without its wrong parts; an id whose content is wrong keeps its place."""
    if () in wrong or not isinstance(value, dict):
        return None
    right = {}
    for key, content in value.items():
        below = [path[1:] for path in wrong if path[0] == key]
        if () not in below:
            right[key] = _without(content, below) if below else content
        elif isinstance(content, dict | list):
            right[key] = None
    return right


def of_refusal(error: PydanticCustomError, path: Path) -> Finding:
    """A scalar's refusal as a finding at ``path``."""
    context = error.context or {}
    return Finding(
        path=path, found=context["found"], allowed=context["allowed"], hint=context["hint"]
    )


def unknown_key(path: Path, known: Iterable[str]) -> Finding:
    """The finding that the last key of ``path`` is not known."""
    words = sorted(known)
    return Finding(
        path=path,
        found="an unknown key",
        allowed=listed(words),
        hint=closest(str(path[-1]), words),
        at_key=True,
    )


def _finding(shape: type[Shape], error: ErrorDetails, path: Path) -> Finding:
    loc = error["loc"]
    at = (*path, *loc)
    kind = error["type"]
    if kind == "refused":
        context = error["ctx"]
        return Finding(
            path=at, found=context["found"], allowed=context["allowed"], hint=context["hint"]
        )
    if kind == "extra_forbidden":
        return unknown_key(at, _keys(shape, loc[:-1]))
    if kind == "missing":
        field = _shape_at(shape, loc[:-1]).model_fields[str(loc[-1])]
        return Finding(path=at, found="nothing", allowed=field.description or "a value")
    return Finding(path=at, found=describe(error["input"]), allowed=_mapping(shape, loc))


def _mapping(shape: type[Shape], loc: Path) -> str:
    """The phrase for a place where a mapping belongs."""
    keys = _keys(shape, loc)
    return f"a mapping with the keys {listed(sorted(keys))}" if keys else "a mapping of ids"


def _keys(shape: type[Shape], loc: Path) -> Mapping[str, object]:
    at = _shape_at(shape, loc)
    return at.model_fields if issubclass(at, Shape) else {}


def _unless_none(annotation: object) -> object:
    """The other member of ``Shape | None``."""
    members = get_args(annotation)
    return members[0] if len(members) == 2 and members[1] is NoneType else annotation  # noqa: PLR2004


def _shape_at(shape: type[BaseModel], loc: Path) -> type[BaseModel]:
    """The shape at a place; plain ``BaseModel`` where ids are the keys."""
    here: object = shape
    for name in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            here = _unless_none(here.model_fields[str(name)].annotation)
        else:  # dict[str, Shape]
            here = get_args(here)[1]
    return here if isinstance(here, type) and issubclass(here, BaseModel) else BaseModel
