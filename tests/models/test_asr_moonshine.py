from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models import load_asr
from nearfield_models.asr.engine import Hypothesis
from nearfield_models.asr.moonshine import MoonshineAsr, joined
from nearfield_models.asr.moonshine_greedy import decode_greedily, loop_length
from nearfield_models.asr.moonshine_model import log_probabilities
from nearfield_models.asr.tokens import END
from nearfield_models.errors import CancelledWorkError, EngineError, PackNotFoundError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from tests.fakes.cancellation import CancelsAfter


@pytest.fixture(scope="module")
def asr() -> MoonshineAsr:
    try:
        engine = load_asr("moonshine-tiny-en")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    assert isinstance(engine, MoonshineAsr)
    return engine


@pytest.fixture(scope="module")
def orders(recordings: Path) -> list[Samples]:
    folder = recordings / "orders"
    names = sorted(json.loads((folder / "labels.json").read_text()))
    return [soundfile.read(folder / "speech" / name, dtype="float32")[0] for name in names[::20]]


@pytest.mark.models
@pytest.mark.recordings
def test_every_token_has_its_probability(asr: MoonshineAsr, orders: list[Samples]) -> None:
    for sound in orders[:4]:
        found = asr.transcribe(sound)
        assert len(found.log_probabilities) == len(found.tokens) > 3
        assert all(score <= 0 for score in found.log_probabilities)
        assert asr.tokens.decode(found.tokens).strip() == found.text


@pytest.mark.models
@pytest.mark.recordings
def test_partials_of_an_order_never_change_its_text(asr: MoonshineAsr, orders: list[Samples]) -> None:
    for sound in orders:
        whole = asr.transcribe(sound)
        for share in (0.5, 0.7, 1.0):
            earlier = asr.transcribe(sound[: int(share * sound.size)])
            assert asr.transcribe(sound, earlier=earlier).text == whole.text


@pytest.mark.models
@pytest.mark.recordings
def test_a_guess_is_followed_exactly_where_it_is_right_and_left_where_it_is_wrong(
    asr: MoonshineAsr, orders: list[Samples]
) -> None:
    for sound in orders:
        encoded = asr.model.encode(sound)
        whole = decode_greedily(asr.model, asr.tokens, encoded)
        misheard = (*whole.tokens[:4], 5000, 6000)
        for guess in (whole.tokens, whole.tokens[:3], misheard, (*whole.tokens, 5000)):
            assert decode_greedily(asr.model, asr.tokens, encoded, guess=guess).tokens == whole.tokens


@pytest.mark.models
@pytest.mark.recordings
def test_a_right_guess_saves_steps(asr: MoonshineAsr, orders: list[Samples]) -> None:
    saved = 0
    for sound in orders:
        encoded = asr.model.encode(sound)
        plain, guided = CancelsAfter(10**6), CancelsAfter(10**6)
        whole = decode_greedily(asr.model, asr.tokens, encoded, cancellation=plain)
        decode_greedily(asr.model, asr.tokens, encoded, guess=whole.tokens, cancellation=guided)
        saved += guided.left > plain.left
    assert saved >= len(orders) // 4


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.parametrize("looks", [0, 1, 2, 5])
def test_a_cancellation_takes_effect_between_steps(
    asr: MoonshineAsr, orders: list[Samples], looks: int
) -> None:
    with pytest.raises(CancelledWorkError):
        asr.transcribe(orders[0], cancellation=CancelsAfter(looks))


@pytest.mark.models
@pytest.mark.recordings
def test_real_orders_meet_neither_the_length_limit_nor_the_guard(
    asr: MoonshineAsr, orders: list[Samples]
) -> None:
    assert {asr.transcribe(sound).stopped_by for sound in orders} == {"end"}


