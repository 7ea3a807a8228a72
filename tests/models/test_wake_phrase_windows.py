"""Which stretches are looked at for a wake phrase, and what two looks together say."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS
from nearfield_models.wake.phrase_decision import PhraseEvidence
from nearfield_models.wake.phrase_scoring import PhraseScore
from nearfield_models.wake.phrase_windows import LEAD_MS, PhraseWindows, Stretch

EVERY_MS = 160
LONGEST_MS = 2_000


def windows(longest_pause_ms: int = 0) -> PhraseWindows:
    return PhraseWindows(every_ms=EVERY_MS, longest_ms=LONGEST_MS, longest_pause_ms=longest_pause_ms)


def followed(looked: PhraseWindows, script: Iterable[tuple[int, float]], first: int = 0) -> list[Stretch]:
    """Feed milliseconds at a probability of speech."""
    found = []
    for ms, probability in script:
        for _ in range(ms // 10):
            stretch = looked.accept(first, probability)
            first += HOP_SAMPLES
            if stretch is not None:
                found.append(stretch)
    return found


def milliseconds(stretch: Stretch) -> tuple[int, int]:
    return stretch.first // SAMPLES_PER_MS, stretch.end // SAMPLES_PER_MS


def test_silence_is_never_looked_at() -> None:
    assert followed(windows(), [(5_000, 0.1)]) == []


def test_while_somebody_speaks_there_is_a_look_every_so_often_and_one_when_they_stop() -> None:
    stretches = followed(windows(), [(1_000, 0.0), (800, 1.0), (1_000, 0.0)])
    assert [milliseconds(stretch) for stretch in stretches] == [
        (700, 1_400),
        (700, 1_560),
        (700, 1_720),
        (700, 1_880),
        (700, 2_000),
    ]
    assert stretches[-1].speech_end == 1_800 * SAMPLES_PER_MS


def test_a_cough_is_not_looked_at() -> None:
    assert followed(windows(), [(1_000, 0.0), (100, 1.0), (1_000, 0.0)]) == []


def test_a_pause_ends_the_stretch_unless_a_phrase_may_pause_there() -> None:
    script = [(1_000, 0.0), (500, 1.0), (300, 0.0), (500, 1.0)]
    assert followed(windows(), script)[-1].speech_began == 1_800 * SAMPLES_PER_MS
    assert followed(windows(400), script)[-1].speech_began == 1_000 * SAMPLES_PER_MS
    assert followed(windows(200), script)[-1].speech_began == 1_800 * SAMPLES_PER_MS


def test_what_was_taken_for_a_phrase_is_in_no_later_stretch() -> None:
    looked = windows()
    followed(looked, [(1_000, 1.0)])
    said = 700 * SAMPLES_PER_MS
    looked.begin_after(said)
    after = followed(looked, [(1_000, 1.0)], first=1_000 * SAMPLES_PER_MS)
    assert after
    assert min(stretch.first for stretch in after) == said


def test_the_dying_away_of_a_phrase_is_not_looked_at() -> None:
    looked = windows()
    followed(looked, [(1_000, 1.0)])
    looked.begin_after(900 * SAMPLES_PER_MS)
    assert followed(looked, [(50, 1.0), (1_000, 0.0)], first=1_000 * SAMPLES_PER_MS) == []


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 120), st.floats(0, 1)), max_size=20),
    st.sampled_from([0, 400]),
)
def test_stretches_are_in_bounds_and_hold_the_speech_they_tell_of(
    script: list[tuple[int, float]], pause_ms: int
) -> None:
    stretches = followed(windows(pause_ms), [(10 * hops, probability) for hops, probability in script])
    for stretch in stretches:
        assert 0 <= stretch.first <= stretch.speech_began < stretch.speech_end <= stretch.end
        assert stretch.end - stretch.first <= LONGEST_MS * SAMPLES_PER_MS
        assert stretch.speech_began - stretch.first <= LEAD_MS * SAMPLES_PER_MS
        if stretch.begins_within_speech:
            assert stretch.first == stretch.speech_began
    ends = [stretch.end for stretch in stretches]
    assert ends == sorted(set(ends))


def stretch_to(end_ms: int) -> Stretch:
    return Stretch(first=0, end=end_ms * SAMPLES_PER_MS, speech_began=0, speech_end=end_ms * SAMPLES_PER_MS)


def scored(**evidence: float) -> tuple[PhraseScore, ...]:
    return tuple(PhraseScore(phrase=phrase, evidence=value) for phrase, value in evidence.items())


def test_one_look_alone_says_nothing() -> None:
    assert PhraseEvidence().accept(stretch_to(400), scored(alexa=1.0)).best is None


def test_two_looks_count_with_their_mean_for_each_phrase() -> None:
    evidence = PhraseEvidence()
    evidence.accept(stretch_to(400), scored(alexa=0.8, jarvis=0.1))
    best = evidence.accept(stretch_to(560), scored(alexa=0.2, jarvis=0.7)).best
    assert best is not None
    assert best.phrase == "alexa"
    assert best.evidence == pytest.approx(0.5)


def test_a_look_before_the_phrase_was_over_does_not_outweigh_the_next() -> None:
    evidence = PhraseEvidence()
    evidence.accept(stretch_to(400), scored(alexa=-40.0))
    best = evidence.accept(stretch_to(560), scored(alexa=1.0)).best
    assert best is not None
    assert best.evidence == pytest.approx(0.25)


def test_looks_far_apart_are_not_put_together() -> None:
    evidence = PhraseEvidence()
    evidence.accept(stretch_to(400), scored(alexa=1.0))
    assert evidence.accept(stretch_to(1_000), scored(alexa=1.0)).best is None
    assert evidence.accept(stretch_to(1_160), scored(alexa=1.0)).best is not None
