"""Reads an OpenAPI document into operations that can be called.

Source: OpenAPI Specification 3.0.4 and 3.1.1, "Operation Object", "Parameter Object", "Media Type Object". Of
styles only the usual ones are known: simple in paths, form in queries; of bodies JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from nearfield_cloud.errors import ConfigurationError, ToolError
from nearfield_cloud.tools.schemas import DEEPEST

_LARGEST_BYTES: Final = 4_000_000
_METHODS: Final = ("get", "put", "post", "delete", "patch", "head")
_JSON: Final = "application/json"
Place = Literal["path", "query", "header", "body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a service."""

    name: str
    """Its ``operationId``."""
    method: str
    path: str
    """With ``{name}`` where a parameter of the path goes."""
    description: str
    places: Mapping[str, Place]
    """Where each argument goes."""
    parameters: Mapping[str, object]
    """JSON schema of all arguments together."""
    result: Mapping[str, object] | None
    """JSON schema of a good answer, if the document has one."""


def read_document(path: Path) -> Mapping[str, Any]:
    """Read the file, JSON or YAML.

    Raises:
        ConfigurationError: It cannot be read or is no OpenAPI document.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_BYTES + 1)
        if len(raw) > _LARGEST_BYTES:
            raise ConfigurationError(f"{path} has over {_LARGEST_BYTES} bytes: expected an OpenAPI document")
        document = json.loads(raw) if raw.lstrip()[:1] == b"{" else yaml.safe_load(raw)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{path} is neither JSON nor YAML") from error
    version = document.get("openapi") if isinstance(document, dict) else None
    if (
        not isinstance(version, str)
        or not version.startswith("3.")
        or not isinstance(document["paths"], dict)
    ):
        raise ConfigurationError(f"{path} is no OpenAPI document of version 3")
    return document  # type: ignore[no-any-return]


def read_operations(document: Mapping[str, Any], names: frozenset[str], what: str) -> tuple[Operation, ...]:
    """Give the operations of these names.

    Args:
        document: As `read_document` gives it.
        names: Which are wanted.
        what: Begins messages.

    Raises:
        ToolError: One cannot be understood; what is not there is left out.
    """
    found = []
    try:
        for path, method, shared, operation in _operations(document):
            if operation.get("operationId") in names:
                found.append(_operation(document, path, method, shared, operation, what))
    except (AttributeError, KeyError, TypeError) as error:
        raise ToolError(f"{what}: an operation of the document is not as OpenAPI has it") from error
    return tuple(found)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any], Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item.get("parameters", []), item[method]


def _operation(
    document: Mapping[str, Any],
    path: str,
    method: str,
    shared: list[Any],
    written: Mapping[str, Any],
    what: str,
) -> Operation:
    name = written["operationId"]
    places: dict[str, Place] = {}
    properties: dict[str, object] = {}
    required: list[str] = []
    parameters = [_inlined(document, each, what) for each in (*shared, *written.get("parameters", []))]
    for parameter in parameters:
        if parameter["in"] not in ("path", "query", "header"):
            continue  # a cookie is nobody's argument
        key = parameter["name"]
        places[key] = parameter["in"]
        properties[key] = {**parameter.get("schema", {})}
        if parameter.get("description"):
            properties[key] = {"description": parameter["description"], **parameter.get("schema", {})}
        if parameter.get("required") or parameter["in"] == "path":
            required.append(key)
    body = _inlined(document, written.get("requestBody", {}), what)
    schema = body.get("content", {}).get(_JSON, {}).get("schema")
    if body and schema is None and body.get("required"):
        raise ToolError(f"{what}: operation {name} takes no JSON, which is all that can be sent")
    for key, member in (schema or {}).get("properties", {}).items():
        if key in places:
            raise ToolError(f"{what}: operation {name} has two arguments named {key}")
        places[key], properties[key] = "body", member
    if schema:
        required += schema.get("required", []) if body.get("required") else []
    return Operation(
        name=name,
        method=method.upper(),
        path=path,
        description=str(written.get("description") or written.get("summary") or ""),
        places=places,
        parameters={"type": "object", "properties": properties, "required": list(dict.fromkeys(required))},
        result=_result(document, written, what),
    )


def _result(
    document: Mapping[str, Any], written: Mapping[str, Any], what: str
) -> Mapping[str, object] | None:
    responses = written.get("responses", {})
    good = next((code for code in map(str, responses) if code.startswith("2")), None)
    if good is None:
        return None
    by_code = {str(code): response for code, response in responses.items()}
    response = _inlined(document, by_code[good], what)
    schema: Mapping[str, object] | None = response.get("content", {}).get(_JSON, {}).get("schema")
    return schema


def _inlined(document: Mapping[str, Any], value: Any, what: str, depth: int = 0) -> Any:
    """A part of the document with what it refers to in its place."""
    if depth > DEEPEST:
        raise ToolError(f"{what}: the document refers to itself, or is nested deeper than {DEEPEST}")
    if isinstance(value, list):
        return [_inlined(document, item, what, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        return _inlined(document, _referred(document, reference, what), what, depth + 1)
    return {key: _inlined(document, item, what, depth + 1) for key, item in value.items()}


def _referred(document: Mapping[str, Any], reference: str, what: str) -> Any:
    if not reference.startswith("#/"):
        raise ToolError(f"{what}: the document refers to another one, which is not fetched")
    found: Any = document
    for part in reference[2:].split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if found is None:
        raise ToolError(f"{what}: the document refers to what it does not hold")
    return found
