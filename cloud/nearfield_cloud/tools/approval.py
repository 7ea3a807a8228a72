"""Who must agree before a tool is called.

Source: the "Rule of Two": untrusted input, sensitive data and a change of state never meet without a
person's approval. What a person says is untrusted here too, so whatever changes state asks, unless the
operator said for this very tool that it need not, and nothing sensitive is involved.
"""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_cloud.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Involved:
    """What a turn has to do with so far."""

    sensitive: bool = False
    """A sensitive tool was called, or is going to be."""
    untrusted: bool = True
    """Words of a person, a document or a tool decide what is called; True unless an operator's program
    asks."""


def needs_a_person(tool: Tool, involved: Involved) -> str:
    """Why a person must agree before this call; empty where none need."""
    rules = tool.rules
    if not rules.changes_state:
        return ""
    if not rules.unattended:
        return "it changes something"
    if involved.untrusted and (rules.sensitive or involved.sensitive):
        return "it changes something where sensitive data is involved"
    return ""
