"""A configuration file, read into a tree of sections: TOML, or one sentence about what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from nearfield_sync.section import Section
from nearfield_sync.validation import sentence

Tree = TypeVar("Tree", bound=Section)


def read_tree(kind: type[Tree], path: Path | None, error: type[Exception]) -> Tree:
    """Read the file, or give the defaults where ``path`` is None.

    Args:
        kind: Of the whole tree.
        path: The file.
        error: Raised where it cannot be read, is not TOML, or a key or value is wrong.
    """
    if path is None:
        return kind()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise error(f"configuration {path} cannot be read: {fault.strerror}") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise error(f"configuration {path} is not valid TOML: {fault}") from fault
    return parse_tree(kind, raw, where=str(path), error=error)


def parse_tree(kind: type[Tree], raw: dict[str, Any], *, where: str, error: type[Exception]) -> Tree:
    """Check a parsed tree; an unknown key is answered with the nearest known one.

    Args:
        kind: Of the whole tree.
        raw: As TOML gives it.
        where: What to call it.
        error: Raised where a key or value is wrong.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as fault:
        raise error(sentence(fault, kind, where)) from fault
