"""When a turn ends: silence against what else is known of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.turn.endpoint import (
    EndpointSettings,
    EndReason,
    Listening,
    Sentence,
    end_of_turn,
    finished_odds,
    silence_needed_ms,
)

SETTINGS = EndpointSettings()
QUIET = Listening(has_speech=True, trailing_silence_ms=0, turn_ms=3_000, talk_held=False, talk_released=False)
shares = st.floats(min_value=0, max_value=1)
evidence = st.builds(
    lambda sentence, comma, share: replace(QUIET, sentence=sentence, comma=comma, completeness=share),
    st.sampled_from(Sentence),
    st.booleans(),
    st.none() | shares,
)


def test_silence_alone_decides_where_nothing_else_is_known() -> None:
    assert silence_needed_ms(QUIET, SETTINGS) == SETTINGS.end_silence_ms
    assert end_of_turn(replace(QUIET, trailing_silence_ms=490), SETTINGS) is None
    assert end_of_turn(replace(QUIET, trailing_silence_ms=500), SETTINGS) is EndReason.SILENCE


@pytest.mark.parametrize(
    ("sentence", "comma", "completeness", "enough_ms"),
    [
        (Sentence.OPEN, False, 0.97, 180),
        (Sentence.WHOLE, False, None, 180),
        (Sentence.OPEN, False, None, 400),
        (Sentence.OPEN, True, 0.97, 400),
        (Sentence.OPEN, True, 0.2, 1_300),
        (Sentence.NONE, False, 0.98, 1_300),
        (Sentence.NONE, True, 0.5, 1_300),
        (Sentence.QUESTION, False, 0.98, 400),
        (Sentence.QUESTION, False, 0.5, 800),
        (Sentence.QUESTION, True, 0.5, 1_300),
        (Sentence.UNKNOWN, False, 0.98, 400),
    ],
)
def test_the_surer_that_somebody_has_finished_the_less_silence_is_needed(
    sentence: Sentence, comma: bool, completeness: float | None, enough_ms: int
) -> None:
    heard = replace(QUIET, sentence=sentence, comma=comma, completeness=completeness)
    assert silence_needed_ms(heard, SETTINGS) == enough_ms


@given(evidence, shares, shares)
def test_sounding_more_finished_never_takes_more_silence(heard: Listening, one: float, other: float) -> None:
    less, more = sorted((one, other))
    longer, shorter = (
        silence_needed_ms(replace(heard, completeness=share), SETTINGS) for share in (less, more)
    )
    assert longer >= shorter


@given(evidence)
def test_no_evidence_keeps_a_turn_open_for_ever_or_ends_it_without_silence(heard: Listening) -> None:
    odds = finished_odds(heard)
    assert odds is None or -10 < odds < 10
    assert end_of_turn(replace(heard, trailing_silence_ms=SETTINGS.longest_silence_ms), SETTINGS)
    assert end_of_turn(replace(heard, trailing_silence_ms=170), SETTINGS) is None


@given(evidence, st.integers(0, 2_000))
def test_more_patience_never_ends_a_turn_sooner(heard: Listening, silence_ms: int) -> None:
    heard = replace(heard, trailing_silence_ms=silence_ms)
    if end_of_turn(heard, replace(SETTINGS, patience=1.5)):
        assert end_of_turn(heard, SETTINGS)


def test_a_held_button_ends_nothing_and_its_release_ends_all() -> None:
    held = replace(QUIET, talk_held=True, trailing_silence_ms=5_000)
    assert end_of_turn(held, SETTINGS) is None
    assert end_of_turn(replace(held, talk_released=True), SETTINGS) is EndReason.RELEASED
