"""A small language model words the answer, kept to what the passages say.

The model is a base model: it is shown passage, question and the beginning of an answer, and goes on to the
end of the line. What it writes is spoken only where the extractive composer found that the passages answer,
and where each word that says something stands in the cited passage or in the question, and each number in the
passage. Otherwise the sentence itself is spoken, and the reason says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from nearfield_cloud.composing.composer import Composed, Composer
from nearfield_cloud.composing.words import words_of
from nearfield_cloud.configuration.composing import ComposingSection
from nearfield_cloud.errors import ComposingError
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import SentenceReady
from nearfield_cloud.orchestrator.question import Question
from nearfield_models.errors import ModelsError
from nearfield_models.language.engine import LanguageEngine

_LONGEST_QUESTION: Final = 500
"""Characters, as are the passage's."""
_LONGEST_PASSAGE: Final = 3_000


class LocalModelComposer:
    """Lets a language model word what another composer has grounded; see `Composer` for the contract."""

    def __init__(self, extract: Composer, engine: LanguageEngine, settings: ComposingSection) -> None:
        self._extract = extract
        self._engine = engine
        self._settings = settings
        self._turn = asyncio.Lock()
        """The engine is used by one thread at a time."""

    def close(self) -> None:
        """Let go of the model."""
        self._engine.close()

    async def compose(self, question: Question, found: Sequence[Found]) -> Composed:
        """Answer from the passages.

        Raises:
            ComposingError: The extractive composer failed; a fault of the language model falls back to it.
        """
        extract = await self._extract.compose(question, found)
        if not extract.grounded:
            return extract
        citations = extract.sentences[-1].citations
        passage = next((one for one in found if one.chunk_id == citations[0].chunk_id), None)
        if passage is None:
            raise ComposingError("the extract cites a passage that was not found")
        try:
            written = await self._written(question.text, passage.text)
        except ModelsError as error:
            return _fallen_back(extract, f"the local model failed ({error.code})")
        fault = unfounded(written, question.text, passage.text, self._settings.longest_answer_words)
        if fault:
            return _fallen_back(extract, fault)
        text = written[:1].upper() + written[1:]
        return replace(
            extract,
            sentences=(SentenceReady(text=text if text[-1] in ".!?" else f"{text}.", citations=citations),),
            reason=f"{extract.reason}; worded by the local model",
        )

    async def _written(self, question: str, passage: str) -> str:
        async with self._turn:
            # A cancelled turn gives the lock back only when the thread is done with the engine.
            work = asyncio.ensure_future(
                asyncio.to_thread(
                    self._engine.go_on,
                    prompt(question, passage),
                    most_tokens=self._settings.local_model_tokens,
                    longest_seconds=self._settings.local_model_seconds,
                )
            )
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])
                raise


def prompt(question: str, passage: str) -> str:
    """What the model goes on with; a passage's own line ends cannot end the frame that it stands in."""
    flat = " ".join(passage[:_LONGEST_PASSAGE].split())
    asked = " ".join(question[:_LONGEST_QUESTION].split())
    return f"Passage: {flat}\nQuestion: {asked}\nAnswer:"


def unfounded(answer: str, question: str, passage: str, longest_words: int) -> str:
    """Say why an answer may not be spoken; empty where each of its words is founded."""
    words = words_of(answer)
    saying = [word for word in words if not word.little]
    if not saying:
        return "the local model said nothing"
    if len(answer.split()) > longest_words:
        return "the local model's answer is too long"
    told = {word.stem for word in words_of(passage)}
    asked = {word.stem for word in words_of(question)}
    strange = sum(word.stem not in told and (word.number or word.stem not in asked) for word in saying)
    if strange:
        return f"the local model used {strange} words that the passage does not have"
    if all(word.stem in asked for word in saying):
        return "the local model only repeated the question"
    return ""


def _fallen_back(extract: Composed, why: str) -> Composed:
    return replace(extract, reason=f"{extract.reason}; as the passage has it, since {why}")
