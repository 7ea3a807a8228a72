"""The paraphrase classifier: which intent a sentence means, how surely, or that it is for no skill.

A logistic regression over sentence features, with a class of its own for what is out of scope. What
cross-validation on the taught sentences shows decides the temperature, which makes the probabilities honest,
and the threshold, below which a sentence counts as out of scope.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.errors import TeachingError
from nearfield_models.intents.features import sentence_features
from nearfield_models.intents.regression import (
    Floats,
    Numbers,
    Regression,
    cross_validated,
    fit,
    fitting_temperature,
    probabilities,
)
from nearfield_models.intents.teaching import Teaching, normalised

FOLDS: Final = 4
OUT_OF_SCOPE_WEIGHT: Final = 5.0
"""What one sentence out of scope counts for in training."""
OUT_OF_SCOPE_RECALL: Final = 0.75
"""The share of held-out sentences out of scope that the threshold rejects."""
LEAST_PROBABILITY: Final = 0.3
"""No threshold is lower: sentences to learn from are more alike than what people say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParaphraseGuess:
    """What a sentence was probably meant to say."""

    skill: str
    intent: str
    probability: float
    """Calibrated on sentences that were held out of the training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training found."""

    intents: tuple[tuple[str, str], ...]
    """Skill and intent of each class; the class behind the last is out of scope."""
    regression: Regression
    temperature: float
    threshold: float
    """The least probability of an answer."""


class ParaphraseClassifier:
    """Guesses what a sentence means that the grammar does not know."""

    def __init__(self, engine: EmbeddingEngine, learned: Learned, language: str = "en") -> None:
        self._engine = engine
        self._learned = learned
        self._language = language

    @property
    def threshold(self) -> float:
        """The least probability of an answer."""
        return self._learned.threshold

    def guess(
        self, text: str, *, possible: Collection[tuple[str, str]] | None = None
    ) -> ParaphraseGuess | None:
        """Say what a sentence means; None where it is out of scope.

        Args:
            text: A transcript.
            possible: Skills and intents that can be meant now; what was likely of the others goes to these
                and to what is out of scope, in proportion. None means all.

        Raises:
            EngineError: The embedding model failed.
        """
        if possible is not None and not any(intent in possible for intent in self._learned.intents):
            return None
        found = self.likeliest([text], possible=possible)[0]
        return found if found.probability >= self._learned.threshold else None

    def likeliest(
        self, texts: Sequence[str], *, possible: Collection[tuple[str, str]] | None = None
    ) -> tuple[ParaphraseGuess, ...]:
        """The likeliest intent of each sentence, however unlikely it is; arguments and errors as `guess`."""
        written = [normalised(text, self._language) for text in texts]
        scores = self._learned.regression.scores(sentence_features(self._engine, written))
        if possible is not None:
            impossible = [intent not in possible for intent in self._learned.intents]
            scores[:, :-1][:, impossible] = -np.inf
        best, sure = _answers(scores, self._learned.temperature)
        return tuple(
            ParaphraseGuess(
                skill=self._learned.intents[number][0],
                intent=self._learned.intents[number][1],
                probability=float(probability),
            )
            for number, probability in zip(best, sure, strict=True)
        )


def learn(teaching: Teaching, engine: EmbeddingEngine, *, seed: int = 0) -> Learned:
    """Train on sentences; the same again for the same sentences, model and seed.

    Raises:
        TeachingError: There are too few sentences of a kind.
        EngineError: The embedding model failed.
    """
    if not teaching.examples or len(teaching.out_of_scope) < FOLDS:
        raise TeachingError(
            f"{len(teaching.examples)} sentences in scope and {len(teaching.out_of_scope)} out of scope "
            f"were given: expected at least 1 and {FOLDS}"
        )
    intents = sorted({(example.skill, example.intent) for example in teaching.examples})
    numbers = {intent: number for number, intent in enumerate(intents)}
    texts = [*(example.text for example in teaching.examples), *teaching.out_of_scope]
    classes = np.full(len(texts), len(intents), np.int64)
    for row, example in enumerate(teaching.examples):
        classes[row] = numbers[example.skill, example.intent]
    features = sentence_features(engine, texts)
    # More threads than one would wait for each other by spinning, which takes minutes beside other work.
    with threadpool_limits(1, user_api="blas"):
        return _learn(teaching, tuple(intents), features, classes, seed)


def _learn(
    teaching: Teaching, intents: tuple[tuple[str, str], ...], features: Floats, classes: Numbers, seed: int
) -> Learned:
    weighing = np.where(classes == len(intents), OUT_OF_SCOPE_WEIGHT, 1.0).astype(np.float32)
    count = len(intents) + 1
    held_out = cross_validated(features, classes, weighing, count, _folds(teaching, classes, seed), seed)
    temperature = fitting_temperature(held_out, classes, weighing)
    return Learned(
        intents=intents,
        regression=fit(features, classes, weighing, count, seed),
        temperature=temperature,
        threshold=_threshold(held_out, classes, temperature),
    )


def _answers(scores: Floats, temperature: float) -> tuple[Numbers, Floats]:
    """The likeliest class in scope, and its probability."""
    likely = probabilities(scores, temperature)[:, :-1]
    best = likely.argmax(axis=1)
    return best, likely[np.arange(len(best)), best]


def _threshold(held_out: Floats, classes: Numbers, temperature: float) -> float:
    """The lowest allowed that rejects ``OUT_OF_SCOPE_RECALL`` of the held-out sentences out of scope."""
    _, sure = _answers(held_out[classes == held_out.shape[1] - 1], temperature)
    rejected = int(np.ceil(OUT_OF_SCOPE_RECALL * len(sure)))
    # Just above the last to be rejected: an answer needs at least the threshold.
    return max(float(np.nextafter(np.sort(sure)[rejected - 1], np.float32(1))), LEAST_PROBABILITY)


def _folds(teaching: Teaching, classes: Numbers, seed: int) -> Numbers:
    """Deal each class's families out to the folds; its sentences, where it has fewer families than folds."""
    generator = np.random.default_rng(seed)
    families = [example.family for example in teaching.examples] + [""] * len(teaching.out_of_scope)
    folds = np.zeros(len(classes), np.int64)
    for number in np.unique(classes):
        rows = np.flatnonzero(classes == number)
        names = [families[row] or f"\n{row}" for row in rows]
        kinds = list(dict.fromkeys(names))
        if len(kinds) < FOLDS:
            names = [str(row) for row in rows]
            kinds = list(names)
        dealt = dict(zip(kinds, generator.permutation(len(kinds)) % FOLDS, strict=True))
        folds[rows] = [dealt[name] for name in names]
    return folds
