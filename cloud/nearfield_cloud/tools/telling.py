"""What is spoken of a tool: its result in a template's words, and what a person is asked about it.

Templates are the operator's; what fills them is data: plain values only, without line breaks, cut to size.
"""

from __future__ import annotations

import re
from typing import Final

from nearfield_cloud.orchestrator.sentences import whole
from nearfield_cloud.tools.tool import ToolCall, ToolResult
from nearfield_sync.messages.turn_record import Json

_PLACE: Final = re.compile(r"\{([A-Za-z_][\w.-]*)\}")
_LONGEST_VALUE: Final = 200
_MOST_ITEMS: Final = 5
_MOST_SENTENCES: Final = 3


def told(call: ToolCall, result: ToolResult) -> tuple[str, ...]:
    """Sentences about a result; none where nothing of it can be said."""
    if call.tool.rules.says:
        text = filled(call.tool.rules.says, {**call.arguments, "result": _main(result)})
        return () if text is None else whole(text)
    if result.text and not result.text.lstrip().startswith(("{", "[", "<")):
        return tuple(map(_ended, whole(" ".join(result.text.split()))[:_MOST_SENTENCES]))
    spoken = _spoken(_main(result))
    return () if spoken is None else (_ended(f"{spoken[:1].upper()}{spoken[1:]}"),)


def filled(template: str, values: dict[str, Json]) -> str | None:
    """A template with its places filled; None where a value is missing or cannot be spoken."""
    found = {place: _spoken(_at(values, place)) for place in _PLACE.findall(template)}
    if None in found.values():
        return None
    return _PLACE.sub(lambda place: found[place.group(1)] or "", template)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def _main(result: ToolResult) -> Json:
    """The value itself, where a server wraps it as MCP servers do."""
    value = result.structured
    if value is None:
        return result.text
    if isinstance(value, dict) and set(value) == {"result"}:
        return value["result"]
    return value


def _at(values: Json, path: str) -> Json:
    found: Json = values
    for part in path.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _spoken(value: Json) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return " ".join(value.split())[:_LONGEST_VALUE] or None
    if isinstance(value, list) and value:
        items = [_spoken(item) for item in value[:_MOST_ITEMS]]
        known = [item for item in items if item is not None]
        if len(known) == len(items):
            *others, last = known
            return f"{', '.join(others)} and {last}" if others else last
    return None
