"""The extractive composer: the sentence of the passages that answers best, or the word that none does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from nearfield_cloud.composing.asked import Asked, analysed
from nearfield_cloud.composing.composer import Composed
from nearfield_cloud.composing.cues import possible_answers
from nearfield_cloud.composing.evidence import Nearness, Passage, Rarity, evidence, found_rarity, shared
from nearfield_cloud.composing.judgement import Floats, Judgement
from nearfield_cloud.composing.sentences import Sentence, sentences_of
from nearfield_cloud.composing.speaking import spoken
from nearfield_cloud.composing.words import Word, words_of
from nearfield_cloud.configuration.composing import ComposingSection
from nearfield_cloud.errors import ComposingError
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import Citation, SentenceReady
from nearfield_cloud.orchestrator.question import Question
from nearfield_models.embedding.engine import Vectors
from nearfield_models.errors import ModelsError

Embed = Callable[[Sequence[str]], Awaitable[Vectors]]
"""Sentences to ``float32[n, width]``, rows of length 1, computed off the event loop."""

_NEIGHBOUR: Final = 0.3
"""What the sentence before counts for in the first sieve."""
_WORSE_PASSAGE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence that is weighed."""

    passage: int
    """Number of its passage among those that were found."""
    place: int
    """Its number in the passage."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question and the passages, read; and which of their sentences are worth weighing."""

    asked: Asked
    found: tuple[Found, ...]
    sentences: tuple[tuple[Sentence, ...], ...]
    passages: tuple[Passage, ...]
    rarity: Rarity
    candidates: tuple[Candidate, ...]

    @property
    def to_embed(self) -> list[str]:
        """The question, then the candidates."""
        return [self.asked.text, *(candidate.text for candidate in self.candidates)]


def read(question: str, found: Sequence[Found], *, weighed: int) -> Reading:
    """Cut the passages into sentences and keep the ``weighed`` ones that share most with the question."""
    asked = analysed(question)
    cut = [_cut(one.text) for one in found]
    passages = tuple(
        Passage(
            rank=rank,
            similarity=one.similarity,
            sentences=words,
            stems=frozenset(word.stem for sentence in words for word in sentence),
        )
        for rank, (one, (_, words)) in enumerate(zip(found, cut, strict=True))
    )
    rarity = found_rarity([passage.stems for passage in passages])
    ranked: list[tuple[float, Candidate]] = []
    for at, (sentences, words) in enumerate(cut):
        shares = [shared(asked, one, rarity) for one in words]
        for sentence in sentences:
            place = sentence.place
            share = shares[place] + (_NEIGHBOUR * shares[place - 1] if place else 0.0) - _WORSE_PASSAGE * at
            ranked.append((share, Candidate(passage=at, place=place, text=sentence.text)))
    ranked.sort(key=lambda one: -one[0])
    return Reading(
        asked=asked,
        found=tuple(found),
        sentences=tuple(sentences for sentences, _ in cut),
        passages=passages,
        rarity=rarity,
        candidates=tuple(candidate for _, candidate in ranked[:weighed]),
    )


def weigh(reading: Reading, vectors: Vectors) -> tuple[tuple[str, ...], Floats]:
    """Give the names of the evidence and ``float64[candidates, names]``; ``vectors`` are of `to_embed`."""
    cosines = [float(cosine) for cosine in vectors[1:] @ vectors[0]]
    ordered = sorted(cosines, reverse=True)
    best_of: dict[int, float] = {}
    for candidate, cosine in zip(reading.candidates, cosines, strict=True):
        best_of[candidate.passage] = max(cosine, best_of.get(candidate.passage, -1.0))
    rows = [
        evidence(
            reading.asked,
            reading.passages,
            candidate.passage,
            candidate.place,
            Nearness(
                own=cosine,
                best=ordered[0],
                second=ordered[min(1, len(ordered) - 1)],
                best_of_passage=best_of[candidate.passage],
                nearer=sum(other > cosine for other in cosines),
            ),
            reading.rarity,
        )
        for candidate, cosine in zip(reading.candidates, cosines, strict=True)
    ]
    return tuple(rows[0]), np.array([list(row.values()) for row in rows], np.float64)


class ExtractiveComposer:
    """Speaks the sentence that answers best; see `Composer` for the contract."""

    def __init__(self, embed: Embed, judgement: Judgement, settings: ComposingSection) -> None:
        self._embed = embed
        self._judgement = judgement
        self._settings = settings
        least = settings.least_confidence
        self._least = judgement.threshold if least is None else least

    async def compose(self, question: Question, found: Sequence[Found]) -> Composed:
        """Answer from the passages.

        Raises:
            ComposingError: The embedding model failed.
        """
        found = found[: self._settings.most_passages]
        reading = await asyncio.to_thread(
            read, question.text, found, weighed=self._settings.sentences_weighed
        )
        if not reading.asked.content:
            return _ungrounded(0.0, "the question names nothing to look for")
        if not reading.candidates:
            return _ungrounded(0.0, "no passage was found")
        try:
            vectors = await self._embed(reading.to_embed)
        except ModelsError as error:
            raise ComposingError(f"sentences cannot be embedded: {error}") from error
        return await asyncio.to_thread(self._judged, reading, vectors)

    def close(self) -> None:
        """Nothing is held: the sentences are embedded elsewhere."""

    def _judged(self, reading: Reading, vectors: Vectors) -> Composed:
        names, rows = weigh(reading, vectors)
        if names != self._judgement.choice.names:
            raise ComposingError("the composer's weights are of another evidence: run tools.train_composer")
        chosen, confidence = self._judgement.best(rows)
        candidate = reading.candidates[chosen]
        place = f"passage {candidate.passage + 1}, sentence {candidate.place + 1}"
        if confidence < self._least:
            return _ungrounded(
                confidence, f"the best sentence ({place}) has {confidence:.2f}, less than {self._least:.2f}"
            )
        return Composed(
            sentences=_sentences(reading, candidate, self._settings.longest_answer_words),
            confidence=confidence,
            grounded=True,
            reason=f"{place} answers with {confidence:.2f}, at least {self._least:.2f}",
        )


def _sentences(reading: Reading, candidate: Candidate, longest_words: int) -> tuple[SentenceReady, ...]:
    sentences = reading.sentences[candidate.passage]
    words = reading.passages[candidate.passage].sentences[candidate.place]
    source = reading.found[candidate.passage]
    place = candidate.place
    texts = spoken(
        sentences[place],
        sentences[place - 1] if place else None,
        document=source.section[-1] if source.section else source.document,
        asked=reading.asked.stems,
        possible={words[at].stem for at in possible_answers(reading.asked.kind, words, reading.asked.stems)},
        longest_words=longest_words,
    )
    quotes = [sentence.text for sentence in sentences[place - len(texts) + 1 : place + 1]]
    return tuple(
        SentenceReady(
            text=text,
            citations=(
                Citation(
                    chunk_id=source.chunk_id, document=source.document, source=source.source, quote=quote
                ),
            ),
        )
        for text, quote in zip(texts, quotes, strict=True)
    )


def _ungrounded(confidence: float, reason: str) -> Composed:
    return Composed(sentences=(), confidence=confidence, grounded=False, reason=reason)


@lru_cache(maxsize=2_048)
def _cut(text: str) -> tuple[tuple[Sentence, ...], tuple[tuple[Word, ...], ...]]:
    """A passage's sentences and their words; the same passages are found again and again."""
    sentences = sentences_of(text)
    return sentences, tuple(words_of(sentence.text) for sentence in sentences)
