"""A question, matched with its caller's tools, the arguments as their schemas want them."""

from __future__ import annotations

from collections.abc import Sequence

from nearfield_cloud.orchestrator.planning import Matched
from nearfield_cloud.orchestrator.question import Question
from nearfield_cloud.tools.matching import ToolMatch, ToolMatcher
from nearfield_cloud.tools.telling import filled
from nearfield_cloud.tools.tool import Tool, ToolCall
from nearfield_models.embedding.engine import Vectors
from nearfield_sync.messages.turn_record import Json


def question_for(tool: Tool, argument: str, which: str) -> str:
    """What to ask for a missing argument."""
    spoken = argument.replace("_", " ")
    return tool.rules.asks.get(argument) or filled(which, {"argument": spoken}) or which


def by_words(question: Question, tools: Sequence[Tool], matcher: ToolMatcher, which: str) -> Matched | None:
    """The call that a question asks for in so many words; None where none. Not for the event loop."""
    found = _continued(question, tools, matcher, which)
    if found is None:
        found = matcher.by_sentence(question.text, {tool.name for tool in tools})
    return _fitting(found, tools)


def by_meaning(
    question: Question, tools: Sequence[Tool], matcher: ToolMatcher, vectors: Vectors
) -> Matched | None:
    """The call that a question means, by the vectors of its wordings; None where none."""
    found = matcher.by_example(question.text, vectors, {tool.name for tool in tools})
    return _fitting(found, tools)


def _fitting(found: ToolMatch | None, tools: Sequence[Tool]) -> Matched | None:
    if found is None:
        return None
    tool = next(each for each in tools if each.name == found.tool)
    arguments = {name: _as(tool.parameters.type_of(name), value) for name, value in found.arguments.items()}
    missing = tuple(name for name in tool.parameters.required if name not in arguments)
    if not missing and tool.parameters.fault(arguments):
        return None  # what was said is no argument of this tool: something else was meant
    how = f"the question fits {tool.name} by a {found.how}, {found.score:.2f}"
    return Matched(call=ToolCall(tool=tool, arguments=arguments), missing=missing, how=how)


def _continued(
    question: Question, tools: Sequence[Tool], matcher: ToolMatcher, which: str
) -> ToolMatch | None:
    """The question before, if it was answered by asking for an argument that this one names."""
    if not question.conversation:
        return None
    last = question.conversation[-1]
    for tool in tools:
        for argument in tool.parameters.required:
            if last.answer.strip() != question_for(tool, argument, which):
                continue
            value = matcher.value_of(tool.name, argument, question.text)
            before = matcher.by_sentence(last.question, {tool.name})
            if value is not None and before is not None:
                arguments = {**before.arguments, argument: value}
                return ToolMatch(tool=tool.name, arguments=arguments, how=before.how, score=before.score)
    return None


def _as(kind: object, value: Json) -> Json:
    """A spoken value as a schema wants it: "17" may be a number, and 17 a text."""
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if kind in ("integer", "number") and isinstance(value, str):
        try:
            return int(value) if kind == "integer" else float(value)
        except ValueError:
            return value
    return value
