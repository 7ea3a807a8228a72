"""The limits of the link."""

from __future__ import annotations

from dataclasses import dataclass, field

from nearfield_edge.escalation.connecting import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """How the link keeps time and how much it takes."""

    patience: Patience = field(default_factory=Patience)
    connect_seconds: float = 10.0
    """For a token, and again from the offer to the cloud's greeting."""
    deadline_seconds: float = 8.0
    """From a question to its answer's last sentence."""
    confirmation_seconds: float = 30.0
    """Added for each confirmation that a person is asked for."""
    most_exchanges: int = 4
    """Of the conversation, that go along with a question."""
    longest_answer_characters: int = 16_000
    """Sentences and their sources together."""
    largest_event_bytes: int = 256 * 1024
