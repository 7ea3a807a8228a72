"""The table ``[orchestrator]``: how a question is answered, and what is kept of the turn."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nearfield_sync.section import Section

Words = Annotated[str, Field(min_length=1, max_length=500)]
Share = Annotated[float, Field(ge=0, le=1)]
_A_PERSON = "[a|an] [real|human] (person|human|somebody|someone|colleague|employee|agent|operator)"
_ASKS_FOR_A_PERSON = (
    f"[(can|could|may) I|I (want|need|wish|would like) to|I'd like to] (talk|speak) (to|with) {_A_PERSON}",
    f"let me (talk|speak) (to|with) {_A_PERSON}",
    f"(get|call|fetch) [me] {_A_PERSON}",
)


class WordsSection(Section):
    """What is said where neither a document nor a tool has words of its own."""

    nothing_known: Words = "I found nothing about that in what I can read."
    not_sure: Words = "I can't say that for certain from what I can read."
    hand_over: Words = "I'll hand you over to a colleague."
    refused: Words = "I can't help with that."
    nothing_asked: Words = "What would you like to know?"
    which: Words = "Which {argument}?"
    confirm: Words = "Shall I do that?"
    declined: Words = "All right, I have left it as it is."
    not_confirmed: Words = "I got no answer, so I have left it as it is."
    done: Words = "Done."
    nothing_there: Words = "There is nothing of that."
    tool_failed: Words = "I couldn't get that done just now."
    unclear_whether_done: Words = "I got no answer, so I can't say whether that was done. Please check it."
    failed: Words = "I couldn't find that out just now."
    too_slow: Words = "That takes too long just now."


class SpeculationSection(Section):
    """What is begun while the person still speaks."""

    enabled: bool = True
    first_words: Annotated[int, Field(ge=1, le=50)] = 3
    """A shorter partial is not searched."""
    grown_words: Annotated[int, Field(ge=1, le=50)] = 2
    """By so many a partial must have grown to be searched again."""
    searches: Annotated[int, Field(ge=0, le=50)] = 6
    """In one turn."""


class TurnRecordsSection(Section):
    """What is kept of turns."""

    enabled: bool = True
    days: Annotated[int, Field(ge=1, le=3_650)] = 30
    most: Annotated[int, Field(ge=1, le=100_000_000)] = 100_000
    """The oldest go first."""
    text: bool = False
    """Whether question and answer are kept, redacted; otherwise only what was done."""


class OrchestratorSection(Section):
    """How a question is answered."""

    passages: Annotated[int, Field(ge=1, le=50)] = 5
    least_similarity: Annotated[float, Field(ge=-1, le=1)] = 0.2
    """Cosine of question and best passage, below which documents are not asked. Whether they do answer is
    judged by the composer, or sentence by sentence."""
    least_supported: Share = 0.7
    """Of a model's sentence's words, what a passage must have for it to be spoken."""
    least_tool_confidence: Share = 0.7
    """Of a question that fits a tool's sentence: 1 where every word was expected."""
    least_tool_similarity: Share = 0.75
    """Cosine of a question and a tool's example."""
    talk: bool = False
    """Whether a language model may answer by itself what no document and no tool does."""
    hand_over: bool = False
    """Whether a person can take over."""
    hand_over_unknown: bool = False
    """Whether one does where nothing is known."""
    hand_over_sentences: tuple[str, ...] = _ASKS_FOR_A_PERSON
    """Templates, as in a skill."""
    refused_sentences: tuple[str, ...] = ()
    """What is not answered, whatever is known; ``{any}`` stands for any words."""
    confirm_seconds: Annotated[float, Field(gt=0, le=600)] = 20.0
    """How long a person is waited for; the turn's deadline stands still meanwhile."""
    kept_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 86_400
    """For how long an asker may keep an answer from documents."""
    longest_question_characters: Annotated[int, Field(ge=16, le=100_000)] = 2_000
    speculation: SpeculationSection = SpeculationSection()
    records: TurnRecordsSection = TurnRecordsSection()
    words: WordsSection = WordsSection()