@pytest.mark.models
@pytest.mark.recordings
def test_a_decoder_that_loops_on_noise_is_stopped_after_its_first_round(
    asr: MoonshineAsr, recordings: Path
) -> None:
    noise, _ = soundfile.read(
        recordings / "noise" / "kitchen.flac", dtype="float32", frames=20 * SAMPLE_RATE_HZ
    )
    found = asr.transcribe(noise)
    assert found.stopped_by == "repetition"
    assert len(found.tokens) == len(found.log_probabilities) < 24


@pytest.mark.models
@pytest.mark.recordings
def test_hypotheses_side_by_side_are_told_apart_and_reordered(
    asr: MoonshineAsr, orders: list[Samples]
) -> None:
    model = asr.model
    whole = asr.transcribe(orders[0]).tokens
    first, past = model.begin(model.encode(orders[0]))
    assert first.argmax() == whole[0]
    pair = past.take([0, 0])
    logits, pair = model.extend(pair, np.array([[whole[0], whole[1]], [whole[0], 5000]], np.int64))
    assert logits.shape == (2, 2, len(asr.tokens))
    assert (pair.rows, pair.tokens) == (2, 3)
    swapped = pair.take([1, 0, 0])
    assert swapped.rows == 3
    for before, after in zip(pair.own, swapped.own, strict=True):
        assert np.array_equal(after, before[[1, 0, 0]])
        assert not np.array_equal(before[0], before[1])
    following, _ = model.extend(swapped, np.array([[5000], [whole[2]], [whole[2]]], np.int64))
    assert following[1, 0].argmax() == following[2, 0].argmax() == whole[3]
    again, _ = model.extend(pair.cut(2).take([0]), np.array([[whole[1], whole[2]]], np.int64))
    assert again[0, 1].argmax() == whole[3]


@pytest.mark.models
def test_the_model_refuses_what_it_cannot_take(asr: MoonshineAsr) -> None:
    with pytest.raises(EngineError, match="895 samples or more"):
        asr.model.encode(np.zeros(894, np.float32))
    _, past = asr.model.begin(asr.model.encode(np.zeros(895, np.float32)))
    with pytest.raises(EngineError, match="1 rows"):
        asr.model.extend(past, np.array([[END], [END]], np.int64))
    with pytest.raises(EngineError, match="failed while running"):
        asr.model.extend(past, np.array([[10**6]], np.int64))


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=50))
def test_probabilities_sum_to_one(logits: list[float]) -> None:
    assert np.exp(log_probabilities(np.array(logits, np.float32))).sum() == pytest.approx(1, abs=1e-4)


@given(
    start=st.lists(st.integers(3, 9), max_size=30),
    round_=st.lists(st.integers(10, 19), min_size=1, max_size=12, unique=True),
    times=st.integers(1, 40),
)
def test_a_loop_is_cut_to_its_first_round_and_less_is_left_alone(
    start: list[int], round_: list[int], times: int
) -> None:
    tokens = [*start, *round_ * times]
    enough = max(6, -(-24 // len(round_)))
    if times < enough:
        assert loop_length(tokens) == 0
    else:
        assert loop_length(tokens) == len(round_) * (enough - 1)


@given(st.lists(st.integers(), max_size=200))
def test_no_more_than_there_is_ever_counts_as_a_loop(tokens: list[int]) -> None:
    assert 0 <= loop_length(tokens) < max(1, len(tokens))


def test_five_times_the_same_phrase_is_speech() -> None:
    assert loop_length(["no"] * 20) == 0
    assert loop_length(("a large coffee please " * 5).split()) == 0


def test_parts_are_joined_and_the_first_that_was_stopped_says_why() -> None:
    silent = Hypothesis(text="", stopped_by="silence")
    one = Hypothesis(text="one", tokens=(5,), log_probabilities=(-0.1,))
    long = Hypothesis(text="two", tokens=(6,), log_probabilities=(-0.2,), stopped_by="length")
    assert joined([silent, silent]).stopped_by == "silence"
    assert joined([one, silent]).stopped_by == "end"
    assert joined([one, silent, long]) == Hypothesis(
        text="one two", tokens=(5, 6), log_probabilities=(-0.1, -0.2), stopped_by="length"
    )
