from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from tools.bench.retrieval import Asked, _held_out, _rank, _scores, add_arguments, run

FACTS = {
    "Kettles": [
        "A kettle must be descaled with vinegar every month.",
        "The kettle boils in two minutes at sea level.",
    ],
    "Rivers": [
        "The Nile flows north through Egypt to the sea.",
        "The Danube passes four capitals of Europe.",
    ],
}


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_ranks_become_recall_and_reciprocals() -> None:
    scores = _scores([1, 4, 6, 10**6])
    assert scores["recall_at_1"] == 0.25
    assert scores["recall_at_5"] == 0.5
    assert scores["mrr"] == pytest.approx((1 + 1 / 4 + 1 / 6) / 4, abs=1e-5)


def test_the_first_passage_inside_the_right_one_counts() -> None:
    owners = {"a": "other", "b": "", "c": "gold", "d": "gold"}
    assert _rank(["a", "b", "c", "d"], "gold", owners) == 3
    assert _rank(["a", "b"], "gold", owners) > 5


def test_a_weight_is_chosen_without_the_article_that_it_is_scored_on() -> None:
    asked = [Asked(article=name, gold="", vectors={}, nearest=[], words={}) for name in ("x", "x", "y")]
    weights = [round(0.05 * number, 2) for number in range(21)]
    ranks = {weight: [9, 9, 9] for weight in weights}
    ranks[0.5] = [1, 1, 9]
    ranks[0.8] = [9, 9, 1]
    held_out = _held_out(asked, ranks)
    assert held_out["weights"] == [0.5, 0.8]
    assert held_out["recall_at_5"] == 0


@pytest.mark.models
def test_a_small_set_of_articles_is_measured_from_end_to_end(tmp_path: Path) -> None:
    try:
        ModelStore.default().installed("minilm-l6-v2-int8")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    passages = [
        {"passage_id": f"{title}/{at}", "title": title, "text": " ".join([text] * 3)}
        for title, texts in FACTS.items()
        for at, text in enumerate(texts)
    ]
    questions = [
        {"question": "How often is a kettle descaled?", "passage_id": "Kettles/0", "answerable": True},
        {"question": "Which way does the Nile flow?", "passage_id": "Rivers/0", "answerable": True},
        {"question": "Which river passes the moon?", "passage_id": "Rivers/1", "answerable": False},
    ]
    file = tmp_path / "articles.json"
    file.write_text(json.dumps({"passages": passages, "questions": questions}))
    figures = run(arguments("--data", str(file), "--scale", "100")).figures
    assert (figures["questions"], figures["documents"], figures["passages"]) == (2, 2, 4)
    assert figures["hybrid"]["recall_at_1"] == 1
    assert figures["search_ms"]["p50"] > 0
    assert figures["store_ms"]["sentences"] == 100


def test_without_the_data_it_says_what_is_missing(tmp_path: Path) -> None:
    report = run(arguments("--data", str(tmp_path / "nothing.json")))
    assert "nothing.json" in report.skipped[0]
    assert report.missed
