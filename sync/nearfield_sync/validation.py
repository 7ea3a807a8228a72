"""Turning pydantic's findings about a file into one sentence a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def sentence(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Say the first finding of ``error``: where, what, what was expected, how to mend it.

    Args:
        error: Raised while ``model`` read the data.
        model: The outermost model.
        where: The file, or whatever holds the data.
    """
    first = error.errors(include_url=False)[0]
    location = [part for part in first["loc"] if part != "[key]"]
    key = ".".join(str(part) for part in location)
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        return f"{where}: unknown key '{key}'{nearest(str(location[-1]), known)}"
    if first["type"] == "missing":
        return f"{where}: key '{key}' is missing"
    return f"{where}: key '{key}': {first['msg'].removeprefix('Value error, ')}"


def nearest(word: str, known: Sequence[str]) -> str:
    """``; did you mean 'x'?`` where a known word is near, else the list of those known."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known here: {', '.join(sorted(known)) or 'none'}"


def _keys_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that the model at ``location`` knows; what leads through no model adds nothing."""
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            by_key = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
            current = by_key.get(str(part), current)
        current = _inner(current)
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [field.alias or name for name, field in current.model_fields.items()]
    return []


def _inner(annotation: Any) -> Any:
    """The model inside ``Mapping[str, M]``, ``tuple[M, ...]`` or ``M | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel | Mapping):
        return annotation
    for argument in get_args(annotation):
        found = _inner(argument)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return annotation
