from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from nearfield_models.intents import ParaphraseClassifier, ParaphraseGuess, learn
from tests.fakes.embedding import BagOfWordsEmbedding
from tools.bench import intents

DOCUMENT = {
    "train": [
        [f"{verb} {noun}", intent] for intent, verb in (("buy", "get"), ("sell", "give")) for noun in "abcde"
    ],
    "oos_train": [[f"where {noun}", "oos"] for noun in "vwxyz"],
    "val": [["get f", "buy"], ["give f", "sell"], ["give g", "buy"]],
    "oos_val": [["where f", "oos"], ["get v", "oos"]],
}


def arguments_for(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    intents.add_arguments(parser)
    return parser.parse_args(words)


def test_a_rejection_counts_as_an_error_and_both_shares_are_of_one_threshold() -> None:
    training, scored = intents.read_parts(DOCUMENT, within_training=False)
    engine = BagOfWordsEmbedding()
    classifier = ParaphraseClassifier(engine, learn(intents.teaching_from(training), engine))
    figures = intents.accuracy(classifier, scored)
    assert (figures["sentences_in_scope"], figures["sentences_out_of_scope"]) == (3, 2)
    answered = [classifier.guess(text) for text, _ in scored.in_scope]
    right = [
        guess is not None and guess.intent == label
        for guess, (_, label) in zip(answered, scored.in_scope, strict=True)
    ]
    assert figures["in_scope_accuracy"] == pytest.approx(sum(right) / 3)
    assert figures["in_scope_accuracy"] <= figures["without_rejection_accuracy"] <= 2 / 3
    rejected = [classifier.guess(text) is None for text in scored.out_of_scope]
    assert figures["out_of_scope_recall"] == pytest.approx(sum(rejected) / 2)


def test_within_the_training_part_nothing_of_the_validation_part_is_read() -> None:
    only_training = {"train": DOCUMENT["train"], "oos_train": DOCUMENT["oos_train"]}
    training, scored = intents.read_parts(only_training, within_training=True)
    assert (len(training.in_scope), len(scored.in_scope)) == (8, 2)
    assert (len(training.out_of_scope), len(scored.out_of_scope)) == (4, 1)
    assert not set(training.in_scope) & set(scored.in_scope)


def test_neighbours_in_the_file_are_a_family() -> None:
    part = intents.Part(in_scope=[(f"word {number}", "buy") for number in range(41)], out_of_scope=())
    families = [example.family for example in intents.teaching_from(part).examples]
    assert families[0] == families[19] != families[20]
    assert len(set(families)) == 3


def test_honest_probabilities_have_no_calibration_error() -> None:
    guesses = [ParaphraseGuess(skill="a", intent="b", probability=0.75)] * 4
    assert intents.calibration_error(guesses, np.array([True, True, True, False])) == 0
    assert intents.calibration_error(guesses, np.array([False] * 4)) == pytest.approx(0.75)


def test_without_the_sentences_the_benchmark_says_what_it_could_not_measure(tmp_path: Path) -> None:
    report = intents.run(arguments_for("--data", str(tmp_path / "absent.json")))
    assert report.figures == {}
    assert "absent.json" in report.skipped[0]
    assert len(report.missed) == 4
