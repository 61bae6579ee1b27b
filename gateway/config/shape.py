"""A section of the file: a mapping with known keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


def key(default: Any, text: str) -> Any:  # noqa: ANN401 - the field's own type decides
    """A key that may be left out, with its default as the owner would write it."""
    if default is None:
        return Field(default=None, description=text)
    return Field(default=default, description=text, validate_default=True)


class Shape(BaseModel):
    """A mapping with known keys; an empty section is a section of defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return {} if value is None else value
