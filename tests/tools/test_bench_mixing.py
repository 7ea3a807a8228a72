from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.pcm import Samples
from tools.bench.mixing import FRAME_SAMPLES, excerpt, loudest_frame_energy, mix


def sound(seed: int, samples: int = 3 * FRAME_SAMPLES, loudness: float = 0.1) -> Samples:
    made = np.random.default_rng(seed).normal(0, loudness, samples).astype(np.float32)
    return np.asarray(made)


def test_the_loudest_whole_frame_counts() -> None:
    samples = np.zeros(3 * FRAME_SAMPLES + 10, np.float32)
    samples[FRAME_SAMPLES : FRAME_SAMPLES + 4] = 0.5
    samples[-10:] = 1.0
    assert loudest_frame_energy(samples) == pytest.approx(1.0)
    assert loudest_frame_energy(np.full(4, 0.5, np.float32)) == pytest.approx(1.0)


@given(st.integers(0, 100), st.floats(-10, 40), st.floats(0.01, 0.5))
def test_a_mix_has_the_ratio_asked_for_at_half_of_full_scale(
    seed: int, snr_db: float, loudness: float
) -> None:
    speech, noise = sound(seed), sound(seed + 1, loudness=loudness)
    mixed = mix(speech, noise, snr_db)
    assert float(np.abs(mixed).max()) == pytest.approx(0.5, rel=1e-5)
    # The mix is a·speech + b·noise: find both again.
    parts = np.stack([speech, noise], axis=1).astype(np.float64)
    (a, b), *_ = np.linalg.lstsq(parts, mixed.astype(np.float64), rcond=None)
    ratio = (a**2 * loudest_frame_energy(speech)) / (b**2 * loudest_frame_energy(noise))
    assert 10 * math.log10(ratio) == pytest.approx(snr_db, abs=0.05)


def test_an_excerpt_is_repeatable_and_as_long_as_asked_for() -> None:
    noise = np.arange(100, dtype=np.float32)
    first = excerpt(noise, 30, np.random.default_rng(1))
    assert np.array_equal(first, excerpt(noise, 30, np.random.default_rng(1)))
    assert np.array_equal(first, np.arange(first[0], first[0] + 30))
    assert excerpt(noise, 250, np.random.default_rng(1)).size == 250
    assert np.array_equal(excerpt(noise, 100, np.random.default_rng(1)), noise)


def test_what_cannot_be_mixed_is_refused() -> None:
    with pytest.raises(ValueError, match="no noise"):
        excerpt(np.zeros(0, np.float32), 5, np.random.default_rng(0))
    with pytest.raises(ValueError, match="as much noise"):
        mix(sound(1), sound(2, 10), 6)
    with pytest.raises(ValueError, match="silent"):
        mix(sound(1, 10), np.zeros(10, np.float32), 6)
