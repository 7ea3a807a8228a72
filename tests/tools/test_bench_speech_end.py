from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.errors import PackNotFoundError
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_models.store import ModelStore
from tools.bench.order_trials import VOICE
from tools.bench.speech_end import speech_end
from tools.demo.customer import customer_voice, spoken


def floor(seconds: float, *, dbfs: float = -70.0, seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed).normal(0, 10 ** (dbfs / 20), round(seconds * SAMPLE_RATE_HZ))
    return noise.astype(np.float32)


def voice(seconds: float, loudness: float = 0.2) -> Samples:
    at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (loudness * np.sin(2 * np.pi * 200 * at)).astype(np.float32)


@given(st.floats(0.2, 2.0), st.floats(0.4, 2.0), st.floats(-80.0, -45.0))
def test_the_end_is_found_within_two_hops_above_any_floor(
    spoken_seconds: float, after_seconds: float, floor_dbfs: float
) -> None:
    samples = floor(1.0 + spoken_seconds + after_seconds, dbfs=floor_dbfs)
    speech = voice(spoken_seconds)
    samples[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + speech.size] += speech
    found = speech_end(samples)
    assert found is not None
    assert found == pytest.approx(SAMPLE_RATE_HZ + speech.size, abs=20 * SAMPLES_PER_MS)


def test_a_click_and_a_breath_after_the_speech_are_no_speech() -> None:
    samples = np.concatenate([floor(1.0), voice(1.0), floor(2.0)])
    clean_end = speech_end(samples)
    samples[3 * SAMPLE_RATE_HZ : 3 * SAMPLE_RATE_HZ + 40] = 0.05
    breath = floor(0.3, dbfs=-57.0, seed=1)
    samples[3 * SAMPLE_RATE_HZ + 8_000 : 3 * SAMPLE_RATE_HZ + 8_000 + breath.size] += breath
    assert speech_end(samples) == clean_end


def test_a_word_after_a_pause_is_still_speech() -> None:
    samples = np.concatenate([floor(1.0), voice(0.5), floor(0.8), voice(0.2, 0.04), floor(1.0)])
    assert speech_end(samples) == pytest.approx(2.5 * SAMPLE_RATE_HZ, abs=20 * SAMPLES_PER_MS)


def test_the_faint_release_of_a_last_consonant_belongs_to_the_speech() -> None:
    samples = np.concatenate([floor(1.0), voice(1.0), floor(0.1), voice(0.04, 0.003), floor(1.0)])
    assert speech_end(samples) == pytest.approx(2.14 * SAMPLE_RATE_HZ, abs=20 * SAMPLES_PER_MS)
    later = np.concatenate([floor(1.0), voice(1.0), floor(0.5), voice(0.04, 0.003), floor(1.0)])
    assert speech_end(later) == pytest.approx(2.0 * SAMPLE_RATE_HZ, abs=20 * SAMPLES_PER_MS)


@pytest.mark.parametrize("samples", [floor(2.0), np.zeros(32_000, np.float32), np.zeros(0, np.float32)])
def test_where_nothing_stands_out_there_is_no_end(samples: Samples) -> None:
    assert speech_end(samples) is None


@pytest.mark.models
def test_the_end_of_spoken_sentences_is_that_of_their_last_sound() -> None:
    try:
        engine = partial(customer_voice, VOICE)()
        ModelStore.default().installed(VOICE)
    except PackNotFoundError as error:
        pytest.skip(str(error))
    for text in ("A large latte with milk.", "An iced coffee, light roast.", "Two espressos."):
        said = spoken(engine, text)
        last = int(np.flatnonzero(np.abs(said) > 0.015 * np.abs(said).max())[-1])
        samples = floor(1.0 + said.size / SAMPLE_RATE_HZ + 1.0)
        samples[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + said.size] += said
        found = speech_end(samples)
        assert found is not None
        assert (found - SAMPLE_RATE_HZ - last) / SAMPLES_PER_MS == pytest.approx(0, abs=60)
