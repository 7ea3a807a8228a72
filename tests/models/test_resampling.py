from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import Samples
from nearfield_models.resampling import PcmDecoder, StreamResampler, mix_down, resample


def tone(rate_hz: int, seconds: float, pitch_hz: float = 440.0) -> Samples:
    return np.sin(2 * np.pi * pitch_hz * np.arange(int(rate_hz * seconds)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_keeps_its_pitch_level_and_duration(rate_hz: int) -> None:
    got = resample(tone(rate_hz, 1.0), rate_hz)
    assert got.size == 16_000
    assert np.abs(got[400:-400] - tone(16_000, 1.0)[400:-400]).max() < 1e-3


@given(
    cuts=st.lists(st.integers(0, 3_000), max_size=12),
    rate_hz=st.sampled_from([8_000, 22_050, 44_100, 48_000]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_stream_gives_the_same_sound_wherever_it_is_cut(cuts: list[int], rate_hz: int, seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, 3_000).astype(np.float32)
    stream = StreamResampler(rate_hz)
    pieces = [stream.accept(piece) for piece in np.split(sound, sorted(cuts))]
    streamed = np.concatenate([*pieces, stream.finish()])
    whole = resample(sound, rate_hz)
    assert streamed.size == whole.size == round(3_000 * 16_000 / rate_hz)
    assert np.abs(streamed - whole).max() < 1e-5


def test_sound_at_the_inner_rate_passes_untouched() -> None:
    sound = tone(16_000, 0.1)
    assert np.array_equal(resample(sound, 16_000), sound)


def test_no_sound_gives_no_sound() -> None:
    assert resample(np.zeros(0, np.float32), 44_100).size == 0


def test_channels_are_mixed_as_their_mean() -> None:
    sound = np.array([[1.0, 0.0, 0.5, 0.5], [-1.0, -1.0, 0.0, 0.0]], np.float32)
    assert mix_down(sound).tolist() == [0.5, -0.5]


@pytest.mark.parametrize("rate_hz", [0, -1, 999, 10_000_000])
def test_an_impossible_rate_is_refused(rate_hz: int) -> None:
    with pytest.raises(AudioFormatError, match="sample rate"):
        StreamResampler(rate_hz)


@pytest.mark.parametrize("width_bits", [0, 12, 64])
def test_an_unknown_width_is_refused(width_bits: int) -> None:
    with pytest.raises(AudioFormatError, match="8, 16, 24 or 32"):
        PcmDecoder(rate_hz=16_000, width_bits=width_bits)


def encoded(sound: Samples, width_bits: int) -> bytes:
    if width_bits == 8:
        return (sound * 127 + 128).round().astype(np.uint8).tobytes()
    integers = (sound.astype(np.float64) * (2 ** (width_bits - 1) - 1)).round().astype("<i4")
    wide = integers.view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(wide[:, : width_bits // 8]).tobytes()


@pytest.mark.parametrize("width_bits", [8, 16, 24, 32])
def test_every_width_means_the_same_sound(width_bits: int) -> None:
    sound = tone(16_000, 0.05)
    decoder = PcmDecoder(rate_hz=16_000, width_bits=width_bits)
    got = np.concatenate([decoder.accept(encoded(sound, width_bits)), decoder.finish()])
    assert np.abs(got - sound).max() < 2.0 ** (2 - width_bits) + 1e-6


@given(cuts=st.lists(st.integers(0, 1_200), max_size=8), width_bits=st.sampled_from([8, 16, 24, 32]))
def test_raw_bytes_may_be_cut_anywhere(cuts: list[int], width_bits: int) -> None:
    raw = np.random.default_rng(7).bytes(1_200)
    whole = PcmDecoder(rate_hz=16_000, channels=2, width_bits=width_bits).accept(raw)
    decoder = PcmDecoder(rate_hz=16_000, channels=2, width_bits=width_bits)
    edges = [0, *sorted(cuts), len(raw)]
    pieces = [decoder.accept(raw[a:b]) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), whole)
