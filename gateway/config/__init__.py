"""The owner's YAML: read, checked, explained."""

from gateway.config.explain import explain, explain_json
from gateway.config.load import Loaded, exit_code, load
from gateway.config.problem import Position, Problem
from gateway.config.schema import json_schema, render_json_schema
from gateway.config.wishes import wishes_text

__all__ = [
    "Loaded",
    "Position",
    "Problem",
    "exit_code",
    "explain",
    "explain_json",
    "json_schema",
    "load",
    "render_json_schema",
    "wishes_text",
]
