"""JSON schemas from outside: understood within limits, and values checked against them.

Regular expressions in them are not applied, because one can be written that takes for ever; references lead
within the schema only, so that nothing is fetched; and a message never holds the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from nearfield_cloud.errors import ToolError
from nearfield_cloud.tools.cleaning import clean_text
from nearfield_sync.messages.turn_record import Json

MOST_NODES: Final = 4_000
DEEPEST: Final = 32
_LONGEST_DESCRIPTION: Final = 300
_DROPPED: Final = frozenset(
    {"pattern", "patternProperties", "$schema", "$id", "examples", "default", "format"}
)
_WORDS: Final = frozenset({"description", "title", "$comment"})
_NAMED: Final = frozenset({"properties", "$defs", "definitions"})
_PLAIN: Final = frozenset({"enum", "const", "required"})


class Schema:
    """A schema that was understood."""

    def __init__(self, written: Mapping[str, object], what: str) -> None:
        """Read a schema.

        Args:
            written: As its author wrote it.
            what: Begins each message: ``tool shop.order``.

        Raises:
            ToolError: It is no schema, too large, or refers to something outside.
        """
        self._what = what
        self.written: dict[str, Any] = _Copying(what).schema(written, 0)
        try:
            Draft202012Validator.check_schema(self.written)
        except (SchemaError, RecursionError) as error:
            raise ToolError(f"{what}: its schema is not valid") from error
        self._validator = Draft202012Validator(self.written, registry=Registry())

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the members that must be there."""
        return tuple(self.written.get("required", ()))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members that are known."""
        return tuple(self.written.get("properties", {}))

    def type_of(self, name: str) -> object:
        """What a member says that it is: ``integer``; None if it does not."""
        member = self.written.get("properties", {}).get(name)
        return member.get("type") if isinstance(member, dict) else None

    def fault(self, value: Json) -> str:
        """Where and how a value does not fit, without the value; empty where it fits.

        Raises:
            ToolError: The schema refers to something that is not there.
        """
        if not is_small(value):
            return f"more than {MOST_NODES} values, or nested deeper than {DEEPEST}"
        try:
            error = next(iter(self._validator.iter_errors(value)), None)
        except (Unresolvable, RecursionError) as broken:
            raise ToolError(f"{self._what}: its schema refers to what is not there") from broken
        return "" if error is None else f"{_place(error)} does not fit its {error.validator!r}"


def closed(written: Mapping[str, object]) -> dict[str, object]:
    """A schema of arguments that takes none but those it names."""
    return {"properties": {}, **written, "type": "object", "additionalProperties": False}


def is_small(value: object) -> bool:
    """Whether a value from outside has no more parts and depth than a schema may ask for."""
    parts, level = 0, [value]
    for _ in range(DEEPEST + 1):
        parts += len(level)
        if parts > MOST_NODES:
            return False
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return True
    return False


def _inside(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def _place(error: ValidationError) -> str:
    return ".".join(str(part)[:64] for part in error.absolute_path) or "the whole"


class _Copying:
    """Copies a schema without what is not applied, and counts."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._left = MOST_NODES

    def schema(self, written: Mapping[str, object], depth: int) -> dict[str, Any]:
        """A mapping whose keys are keywords."""
        self._count(depth)
        return {
            str(key): self._keyword(str(key), value, depth + 1)
            for key, value in written.items()
            if key not in _DROPPED
        }

    def _keyword(self, key: str, value: object, depth: int) -> object:
        if key in _WORDS:
            return clean_text(str(value), _LONGEST_DESCRIPTION)
        if key in ("$ref", "$dynamicRef") and not str(value).startswith("#"):
            raise ToolError(f"{self._what}: its schema refers to something outside, which is not fetched")
        if key in _PLAIN:
            if not is_small(value):
                raise self._too_large()
            return value
        if key in _NAMED and isinstance(value, Mapping):
            self._count(depth)
            return {str(name): self._any(item, depth + 1) for name, item in value.items()}
        return self._any(value, depth)

    def _any(self, value: object, depth: int) -> object:
        if isinstance(value, Mapping):
            return self.schema(value, depth)
        self._count(depth)
        if isinstance(value, list | tuple):
            return [self._any(item, depth + 1) for item in value]
        return value

    def _count(self, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise self._too_large()

    def _too_large(self) -> ToolError:
        return ToolError(
            f"{self._what}: its schema has over {MOST_NODES} parts or is nested deeper than {DEEPEST}"
        )
