"""The search in the sentences of the coffee kiosk, with the real recogniser and real orders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

import nearfield_edge
from nearfield_models import load_asr
from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.decoding.calibration import read_calibration
from nearfield_models.decoding.recogniser import GrammarRecogniser
from nearfield_models.errors import PackNotFoundError
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples

PACK = "moonshine-tiny-en"
DRINKS = ["latte", "mocha", "espresso", "cappuccino", "americano", "coffee"]
CONFIDENT = 0.5

pytestmark = [pytest.mark.models, pytest.mark.recordings]


@pytest.fixture(scope="module")
def asr() -> MoonshineAsr:
    try:
        engine = load_asr(PACK)
    except PackNotFoundError as error:
        pytest.skip(str(error))
    assert isinstance(engine, MoonshineAsr)
    return engine


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    file = Path(nearfield_edge.__file__).parent / "shipped_skills" / "coffee" / "sentences.yaml"
    templates = yaml.safe_load(file.read_text("utf-8"))
    return compile_grammar([SentenceSource(skill="coffee", templates=templates)])


@pytest.fixture(scope="module")
def listener(asr: MoonshineAsr, grammar: Grammar) -> GrammarRecogniser[Any, Any]:
    calibration = read_calibration(PACK)
    assert calibration is not None
    return GrammarRecogniser(asr.model, asr.tokens, grammar, calibration)


@pytest.fixture(scope="module")
def orders(recordings: Path) -> list[tuple[Samples, dict[str, str]]]:
    folder = recordings / "orders"
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    return [
        (soundfile.read(folder / "speech" / name, dtype="float32")[0], labels[name]["slots"])
        for name in sorted(labels)[::53][:6]
    ]


def test_real_orders_are_understood(
    listener: GrammarRecogniser[Any, Any], orders: list[tuple[Samples, dict[str, str]]]
) -> None:
    for sound, slots in orders:
        listened = listener.listen(sound)
        assert listened is not None
        best = listened.readings[0]
        understood = {name: slot.value for name, slot in best.match.slots.items()}
        assert slots.items() <= understood.items()
        assert best.confidence > CONFIDENT


def test_real_orders_that_are_searched_while_they_are_said_are_understood_alike(
    listener: GrammarRecogniser[Any, Any], orders: list[tuple[Samples, dict[str, str]]]
) -> None:
    for sound, slots in orders:
        so_far = None
        for end in range(SAMPLE_RATE_HZ, sound.size, SAMPLE_RATE_HZ // 3):
            partial = listener.listen(sound[:end], so_far=so_far, is_whole=False)
            assert partial is not None
            so_far = partial.so_far
        listened = listener.listen(sound, so_far=so_far)
        assert listened is not None
        best = listened.readings[0]
        assert slots.items() <= {name: slot.value for name, slot in best.match.slots.items()}.items()
        assert best.confidence > CONFIDENT


def test_an_order_for_what_is_not_on_the_menu_is_doubted(
    listener: GrammarRecogniser[Any, Any],
    grammar: Grammar,
    orders: list[tuple[Samples, dict[str, str]]],
) -> None:
    sound, slots = orders[0]
    listener.change(
        grammar.with_list(
            "coffee", "coffeeDrink", [drink for drink in DRINKS if drink not in slots["coffeeDrink"]]
        )
    )
    try:
        listened = listener.listen(sound)
    finally:
        listener.change(grammar)
    assert listened is not None
    assert all(reading.confidence < CONFIDENT for reading in listened.readings)


def test_silence_and_noise_are_no_order(listener: GrammarRecogniser[Any, Any]) -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.02, 2 * SAMPLE_RATE_HZ).astype(np.float32)
    for sound in (np.zeros(SAMPLE_RATE_HZ, np.float32), noise):
        listened = listener.listen(sound)
        assert listened is not None
        assert all(reading.confidence < CONFIDENT for reading in listened.readings)
