from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nearfield_models.errors import PackNotFoundError
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore
from nearfield_models.tts.levels import CEILING, TARGET_LUFS, LevelledVoice, levelled
from nearfield_models.tts.piper import PiperVoice
from tests.fakes.tts import ToneVoice

SOUND = arrays.arrays(np.float32, st.integers(0, 50), elements=st.floats(-1, 1, width=32))


@given(sound=SOUND, gain=st.floats(0.1, 20))
def test_nothing_exceeds_the_ceiling_and_louder_stays_louder(sound: np.ndarray, gain: float) -> None:
    made = levelled(sound, gain)
    assert made.dtype == np.float32
    assert np.all(np.abs(made) <= CEILING + 1e-6)
    order = np.argsort(sound, kind="stable")
    assert np.all(np.diff(made[order]) >= 0)


@given(sound=SOUND, at=st.integers(0, 50))
def test_a_sound_in_pieces_is_levelled_as_the_whole_is(sound: np.ndarray, at: int) -> None:
    pieces = np.concatenate([levelled(sound[:at], 3.0), levelled(sound[at:], 3.0)])
    assert np.array_equal(pieces, levelled(sound, 3.0))


def test_below_the_knee_only_the_gain_counts() -> None:
    sound = np.linspace(-0.3, 0.3, 7, dtype=np.float32)
    np.testing.assert_allclose(levelled(sound, 2.0), sound * 2, rtol=1e-6)


def test_two_voices_of_different_loudness_are_brought_to_the_same_one() -> None:
    quiet, loud = (
        np.concatenate(list(LevelledVoice(ToneVoice(), lufs).synthesise("one two"))) for lufs in (-29, -26)
    )
    assert 20 * np.log10(np.sqrt((quiet**2).mean() / (loud**2).mean())) == pytest.approx(3, abs=0.01)


def test_a_voice_that_nobody_measured_keeps_its_level() -> None:
    (own,), (kept,) = ToneVoice().synthesise("one"), LevelledVoice(ToneVoice(), None).synthesise("one")
    assert np.array_equal(own, kept)


def test_another_gain_is_another_fingerprint_and_none_stays_none() -> None:
    one, other = (LevelledVoice(ToneVoice(), lufs).capabilities.fingerprint for lufs in (-20, -21))
    assert one != other
    assert LevelledVoice(ToneVoice(fingerprint=""), -20).capabilities.fingerprint == ""


@pytest.mark.models
def test_replies_of_the_shipped_voice_are_as_loud_as_promised() -> None:
    """Twelve replies; the bench ``speech`` does so with more than a hundred."""
    pyloudnorm = pytest.importorskip("pyloudnorm")
    from tools.bench.spoken_replies import spoken_replies

    try:
        pack = ModelStore.default().installed("piper-en-us-joe-medium")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    voice = LevelledVoice(PiperVoice(pack, RuntimeOptions()), pack.loudness_lufs)
    meter = pyloudnorm.Meter(voice.capabilities.sample_rate_hz)
    texts = [text for text in spoken_replies() if 8 < len(text.split()) < 16][::40]
    heard = [np.concatenate(list(voice.synthesise(text))) for text in texts]
    loudness = [meter.integrated_loudness(sound.astype(float)) for sound in heard]
    assert len(heard) >= 10
    assert np.median(loudness) == pytest.approx(TARGET_LUFS, abs=0.8)
    assert np.abs(np.array(loudness) - TARGET_LUFS).max() < 3.5
    assert max(np.abs(sound).max() for sound in heard) <= CEILING
