"""What the device keeps of the cloud's answers: for whom, how much, and one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from nearfield_edge.escalation.seam import AnswerSentence, Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheScope:
    """For whom answers are kept."""

    tenant: str
    audience: str = "public"
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLimits:
    """How much is kept."""

    most: int = 1_000
    """Answers; the one that was not used for longest goes first."""
    most_bytes: int = 16 * 1024 * 1024
    longest_seconds: float = 7 * 86_400.0
    """The most that the cloud's own word is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer that may be given again."""

    number: int
    question: str
    sentences: tuple[AnswerSentence, ...]
    source: str
    turn_id: str
    """The turn in which the cloud gave it."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime
    uses: int


def sentences_to_json(sentences: Sequence[AnswerSentence]) -> str:
    """Sentences with their citations, to be stored."""
    return json.dumps([asdict(sentence) for sentence in sentences], ensure_ascii=False)


def sentences_from_json(text: str) -> tuple[AnswerSentence, ...]:
    """What `sentences_to_json` gave."""
    told: list[dict[str, Any]] = json.loads(text)
    return tuple(
        AnswerSentence(
            text=one["text"], citations=tuple(Citation(**citation) for citation in one["citations"])
        )
        for one in told
    )
