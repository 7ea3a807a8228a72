from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.pcm import HOP_SAMPLES
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter, SpeechState

SETTINGS = SegmentationSettings(onset=0.5, offset=0.3, onset_ms=30, offset_ms=50)
probabilities = st.lists(st.floats(0, 1), max_size=200)


def follow(values: list[float], settings: SegmentationSettings = SETTINGS) -> list[SpeechState]:
    segmenter = SpeechSegmenter(settings)
    return [segmenter.accept(index * HOP_SAMPLES, value) for index, value in enumerate(values)]


def test_speech_begins_where_the_probability_first_rose() -> None:
    states = follow([0.0] * 10 + [0.9] * 5)
    assert [state.speaking for state in states] == [False] * 12 + [True] * 3
    assert states[-1].began == 10 * HOP_SAMPLES
    assert states[-1].last_heard == 15 * HOP_SAMPLES


def test_a_click_shorter_than_the_onset_is_no_speech() -> None:
    assert not any(state.speaking for state in follow([0.0, 0.9, 0.9, 0.0, 0.9, 0.9, 0.0]))


def test_a_dip_between_the_thresholds_does_not_end_speech() -> None:
    states = follow([0.9] * 3 + [0.4] * 50)
    assert states[-1].speaking
    assert states[-1].last_heard == 53 * HOP_SAMPLES


def test_speech_ends_after_the_offset_and_remembers_where_it_was_last_heard() -> None:
    states = follow([0.9] * 10 + [0.1] * 5)
    assert [state.speaking for state in states[10:]] == [True] * 4 + [False]
    assert states[-1].last_heard == 10 * HOP_SAMPLES
    assert states[-1].silence_samples(15 * HOP_SAMPLES) == 5 * HOP_SAMPLES


def test_reset_forgets_a_rise_that_had_begun() -> None:
    segmenter = SpeechSegmenter(SETTINGS)
    segmenter.accept(0, 0.9)
    segmenter.accept(160, 0.9)
    segmenter.reset()
    assert not segmenter.accept(320, 0.9).speaking


@given(values=probabilities)
def test_positions_never_lie_in_the_future_and_never_run_backwards(values: list[float]) -> None:
    last = -1
    for index, state in enumerate(follow(values)):
        if state.began is None or state.last_heard is None:
            assert not state.speaking
            continue
        assert 0 <= state.began < state.last_heard <= (index + 1) * HOP_SAMPLES
        assert state.last_heard >= last
        last = state.last_heard


@given(values=probabilities)
def test_speech_is_only_said_to_begin_on_enough_high_hops_and_to_end_on_enough_low_ones(
    values: list[float],
) -> None:
    states = follow(values)
    for index in range(1, len(states)):
        before, after = states[index - 1], states[index]
        if after.speaking and not before.speaking:
            assert all(value >= SETTINGS.onset for value in values[index - 2 : index + 1])
        if before.speaking and not after.speaking:
            assert all(value < SETTINGS.offset for value in values[index - 4 : index + 1])


@given(values=probabilities, start=st.integers(0, 10**9))
def test_the_same_probabilities_mean_the_same_wherever_the_stream_stands(
    values: list[float], start: int
) -> None:
    segmenter = SpeechSegmenter(SETTINGS)
    for index, state in enumerate(follow(values)):
        moved = segmenter.accept(start + index * HOP_SAMPLES, values[index])
        assert moved.speaking == state.speaking
        assert moved.began == (None if state.began is None else state.began + start)


@pytest.mark.parametrize(("onset", "offset"), [(0.3, 0.5), (1.2, 0.5), (0.5, -0.1)])
def test_thresholds_that_make_no_sense_are_refused(onset: float, offset: float) -> None:
    with pytest.raises(ValueError, match="onset"):
        SegmentationSettings(onset=onset, offset=offset)
