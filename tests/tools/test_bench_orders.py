from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from nearfield_models.errors import PackNotFoundError
from nearfield_models.grammar import match_text
from nearfield_models.pcm import HOP_SAMPLES
from nearfield_models.store import ModelStore
from tests.fakes.vad import ScriptedVad
from tools.bench import orders

LABEL = {"intent": "orderDrink", "slots": {"coffeeDrink": "latte", "size": "large"}}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("a large latte", True),
        ("a large latte with milk", True),
        ("a small latte", False),
        ("a latte", False),
        ("what do you have", False),
        ("mumble", False),
    ],
)
def test_an_order_is_right_when_every_labelled_slot_is(text: str, accepted: bool) -> None:
    matches = match_text(orders.coffee_grammar(), text)
    assert orders.is_accepted(matches[0] if matches else None, LABEL) is accepted


def test_figures_are_sums_over_the_orders() -> None:
    heard = [
        orders.Heard(
            name=str(number),
            transcript="",
            match=None,
            latency_seconds=number / 1_000,
            computing_seconds=0.1,
            sound_seconds=2.0,
        )
        for number in range(1, 102)
    ]
    figures = orders.figures_of(heard, accepted=60)
    assert figures["command_acceptance"] == pytest.approx(60 / 101)
    assert figures["latency_ms"] == {"p50": pytest.approx(51), "p95": pytest.approx(96)}
    assert figures["rtf"] == pytest.approx(0.05)
    assert orders.figures_of([], 0) == {"n": 0, "accepted": 0}


def arguments_for(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    orders.add_arguments(parser)
    return parser.parse_args(words)


def test_without_recordings_the_benchmark_says_what_it_could_not_measure(tmp_path: Path) -> None:
    report = orders.run(arguments_for("--data", str(tmp_path)))
    assert report.figures == {}
    assert str(tmp_path) in report.skipped[0]


@pytest.mark.recordings
@pytest.mark.models
def test_real_orders_in_noise_are_scored(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        for pack in ("moonshine-tiny-en", "silero-vad"):
            ModelStore.default().installed(pack)
    except PackNotFoundError as error:
        pytest.skip(str(error))
    words = ["--data", str(recordings / "orders"), "--limit", "4", "--show-wrong"]
    clean = orders.run(arguments_for(*words)).figures
    assert clean["n"] == 4
    assert clean["command_acceptance"] == clean["accepted"] / 4 >= 0.25
    assert 0 < clean["latency_ms"]["p50"] <= clean["latency_ms"]["p95"]
    assert capsys.readouterr().out.count("heard") == 4 - clean["accepted"]
    noisy = orders.run(
        arguments_for(*words, "--noise", str(recordings / "noise" / "kitchen.flac"), "--snr-db", "-20")
    ).figures
    assert noisy["accepted"] < clean["accepted"]


def test_an_utterance_keeps_the_sound_around_its_speech() -> None:
    samples = np.arange(500 * HOP_SAMPLES, dtype=np.float32)
    script = [0.0] * 100 + [1.0] * 50 + [0.0] * 30 + [1.0] * 20
    kept = orders.utterance(samples, ScriptedVad(script), 500, 500)
    assert kept[0] == (106 - 50) * HOP_SAMPLES
    assert kept[-1] == (200 + 50) * HOP_SAMPLES - 1
    assert orders.utterance(samples, ScriptedVad(), 500, 500).size == samples.size


@pytest.mark.parametrize(
    ("transcript", "holds"),
    [
        ("a 12-ounce dark roast coffee", True),
        ("a twelve ounce dark rose coffee", False),
        ("a twelve ounce dark roast covfefe", False),
    ],
)
def test_a_value_counts_as_heard_only_where_it_stands_word_for_word(transcript: str, holds: bool) -> None:
    label = {"slots": {"size": "twelve ounce", "roast": "dark roast", "coffeeDrink": "coffee"}}
    assert orders.holds_every_value(transcript, label) is holds
