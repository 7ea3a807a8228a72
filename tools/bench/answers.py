"""Answers composed out of passages: SQuAD 2.0, half of whose questions have no answer in their passage.

For each question five passages are found among all 333, and the composer answers or declines. Each article's
questions are answered with weights, threshold included, that were trained on the other articles alone.

* ``answered_right``: of the answerable questions, those whose spoken answer is given, holds an answer of the
  set (normalised as SQuAD does) as whole words, and is no longer than the words that may be spoken.
* ``answered_wrong``: of the same, those given another answer.
* ``unanswerable_answered``: of the questions without an answer, those given one all the same.
* ``right_at_10_percent``: ``answered_right`` were the threshold set, on these very questions, so that exactly
  a tenth of the unanswerable ones is answered; the other shares likewise. It is the curve that was drawn.
* ``worded_by_local_model``: with ``--composer local-model``, the share of all questions for which the
  model's own words passed the check; ``composing_mean_ms`` has the vectors at hand.
* ``latency_ms``: one question from text to sentences, by the extract alone, its sentences embedded anew.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_cloud.caller import Caller
from nearfield_cloud.composing.composer import Composed, Composer
from nearfield_cloud.composing.extract import ExtractiveComposer
from nearfield_cloud.composing.judgement import Judgement
from nearfield_cloud.composing.local_model import LocalModelComposer
from nearfield_cloud.configuration.composing import ComposingSection
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.question import Question
from nearfield_models.embedding.engine import EmbeddingEngine, Vectors
from nearfield_models.engines import load_embedding, load_language
from nearfield_models.language.engine import LanguageEngine
from tools.bench.answers_data import AskedQuestion, Ranking, contains_answer, read_questions
from tools.bench.answers_plot import curve_svg
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target
from tools.composer_training import (
    EMBEDDING,
    RememberedVectors,
    calibration_error,
    examples,
    held_out,
)

_CALLER: Final = Caller(tenant="bench", subject="bench", kind="application", roles=frozenset())
_SHARES: Final = (0.05, 0.10, 0.20, 0.30)
_TIMED: Final = 300
_POINTS: Final = 101
TARGETS: Final = (
    Target(name="unanswerable", figure="unanswerable_answered", at="most", value=0.10),
    Target(name="answerable", figure="answered_right", at="least", value=0.60),
    Target(name="latency", figure="latency_ms.p50", at="most", value=60, unit="ms"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One question and what came of it, were every answer given."""

    question: AskedQuestion
    given: bool
    """Whether the confidence reaches the threshold of the weights."""
    confidence: float
    right: bool
    words: int
    passage_found: bool
    reason: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--data", type=Path, default=default_data() / "qa" / "squad2_part.json", metavar="FILE"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="answer only each Nth question")
    parser.add_argument(
        "--composer",
        choices=("extract", "local-model"),
        default="extract",
        help="local-model lets the pack gemma3-270m word each answer: take it with --every",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the curve")


def run(arguments: argparse.Namespace) -> Report:
    """Train with one article left out, and answer its questions."""
    title = "answers out of passages, SQuAD 2.0, one article left out at a time"
    if not arguments.data.is_file():
        reason = f"all of it: there is no {arguments.data}, name the file with --data"
        return Report(name="answers", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    questions = read_questions(arguments.data)
    engine = load_embedding(EMBEDDING)
    engine.warm_up()
    vectors = RememberedVectors(engine)
    judgements = held_out(list(examples(questions, engine, vectors)))
    ranking = Ranking(questions.passages, engine)
    asked = [
        (one, ranking.found(one.text, vectors.of([" ".join(one.text.split())])[0]))
        for one in questions.questions[:: arguments.every]
    ]
    language = load_language() if arguments.composer == "local-model" else None
    started = time.perf_counter()
    answered = asyncio.run(_answer_all(asked, judgements, vectors, language))
    seconds = time.perf_counter() - started
    points = curve(answered)
    figures = {
        "composer": arguments.composer,
        **shares(answered),
        "worded_by_local_model": float(np.mean(["worded by" in one.reason for one in answered])),
        "composing_mean_ms": seconds / len(answered) * 1e3,
        "curve": [[round(wrong, 4), round(right, 4)] for wrong, right in points],
        "latency_ms": asyncio.run(_speed(asked[:: max(1, len(asked) // _TIMED)], judgements, engine)),
    }
    if arguments.svg is not None:
        chosen = (figures["unanswerable_answered"], figures["answered_right"])
        arguments.svg.write_text(curve_svg({"extract": points}, chosen), encoding="utf-8")
    return Report(
        name="answers", title=title, figures=figures, targets=TARGETS, packages=("numpy", "onnxruntime")
    )


async def _answer_all(
    asked: Sequence[tuple[AskedQuestion, Sequence[Found]]],
    judgements: dict[str, Judgement],
    vectors: RememberedVectors,
    language: LanguageEngine | None,
) -> list[Answered]:
    async def embed(texts: Sequence[str]) -> Vectors:
        return vectors.of(texts)

    settings = ComposingSection(least_confidence=0.0)
    composers: dict[str, Composer] = {}
    for article, judgement in judgements.items():
        extract = ExtractiveComposer(embed, judgement, settings)
        composers[article] = LocalModelComposer(extract, language, settings) if language else extract
    return [
        await _answer(composers[one.article], judgements[one.article], one, found, settings)
        for one, found in asked
    ]


async def _answer(
    composer: Composer,
    judgement: Judgement,
    asked: AskedQuestion,
    found: Sequence[Found],
    settings: ComposingSection,
) -> Answered:
    composed = await composer.compose(_question(asked.text), found)
    text = spoken_text(composed)
    words = len(text.split())
    return Answered(
        question=asked,
        given=composed.confidence >= judgement.threshold,
        confidence=composed.confidence,
        right=contains_answer(text, asked.answers) and words <= settings.longest_answer_words,
        words=words,
        passage_found=any(one.chunk_id == asked.passage_id for one in found),
        reason=composed.reason,
    )


async def _speed(
    asked: Sequence[tuple[AskedQuestion, Sequence[Found]]],
    judgements: dict[str, Judgement],
    engine: EmbeddingEngine,
) -> dict[str, float]:
    async def embed(texts: Sequence[str]) -> Vectors:
        return await asyncio.to_thread(engine.embed, texts)

    taken = []
    for one, found in asked:
        composer = ExtractiveComposer(embed, judgements[one.article], ComposingSection())
        started = time.perf_counter()
        await composer.compose(_question(one.text), found)
        taken.append(time.perf_counter() - started)
    return {f"p{part}": float(np.percentile(taken, part)) * 1e3 for part in (50, 95)}


def _question(text: str) -> Question:
    return Question(turn_id="bench", text=text, caller=_CALLER)


def spoken_text(composed: Composed) -> str:
    """All sentences as one text."""
    return " ".join(sentence.text for sentence in composed.sentences)


def shares(answered: Sequence[Answered]) -> dict[str, Any]:
    """The figures at the thresholds of the weights, and along the curve."""
    answerable = np.array([one.question.answerable for one in answered])
    given = np.array([one.given for one in answered])
    right = np.array([one.right for one in answered])
    sure = np.array([one.confidence for one in answered])
    found = np.array([one.passage_found for one in answered])
    return {
        "questions": len(answered),
        "answerable": int(answerable.sum()),
        "passage_found": float(found.mean()),
        "best_sentence_right": float(right[answerable].mean()),
        "answered_right": float((given & right)[answerable].mean()),
        "answered_wrong": float((given & ~right)[answerable].mean()),
        "unanswerable_answered": float(given[~answerable].mean()),
        **{
            f"right_at_{share * 100:.0f}_percent": float(
                (right & (sure > np.quantile(sure[~answerable], 1 - share)))[answerable].mean()
            )
            for share in _SHARES
        },
        "ranks_answerable_higher": _higher(sure, answerable),
        "calibration_error": calibration_error(sure, right & answerable),
        "spoken_words_p50": float(np.median([one.words for one in answered])),
        "longest_spoken_words": max(one.words for one in answered),
    }


def curve(answered: Sequence[Answered]) -> list[tuple[float, float]]:
    """Points of falling thresholds: unanswerable ones that are answered, answerable ones answered right."""
    answerable = np.array([one.question.answerable for one in answered])
    right = np.array([one.right for one in answered])
    sure = np.array([one.confidence for one in answered])
    thresholds = np.quantile(sure[~answerable], np.linspace(1, 0, _POINTS))
    return [
        (float((sure[~answerable] >= least).mean()), float((right & (sure >= least))[answerable].mean()))
        for least in thresholds
    ]


def _higher(sure: NDArray[np.float64], answerable: NDArray[np.bool_]) -> float:
    """How often an answerable question is the more confident one of a pair: the area under the curve."""
    ranks = np.empty(len(sure))
    ranks[np.argsort(sure)] = np.arange(len(sure))
    positives = int(answerable.sum())
    return float((ranks[answerable].mean() - (positives - 1) / 2) / (len(sure) - positives))
