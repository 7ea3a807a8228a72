"""Steady noise is turned down, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_models.decoding.suppression import quietened
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples

SECOND = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
WORDS: Samples = (0.3 * np.sin(2 * np.pi * 440 * SECOND) * (np.arange(SAMPLE_RATE_HZ) // 4_000 % 2)).astype(
    np.float32
)
"""Two tones of a quarter of a second, with as much silence before each."""
SPOKEN, SILENT = slice(4_600, 7_400), slice(8_600, 11_400)


def noise(level: float) -> Samples:
    return np.random.default_rng(0).normal(0.0, level, SAMPLE_RATE_HZ).astype(np.float32)


def decibels(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_noise_between_words_becomes_quieter_and_words_stay() -> None:
    mixed = WORDS + noise(0.08)
    quiet = quietened(mixed)
    assert 1 < decibels(mixed[SILENT]) - decibels(quiet[SILENT]) <= 10.5
    assert decibels(quiet[SPOKEN]) == pytest.approx(decibels(mixed[SPOKEN]), abs=0.7)


def test_clean_sound_is_left_as_it_is() -> None:
    assert np.abs(quietened(WORDS) - WORDS)[SPOKEN].max() < 1e-4
    assert not quietened(np.zeros(SAMPLE_RATE_HZ, np.float32)).any()


def test_noise_that_is_not_loud_is_left_to_the_recogniser() -> None:
    mixed = WORDS + noise(0.01)
    assert quietened(mixed) is mixed


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3_000))
def test_any_length_stays_what_it_is(size: int) -> None:
    quiet = quietened(noise(0.1)[:size])
    assert quiet.shape == (size,)
    assert quiet.dtype == np.float32
    assert np.isfinite(quiet).all()
