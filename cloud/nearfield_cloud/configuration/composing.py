"""How answers are composed; the section ``[composing]`` of the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nearfield_sync.section import Section


class ComposingSection(Section):
    """Answers out of passages."""

    composer: Literal["extract", "local-model"] = "extract"
    """``extract`` speaks a sentence of a passage; ``local-model`` (extra ``llm-local``) lets a small language
    model word it, and falls back to the sentence."""
    least_confidence: float | None = Field(None, ge=0, le=1)
    """An answer that is less sure is not given; None takes the one that the weights were calibrated for."""
    most_passages: int = Field(5, ge=1, le=20)
    """Of those that were found."""
    sentences_weighed: int = Field(5, ge=1, le=64)
    """How many sentences are compared with the question by meaning; each takes some milliseconds."""
    longest_answer_words: int = Field(40, ge=10, le=200)
    """What is spoken at most."""
    local_model: str = "gemma3-270m"
    """The pack of ``local-model``."""
    local_model_tokens: int = Field(48, ge=8, le=512)
    """Of its answer, at most."""
    local_model_seconds: float = Field(4.0, gt=0, le=60)
    """After which the sentence itself is spoken."""
