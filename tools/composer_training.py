"""Training of the composer's two regressions, and what they are worth on articles that they were not shown.

Every figure about an answer comes from `held_out`: each article's questions are judged by weights that were
trained on the other articles alone, the threshold included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_cloud.composing.extract import read, weigh
from nearfield_cloud.composing.judgement import (
    LEAD_NAMES,
    Floats,
    Judgement,
    Regression,
    fit,
    with_lead,
)
from nearfield_cloud.configuration.composing import ComposingSection
from nearfield_models.embedding.engine import EmbeddingEngine, Vectors
from tools.bench.answers_data import AskedQuestion, QuestionSet, Ranking, contains_answer

EMBEDDING: Final = "minilm-l6-v2-int8"
MOST_WRONG: Final = 0.10
"""Share of the questions without an answer that may be given one."""
_CHOICE_RIDGE: Final = 30.0
_GROUNDING_RIDGE: Final = 30.0


class RememberedVectors:
    """An engine's vectors, each text computed once."""

    def __init__(self, engine: EmbeddingEngine) -> None:
        self._engine = engine
        self._known: dict[str, Vectors] = {}

    def of(self, texts: Sequence[str]) -> Vectors:
        """``float32[n, width]``."""
        unknown = list(dict.fromkeys(text for text in texts if text not in self._known))
        for text, vector in zip(unknown, self._engine.embed(unknown) if unknown else (), strict=True):
            self._known[text] = vector
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question with the evidence of each sentence that is weighed."""

    question: AskedQuestion
    names: tuple[str, ...]
    rows: Floats
    """``float64[n, d]``."""
    right: NDArray[np.bool_]
    """``bool[n]``: in the question's own passage, with an answer in it."""


def examples(
    questions: QuestionSet, engine: EmbeddingEngine, vectors: RememberedVectors
) -> Iterator[Example]:
    """Find passages for each question and weigh their sentences; what has no sentence is left out."""
    ranking = Ranking(questions.passages, engine)
    weighed = ComposingSection().sentences_weighed
    for question in questions.questions:
        vector = vectors.of([" ".join(question.text.split())])[0]
        reading = read(question.text, ranking.found(question.text, vector), weighed=weighed)
        if not reading.candidates:
            continue
        names, rows = weigh(reading, vectors.of(reading.to_embed))
        own = [reading.found[one.passage].chunk_id == question.passage_id for one in reading.candidates]
        told = [contains_answer(one.text, question.answers) for one in reading.candidates]
        yield Example(
            question=question, names=names, rows=rows, right=np.array(own, bool) & np.array(told, bool)
        )


def train(shown: Sequence[Example]) -> Judgement:
    """Train both regressions and set the threshold by articles held out from them."""
    return _trained(shown, threshold=_held_out_threshold(shown))


def held_out(all_examples: Sequence[Example]) -> dict[str, Judgement]:
    """By article: the judgement that was trained on all others."""
    return {
        article: train([one for one in all_examples if one.question.article != article])
        for article in _articles(all_examples)
    }


def held_out_shares(
    all_examples: Sequence[Example], judgements: Mapping[str, Judgement]
) -> tuple[float, float]:
    """Of the answerable questions, those given the right sentence; of the others, those given any."""
    right: list[bool] = []
    wrong: list[bool] = []
    for one in all_examples:
        judgement = judgements[one.question.article]
        chosen, confidence = judgement.best(one.rows)
        given = confidence >= judgement.threshold
        if one.question.answerable:
            right.append(given and bool(one.right[chosen]))
        else:
            wrong.append(given)
    return float(np.mean(right)), float(np.mean(wrong))


def _articles(of: Iterable[Example]) -> list[str]:
    return sorted({one.question.article for one in of})


def _held_out_threshold(shown: Sequence[Example]) -> float:
    """The confidence that `MOST_WRONG` of the unanswerable questions reach, of articles not trained on."""
    reached: list[float] = []
    for article in _articles(shown):
        judgement = _trained([one for one in shown if one.question.article != article], threshold=0.0)
        reached += [
            judgement.best(one.rows)[1]
            for one in shown
            if one.question.article == article and not one.question.answerable
        ]
    return float(np.quantile(reached, 1 - MOST_WRONG))


def _trained(shown: Sequence[Example], *, threshold: float) -> Judgement:
    names = shown[0].names
    answerable = [one for one in shown if one.question.answerable]
    choice = fit(
        names,
        np.concatenate([one.rows for one in answerable]),
        np.concatenate([one.right for one in answerable]),
        ridge=_CHOICE_RIDGE,
    )
    best = [_best(choice, one) for one in shown]
    grounding = fit(
        (*names, *LEAD_NAMES),
        np.array([row for row, _ in best]),
        np.array([right for _, right in best], bool),
        ridge=_GROUNDING_RIDGE,
    )
    return Judgement(choice=choice, grounding=grounding, threshold=threshold, embedding=EMBEDDING)


def _best(choice: Regression, example: Example) -> tuple[Floats, bool]:
    scores = choice.scores(example.rows)
    order = np.argsort(-scores, kind="stable")
    return with_lead(example.rows[order[0]], scores[order]), bool(example.right[order[0]])


def calibration_error(confidences: Floats, right: NDArray[np.bool_]) -> float:
    """The mean distance of confidence and share of right answers, over ten ranges of confidence."""
    bins = np.minimum((confidences * 10).astype(int), 9)
    gaps = [abs(float((confidences - right)[bins == one].sum())) for one in range(10)]
    return sum(gaps) / len(right)
