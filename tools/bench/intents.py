"""The paraphrase classifier on CLINC150: 150 intents, and sentences that are for none of them.

Trained on the training part alone (``train`` and ``oos_train``), the threshold included; scored on the
validation part (``val`` and ``oos_val``). An in-scope sentence counts as right when its intent is found and
not rejected; a rejection is an error. Both shares are those of the one threshold.

* ``training_seconds``: from sentences to weights; ``embedding_seconds`` of them are the model's.
* ``inference_ms``: one sentence, from text to answer; ``classifier_share`` of it is not the model's.

With ``--within-training`` nothing of the validation part is looked at: a fifth of the training part is
scored, trained without it. It is what to compare ideas by.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.embedding.engine import EmbeddingCapabilities, EmbeddingEngine, Vectors
from nearfield_models.engines import load_embedding
from nearfield_models.intents import Example, ParaphraseClassifier, ParaphraseGuess, Teaching, learn
from nearfield_models.intents.teaching import normalised
from nearfield_models.runtime.session import RuntimeOptions
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

_SKILL: Final = "clinc150"
_TIMED: Final = 300
_WRITTEN_TOGETHER: Final = 20
TARGETS: Final = (
    Target(name="in scope", figure="in_scope_accuracy", at="least", value=0.96),
    Target(name="out of scope", figure="out_of_scope_recall", at="least", value=0.70),
    Target(name="training", figure="training_seconds", at="most", value=60, unit="s"),
    Target(name="inference", figure="inference_ms.p50", at="most", value=6, unit="ms"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Sentences to train on or to score."""

    in_scope: Sequence[tuple[str, str]]
    """Text and intent."""
    out_of_scope: Sequence[str]


class TimedEmbedding:
    """An engine that adds up how long it took."""

    def __init__(self, engine: EmbeddingEngine) -> None:
        self._engine = engine
        self.seconds = 0.0

    @property
    def capabilities(self) -> EmbeddingCapabilities:
        """The engine's own."""
        return self._engine.capabilities

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the engine does."""
        started = time.perf_counter()
        vectors = self._engine.embed(texts)
        self.seconds += time.perf_counter() - started
        return vectors

    def count_tokens(self, text: str) -> int:
        """As the engine does."""
        return self._engine.count_tokens(text)

    def warm_up(self) -> None:
        """As the engine does."""
        self._engine.warm_up()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--data", type=Path, default=default_data() / "nlu" / "clinc150_train_val.json", metavar="FILE"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of training")
    parser.add_argument("--runtime", choices=("onnxruntime", "openvino"), default="onnxruntime")
    parser.add_argument(
        "--within-training",
        action="store_true",
        help="score a fifth of the training part, trained without it, instead of the validation part",
    )


def run(arguments: argparse.Namespace) -> Report:
    """Train and score."""
    scored_part = "a fifth of the training part" if arguments.within_training else "validation part"
    title = f"paraphrases on CLINC150, {scored_part}"
    if not arguments.data.is_file():
        reason = f"all of it: there is no {arguments.data}, name the file with --data"
        return Report(name="intents", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    document = json.loads(arguments.data.read_text("utf-8"))
    training, scored = read_parts(document, within_training=arguments.within_training)
    engine = TimedEmbedding(load_embedding(runtime=RuntimeOptions(engine=arguments.runtime, device="CPU")))
    engine.warm_up()
    started, processor = time.perf_counter(), time.process_time()
    learned = learn(teaching_from(training), engine, seed=arguments.seed)
    training_seconds, embedding_seconds = time.perf_counter() - started, engine.seconds
    classifier = ParaphraseClassifier(engine, learned)
    figures = {
        **accuracy(classifier, scored),
        "threshold": learned.threshold,
        "temperature": learned.temperature,
        "training_seconds": training_seconds,
        "training_processor_seconds": time.process_time() - processor,
        "embedding_seconds": embedding_seconds,
        "weights_bytes": learned.regression.weights.nbytes,
        "inference_ms": speed(classifier, engine, [text for text, _ in scored.in_scope[:: 3000 // _TIMED]]),
        "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "runtime": arguments.runtime,
        "seed": arguments.seed,
    }
    packages = ("numpy", arguments.runtime)
    return Report(name="intents", title=title, figures=figures, targets=TARGETS, packages=packages)


def read_parts(document: dict[str, Any], *, within_training: bool) -> tuple[Part, Part]:
    """What to train on and what to score."""
    train = Part(
        in_scope=[(text, intent) for text, intent in document["train"]],
        out_of_scope=[text for text, _ in document["oos_train"]],
    )
    if not within_training:
        return train, Part(
            in_scope=[(text, intent) for text, intent in document["val"]],
            out_of_scope=[text for text, _ in document["oos_val"]],
        )
    return tuple(  # type: ignore[return-value]
        Part(
            in_scope=[one for at, one in enumerate(train.in_scope) if (at % 5 == 0) is held],
            out_of_scope=[one for at, one in enumerate(train.out_of_scope) if (at % 5 == 0) is held],
        )
        for held in (False, True)
    )


def teaching_from(part: Part) -> Teaching:
    """The sentences as the classifier is taught them.

    Neighbours in the file were written by the same people, so they are a family: held out one by one, they
    would look easier than other people's sentences are.
    """
    seen: Counter[str] = Counter()
    examples = []
    for text, intent in part.in_scope:
        family = f"{intent} {seen[intent] // _WRITTEN_TOGETHER}"
        seen[intent] += 1
        examples.append(Example(skill=_SKILL, intent=intent, text=normalised(text), family=family))
    return Teaching(
        examples=tuple(examples),
        out_of_scope=tuple(normalised(text) for text in part.out_of_scope),
    )


def accuracy(classifier: ParaphraseClassifier, part: Part) -> dict[str, Any]:
    """Score answers and rejections at the classifier's own threshold, and the probabilities beside them."""
    guesses = classifier.likeliest([text for text, _ in part.in_scope])
    strangers = classifier.likeliest(part.out_of_scope)
    right = np.array(
        [guess.intent == intent for guess, (_, intent) in zip(guesses, part.in_scope, strict=True)]
    )
    sure = np.array([guess.probability for guess in guesses])
    accepted = sure >= classifier.threshold
    rejected = np.array([guess.probability < classifier.threshold for guess in strangers])
    return {
        "sentences_in_scope": len(right),
        "sentences_out_of_scope": len(rejected),
        "in_scope_accuracy": float((right & accepted).mean()),
        "out_of_scope_recall": float(rejected.mean()),
        "without_rejection_accuracy": float(right.mean()),
        "in_scope_rejected": float((~accepted).mean()),
        "calibration_error": calibration_error(guesses, right),
    }


def calibration_error(guesses: Sequence[ParaphraseGuess], right: NDArray[np.bool_]) -> float:
    """The mean distance of probability and share of right answers, over ten ranges of probability."""
    sure = np.array([guess.probability for guess in guesses])
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(float((sure - right)[bins == one].sum())) for one in range(10)]
    return sum(gaps) / len(right)


def speed(classifier: ParaphraseClassifier, engine: TimedEmbedding, texts: Sequence[str]) -> dict[str, float]:
    """Time single sentences."""
    engine.seconds = 0.0
    taken = []
    for text in texts:
        started = time.perf_counter()
        classifier.guess(text)
        taken.append(time.perf_counter() - started)
    return {
        "p50": float(np.percentile(taken, 50)) * 1e3,
        "p95": float(np.percentile(taken, 95)) * 1e3,
        "classifier_share": 1 - engine.seconds / sum(taken),
    }
