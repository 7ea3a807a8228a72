"""The ears: what is listened for when, and what a detector that was away is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.ears import CATCH_UP_MS, Ears
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.events import HopHeard, WakeDetected
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, to_bytes
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.wake.engine import WakeDetection
from nearfield_sync.telemetry import Counters
from tests.fakes.vad import LoudnessVad
from tests.fakes.wake import ScriptedWake


class CountingVad(LoudnessVad):
    """Says speech of whatever is loud, and counts the hops it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.hops = 0

    def accept(self, hop: np.ndarray) -> float:
        self.hops += 1
        return super().accept(hop)


def hearing(vad: LoudnessVad, wake: ScriptedWake) -> Ears:
    return Ears(
        wake=[wake],
        vad=vad,
        segmenter=SpeechSegmenter(SegmentationSettings()),
        memory=SoundMemory(5 * SAMPLE_RATE_HZ),
        counters=Counters(),
    )


def frame(number: int, level: float) -> AudioFrame:
    sound = np.random.default_rng(number).uniform(-level, level, HOP_SAMPLES).astype(np.float32)
    return AudioFrame(stream_id="test", first_sample=number * HOP_SAMPLES, pcm=to_bytes(sound))


def test_while_only_the_wake_word_matters_the_voice_detector_rests() -> None:
    vad = CountingVad()
    ears = hearing(vad, ScriptedWake())
    for number in range(200):
        (event,) = ears.hear(frame(number, 0.5), attentive=False)
        assert event == HopHeard(at=(number + 1) * HOP_SAMPLES, speech=False)
    assert vad.hops == 0


def test_the_wake_word_makes_the_voice_detector_catch_up_in_the_same_hop() -> None:
    vad = CountingVad()
    ears = hearing(vad, ScriptedWake([99]))
    for number in range(99):
        ears.hear(frame(number, 0.5), attentive=False)
    wake, heard = ears.hear(frame(99, 0.5), attentive=False)
    assert isinstance(wake, WakeDetected)
    assert heard == HopHeard(at=100 * HOP_SAMPLES, speech=True)
    assert vad.hops == CATCH_UP_MS // 10 + 1
    (heard,) = ears.hear(frame(100, 0.5))
    assert heard == HopHeard(at=101 * HOP_SAMPLES, speech=True)
    assert vad.hops == CATCH_UP_MS // 10 + 2


class KnowsWhere(ScriptedWake):
    """Says that its phrase ended 300 ms ago and lasted half a second."""

    def accept(self, hop: bytes) -> WakeDetection | None:
        found = super().accept(hop)
        ms = SAMPLES_PER_MS
        return found and replace(
            found, began_ago_samples=800 * ms, ended_ago_samples=300 * ms, spoke_ago_samples=0
        )


def test_where_a_wake_phrase_was_is_told_in_positions_of_the_sound() -> None:
    ears = hearing(LoudnessVad(), KnowsWhere([99]))
    for number in range(99):
        ears.hear(frame(number, 0.5), attentive=False)
    wake, _ = ears.hear(frame(99, 0.5), attentive=False)
    at = 100 * HOP_SAMPLES
    assert wake == WakeDetected(
        at=at,
        phrase="Alexa",
        score=1.0,
        began=at - 800 * SAMPLES_PER_MS,
        ended=at - 300 * SAMPLES_PER_MS,
        spoken_until=at,
    )


def test_a_detector_that_does_not_know_where_its_phrase_began_leaves_that_open() -> None:
    ears = hearing(LoudnessVad(), ScriptedWake([0]))
    wake, _ = ears.hear(frame(0, 0.5), attentive=False)
    assert wake == WakeDetected(at=HOP_SAMPLES, phrase="Alexa", score=1.0, began=None, ended=HOP_SAMPLES)


def is_heard(ears: Ears, first: int, level: float, hops: int = 200) -> bool:
    """Whether the end of that much speech is heard as such."""
    heard = [ears.hear(frame(first + number, level))[-1] for number in range(hops)]
    last = heard[-1]
    return isinstance(last, HopHeard) and last.speech


def test_a_soft_voice_after_a_loud_one_is_background() -> None:
    ears = hearing(LoudnessVad(), ScriptedWake())
    assert is_heard(ears, 0, 0.9)
    assert not is_heard(ears, 200, 0.05)


def test_but_not_where_anybody_may_speak_next() -> None:
    ears = hearing(LoudnessVad(), ScriptedWake())
    assert is_heard(ears, 0, 0.9)
    ears.expect_anyone()
    assert is_heard(ears, 200, 0.05)


def test_nor_where_the_wake_word_was_said_meanwhile() -> None:
    ears = hearing(LoudnessVad(), ScriptedWake([205]))
    assert is_heard(ears, 0, 0.9)
    assert is_heard(ears, 200, 0.05)
