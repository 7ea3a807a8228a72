"""The memory of sound, addressed by position."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.sound import SoundMemory
from nearfield_models.pcm import HOP_SAMPLES


def remembering(hops: int, length_hops: int) -> SoundMemory:
    memory = SoundMemory(length_hops * HOP_SAMPLES)
    for hop in range(hops):
        pcm = np.full(HOP_SAMPLES, hop, dtype="<i2").tobytes()
        memory.remember(AudioFrame(stream_id="test", first_sample=hop * HOP_SAMPLES, pcm=pcm))
    return memory


@given(st.integers(1, 40), st.integers(1, 20), st.data())
def test_what_is_remembered_comes_back_as_it_was_and_the_rest_is_left_out(
    hops: int, length: int, data: st.DataObject
) -> None:
    memory = remembering(hops, length)
    first = data.draw(st.integers(-HOP_SAMPLES, (hops + 2) * HOP_SAMPLES))
    end = data.draw(st.integers(-HOP_SAMPLES, (hops + 2) * HOP_SAMPLES))
    oldest = max(0, hops - length) * HOP_SAMPLES
    positions = np.arange(max(first, oldest), min(end, hops * HOP_SAMPLES))
    expected = (positions // HOP_SAMPLES).astype(np.float32) / 32768.0
    np.testing.assert_array_equal(memory.recall(first, end), expected)
