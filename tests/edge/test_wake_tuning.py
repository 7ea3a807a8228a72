"""Choosing a wake phrase's sensitivity from the evidence of recordings."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.wake_tuning import Trail, propose
from nearfield_models.wake.phrase_sensitivity import Calibration

CALIBRATION = Calibration(evidence=(0.7, 0.5, 0.2))


def trails(*peaks: float) -> list[Trail]:
    return [
        Trail(name=f"{number}.wav", seconds=36.0, looks=((0.5, 0.0), (1.0, peak)))
        for number, peak in enumerate(peaks)
    ]


def test_the_usual_sensitivity_stays_where_it_separates_all_recordings() -> None:
    proposal = propose(trails(0.9, 0.8), trails(0.1, 0.3), CALIBRATION)
    assert (proposal.sensitivity, proposal.missed, proposal.alarms) == (0.5, (), 0)
    assert proposal.hours_of_negatives == pytest.approx(0.02)


def test_negatives_that_come_near_lower_it_and_weak_positives_raise_it() -> None:
    lower = propose(trails(0.9, 0.8), trails(0.55), CALIBRATION)
    assert lower.sensitivity < 0.5
    assert (lower.missed, lower.alarms) == ((), 0)
    higher = propose(trails(0.9, 0.4), trails(0.1), CALIBRATION)
    assert higher.sensitivity > 0.5
    assert (higher.missed, higher.alarms) == ((), 0)


def test_in_a_narrow_gap_it_takes_the_middle() -> None:
    proposal = propose(trails(0.9, 0.44), trails(0.41), CALIBRATION)
    assert proposal.threshold == pytest.approx(0.425, abs=0.005)


def test_where_nothing_separates_them_no_alarm_is_worth_more_than_no_miss() -> None:
    proposal = propose(trails(0.9, 0.4), trails(0.55), CALIBRATION)
    assert proposal.alarms == 0
    assert proposal.missed == ("1.wav",)


def test_without_negatives_the_usual_one_stays_and_the_misses_are_told() -> None:
    proposal = propose(trails(0.9, 0.4), [], CALIBRATION)
    assert (proposal.sensitivity, proposal.missed) == (0.5, ("1.wav",))
    assert proposal.strongest_negative is None


def test_a_recording_in_which_nobody_speaks_is_missed() -> None:
    silent = Trail(name="silent.wav", seconds=1.0, looks=())
    proposal = propose([silent, *trails(0.9)], trails(0.1), CALIBRATION)
    assert proposal.missed == ("silent.wav",)
    assert proposal.weakest_positive == 0.9


def test_looks_at_the_same_words_are_one_alarm() -> None:
    looks = ((1.0, 0.9), (1.2, 0.9), (1.4, 0.9), (9.0, 0.9))
    assert Trail(name="talk.wav", seconds=10.0, looks=looks).detections(0.5) == 2


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8), st.lists(st.floats(-1, 1), max_size=8))
def test_what_is_proposed_is_what_is_counted(positives: Sequence[float], negatives: Sequence[float]) -> None:
    proposal = propose(trails(*positives), trails(*negatives), CALIBRATION)
    assert 0.0 <= proposal.sensitivity <= 1.0
    assert proposal.threshold == pytest.approx(CALIBRATION.threshold(proposal.sensitivity))
    assert len(proposal.missed) == sum(peak < proposal.threshold for peak in map(peak_of, positives))
    assert proposal.alarms == sum(peak >= proposal.threshold for peak in map(peak_of, negatives))


def peak_of(value: float) -> float:
    return max(0.0, value)
