from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from tools.bench import paraphrases


def arguments_for(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    paraphrases.add_arguments(parser)
    return parser.parse_args(words)


def test_without_the_sentences_the_benchmark_says_what_it_could_not_measure(tmp_path: Path) -> None:
    report = paraphrases.run(arguments_for("--data", str(tmp_path / "absent.json")))
    assert report.figures == {}
    assert "absent.json" in report.skipped[0]


@pytest.mark.models
def test_a_wish_for_coffee_is_taken_and_a_wish_for_music_is_not(tmp_path: Path) -> None:
    try:
        ModelStore.default().installed("minilm-l6-v2-int8")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    data = tmp_path / "said.json"
    said = {"val": [["i could do with a big cappuccino", "thirsty"]], "oos_val": [["play a waltz", "oos"]]}
    data.write_text(json.dumps(said), "utf-8")
    figures = paraphrases.run(arguments_for("--data", str(data))).figures
    assert (figures["strangers"], figures["taken"]["at_0.4"]) == (2, 0.5)
    assert figures["most_taken"] == [("thirsty", 1)]
