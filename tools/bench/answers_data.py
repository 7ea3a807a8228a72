"""The questions of ``qa/squad2_part.json``, and the passages that are found for each of them among all.

The ranking here is the bench's own, words (BM25) and vectors fused by rank, so that the composer is measured
apart from the store; it stands behind `Found` as the store's does.

Source: Robertson & Zaragoza 2009, "The probabilistic relevance framework: BM25 and beyond"; Rajpurkar et al.
2018, "Know what you don't know: unanswerable questions for SQuAD" (the data, and how answers are normalised).
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_cloud.composing.words import words_of
from nearfield_cloud.knowledge.search import Found
from nearfield_models.embedding.engine import EmbeddingEngine

_SATURATION, _LENGTH = 1.2, 0.75
_FUSION: Final = 10
_MEANING: Final = 0.75
"""Weight of the vectors beside that of the words."""
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question of the set."""

    text: str
    article: str
    passage_id: str
    answers: tuple[str, ...]
    """Normalised; empty where the passage has none."""

    @property
    def answerable(self) -> bool:
        """Whether its passage answers it."""
        return bool(self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """The questions and all passages."""

    questions: tuple[AskedQuestion, ...]
    passages: tuple[Found, ...]
    """With no score yet; the source is the article."""


def read_questions(file: Path) -> QuestionSet:
    """Read the set."""
    document = json.loads(file.read_text("utf-8"))
    return QuestionSet(
        questions=tuple(_question(one) for one in document["questions"]),
        passages=tuple(
            Found(
                chunk_id=one["passage_id"],
                document=one["title"],
                source=one["title"],
                section=(),
                text=one["text"],
                score=0.0,
                similarity=0.0,
            )
            for one in document["passages"]
        ),
    )


def _question(one: dict[str, Any]) -> AskedQuestion:
    answers = {normalised(answer) for answer in one["answers"]} if one["answerable"] else set()
    return AskedQuestion(
        text=one["question"],
        article=one["passage_id"].split("/")[0],
        passage_id=one["passage_id"],
        answers=tuple(sorted(answers - {""})),
    )


def normalised(text: str) -> str:
    """Small letters, no punctuation, no articles, single spaces: as SQuAD compares answers."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def contains_answer(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the normalised answers stands in a text, as whole words."""
    padded = f" {normalised(text)} "
    return any(f" {answer} " in padded for answer in answers)


class Ranking:
    """All passages, ranked for each question by words and vectors."""

    def __init__(self, passages: Sequence[Found], engine: EmbeddingEngine) -> None:
        self._passages = passages
        self._vectors = engine.embed([passage.text for passage in passages])
        counts = [
            Counter(word.stem for word in words_of(passage.text) if not word.little) for passage in passages
        ]
        stems = sorted(set().union(*counts))
        self._column = {stem: at for at, stem in enumerate(stems)}
        lengths = np.array([count.total() for count in counts], np.float64)
        spread = _SATURATION * (1 - _LENGTH + _LENGTH * lengths / lengths.mean())
        self._words = np.zeros((len(passages), len(stems)))
        for row, count in enumerate(counts):
            for stem, times in count.items():
                self._words[row, self._column[stem]] = times * (_SATURATION + 1) / (times + spread[row])
        having = (self._words > 0).sum(axis=0)
        self._words *= np.log(1 + (len(passages) - having + 0.5) / (having + 0.5))

    def found(self, question: str, vector: NDArray[np.float32], *, limit: int = 5) -> tuple[Found, ...]:
        """The best passages for a question whose vector is ``float32[width]``."""
        columns = {self._column[word.stem] for word in words_of(question) if word.stem in self._column}
        by_words = self._words[:, sorted(columns)].sum(axis=1)
        by_meaning = self._vectors @ vector
        fused = 1 / (_FUSION + _ranks(by_words)) + _MEANING / (_FUSION + _ranks(by_meaning))
        best = np.argsort(-fused, kind="stable")[:limit]
        return tuple(
            Found(
                chunk_id=self._passages[at].chunk_id,
                document=self._passages[at].document,
                source=self._passages[at].source,
                section=(),
                text=self._passages[at].text,
                score=float(fused[at]),
                similarity=float(by_meaning[at]),
            )
            for at in best
        )


def _ranks(scores: NDArray[Any]) -> NDArray[np.float64]:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return ranks
