"""What pydantic found wrong, in one line: its own text is a report of many."""

from __future__ import annotations

from pydantic import ValidationError


def first_fault(error: ValidationError) -> str:
    """Say where the first fault is and what it is: ``files.0.name: Field required``."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
