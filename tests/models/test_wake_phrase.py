"""Any phrase as a wake word: the engine with a scripted judge, and the real one on real recordings."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models import load_asr, load_vad
from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.engines import load_phrase_wake
from nearfield_models.errors import CancelledWorkError, EngineError, PackNotFoundError, WakePhraseError
from nearfield_models.pcm import HOP_BYTES, SAMPLES_PER_MS, to_bytes, to_float
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeDetection, WakeEngine
from nearfield_models.wake.phrase import LOOK_EVERY_MS, MOST_WAITING, PhraseScores, PhraseWake, compute_here
from nearfield_models.wake.phrase_decision import Look
from nearfield_models.wake.phrase_scoring import PhraseScorer
from tests.fakes.asr import ScriptedAsr
from tests.fakes.phrases import ScriptedScorer
from tests.fakes.vad import LoudnessVad

SPEECH_MS = 800


def noise(ms: int, level: float = 0.3) -> bytes:
    sound = np.random.default_rng(ms).uniform(-level, level, ms * SAMPLES_PER_MS)
    return to_bytes(sound.astype(np.float32))


def quiet(ms: int) -> bytes:
    return bytes(2 * ms * SAMPLES_PER_MS)


def heard(engine: WakeEngine, pcm: bytes) -> list[tuple[int, WakeDetection]]:
    """Detections with the millisecond after the hop that reported them."""
    hops = [pcm[at : at + HOP_BYTES] for at in range(0, len(pcm) - HOP_BYTES + 1, HOP_BYTES)]
    return [
        (10 * number, found)
        for number, hop in enumerate(hops, start=1)
        if (found := engine.accept(hop)) is not None
    ]


def scripted(*evidence: float) -> PhraseWake:
    return PhraseWake(ScriptedScorer(evidence), LoudnessVad(), threshold=0.5)


CALL = quiet(1_000) + noise(SPEECH_MS) + quiet(1_000)


def test_it_reports_a_phrase_on_which_two_looks_agree_once() -> None:
    ((at, detection),) = heard(scripted(0.1, 0.9, 0.9, 0.9, 0.9), CALL)
    assert detection.phrase == "Alexa"
    assert detection.score == pytest.approx(0.5)
    assert at == 1_560


def test_one_convincing_look_is_not_enough() -> None:
    assert heard(scripted(0.0, 0.9, 0.0), CALL) == []


def test_it_says_where_the_phrase_was() -> None:
    ((at, detection),) = heard(scripted(0.0, 0.0, 0.0, 0.6, 0.6), CALL)
    assert detection.began_ago_samples == (at - 1_000) * SAMPLES_PER_MS
    assert detection.ended_ago_samples == (at - 1_000 - SPEECH_MS) * SAMPLES_PER_MS


def test_a_phrase_found_while_it_is_said_is_still_dying_away() -> None:
    ((at, detection),) = heard(scripted(0.6, 0.6), CALL)
    assert at == 1_560
    assert detection.ended_ago_samples == -100 * SAMPLES_PER_MS


def test_the_judge_knows_when_a_stretch_begins_within_speech() -> None:
    judge = ScriptedScorer()
    heard(PhraseWake(judge, LoudnessVad(), threshold=0.5), quiet(1_000) + noise(2_000))
    longest = 1_500 * SAMPLES_PER_MS
    whole = [samples.size < longest for samples, _ in judge.heard]
    assert any(whole)
    assert not all(whole)
    assert judge.torn[: whole.index(False)] == [False] * whole.index(False)
    assert judge.torn[-1]


def test_after_other_words_a_phrase_began_no_earlier_than_it_can_have_lasted() -> None:
    judge = ScriptedScorer([0.0] * 3 + [0.9] * 2, tokens_before=3)
    ((_, detection),) = heard(PhraseWake(judge, LoudnessVad(), threshold=0.5), CALL)
    assert detection.began_ago_samples == detection.ended_ago_samples + 500 * SAMPLES_PER_MS


def test_the_judge_hears_the_speech_with_a_little_of_what_was_before_it() -> None:
    judge = ScriptedScorer()
    heard(PhraseWake(judge, LoudnessVad(), threshold=0.5), CALL)
    samples, seconds = judge.heard[-1]
    assert samples.size == (300 + SPEECH_MS + 200) * SAMPLES_PER_MS
    assert to_bytes(samples) == CALL[2 * 700 * SAMPLES_PER_MS :][: 2 * samples.size]
    assert seconds == pytest.approx(SPEECH_MS / 1_000)


def test_it_holds_its_tongue_and_then_hears_the_next_call() -> None:
    judge = ScriptedScorer([0.9] * 40)
    engine = PhraseWake(judge, LoudnessVad(), threshold=0.5, refractory_ms=1_000)
    times = [at for at, _ in heard(engine, quiet(500) + noise(4_000) + quiet(500))]
    assert len(times) >= 2
    assert min(after - before for before, after in itertools.pairwise(times)) > 1_000


def test_the_next_stretch_holds_nothing_of_the_phrase_before() -> None:
    judge = ScriptedScorer([0.9] * 40)
    engine = PhraseWake(judge, LoudnessVad(), threshold=0.5, refractory_ms=100)
    (first, _), *_ = heard(engine, quiet(1_000) + noise(3_000))
    looks_before = 2
    samples, _ = judge.heard[looks_before]
    assert first == 1_560
    assert samples.size <= 400 * SAMPLES_PER_MS


class Elsewhere:
    """Computes when it is told to, as another thread would."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], PhraseScores], Future[PhraseScores]]] = []

    def __call__(self, work: Callable[[], PhraseScores]) -> Future[PhraseScores]:
        self.waiting.append((work, Future()))
        return self.waiting[-1][1]

    def finish(self) -> None:
        for work, future in self.waiting:
            future.set_result(work())
        self.waiting.clear()


def test_no_hop_waits_for_a_look_that_is_computed_elsewhere() -> None:
    elsewhere = Elsewhere()
    judge = ScriptedScorer([0.9, 0.9])
    engine = PhraseWake(judge, LoudnessVad(), threshold=0.5, compute=elsewhere)
    assert heard(engine, quiet(1_000) + noise(700)) == []
    assert len(elsewhere.waiting) == 1
    elsewhere.finish()
    assert heard(engine, noise(60)) == []
    assert len(elsewhere.waiting) == 1
    elsewhere.finish()
    ((at, detection),) = heard(engine, noise(100))
    assert at == 10
    assert detection.ended_ago_samples == (1_770 - 1_560 - 100) * SAMPLES_PER_MS
    assert detection.spoke_ago_samples == 0
    assert engine.looks_left_out == 0


def test_of_more_looks_than_may_wait_the_oldest_are_left_out() -> None:
    elsewhere = Elsewhere()
    judge = ScriptedScorer()
    engine = PhraseWake(judge, LoudnessVad(), threshold=0.5, compute=elsewhere)
    heard(engine, noise(400 + LOOK_EVERY_MS * (MOST_WAITING + 2)))
    assert engine.looks_left_out == 2
    for _ in range(MOST_WAITING + 1):
        elsewhere.finish()
        heard(engine, quiet(10))
    lengths = [samples.size // SAMPLES_PER_MS for samples, _ in judge.heard]
    assert lengths[:3] == [400, 400 + 3 * LOOK_EVERY_MS, 400 + 4 * LOOK_EVERY_MS]


def test_it_tells_of_speech_that_went_on_while_the_look_was_computed() -> None:
    elsewhere = Elsewhere()
    engine = PhraseWake(ScriptedScorer([0.9, 0.9]), LoudnessVad(), threshold=0.5, compute=elsewhere)
    heard(engine, quiet(1_000) + noise(1_000) + quiet(500))
    elsewhere.finish()
    heard(engine, quiet(10))
    elsewhere.finish()
    ((_, detection),) = heard(engine, quiet(10))
    assert detection.spoke_ago_samples == 520 * SAMPLES_PER_MS
    assert detection.ended_ago_samples == (2_520 - 1_560 - 100) * SAMPLES_PER_MS


def test_where_there_is_no_time_for_a_look_there_is_none() -> None:
    judge = ScriptedScorer([0.9] * 9)
    engine = PhraseWake(judge, LoudnessVad(), threshold=0.5, compute=lambda _: None)
    assert heard(engine, CALL) == []
    assert judge.heard == []


def test_a_look_that_was_called_off_says_nothing() -> None:
    called_off: Future[PhraseScores] = Future()
    called_off.set_exception(CancelledWorkError("closed"))
    engine = PhraseWake(ScriptedScorer(), LoudnessVad(), threshold=0.5, compute=lambda _: called_off)
    assert heard(engine, CALL) == []


def test_a_failing_judge_is_an_error_of_the_engine_and_a_reset_begins_anew() -> None:
    judge = ScriptedScorer([0.0, 0.9, 0.9], fails_at=0)
    engine = PhraseWake(judge, LoudnessVad(), threshold=0.5)
    with pytest.raises(EngineError):
        heard(engine, CALL)
    engine.reset()
    assert len(heard(engine, CALL)) == 1


def test_after_a_reset_a_result_that_was_on_its_way_is_not_heeded() -> None:
    elsewhere = Elsewhere()
    looks: list[Look] = []
    engine = PhraseWake(
        ScriptedScorer([0.9, 0.9]), LoudnessVad(), threshold=0.5, compute=elsewhere, on_look=looks.append
    )
    heard(engine, quiet(1_000) + noise(500))
    engine.reset()
    elsewhere.finish()
    heard(engine, quiet(1_000))
    assert looks == []


def test_a_hop_of_another_length_is_refused() -> None:
    with pytest.raises(EngineError, match="318"):
        scripted().accept(bytes(HOP_BYTES - 2))


def test_what_cannot_be_computed_is_told_by_the_result() -> None:
    def fail() -> PhraseScores:
        raise EngineError("no")

    assert isinstance(compute_here(fail).exception(), EngineError)


def test_a_recogniser_whose_decoder_is_closed_is_refused() -> None:
    with pytest.raises(EngineError, match="choose moonshine"):
        load_phrase_wake(["hello"], asr=ScriptedAsr(), vad=LoudnessVad())


# ── the real judge ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def asr() -> MoonshineAsr:
    try:
        loaded = load_asr()
    except PackNotFoundError as error:
        pytest.skip(str(error))
    assert isinstance(loaded, MoonshineAsr)
    return loaded


@pytest.fixture(scope="module")
def vad() -> VadEngine:
    try:
        return load_vad()
    except PackNotFoundError as error:
        pytest.skip(str(error))


def clips(recordings: Path, phrase: str, most: int) -> list[bytes]:
    paths = sorted((recordings / "wake" / phrase).glob("*.flac"))[:most]
    return [quiet(100) + soundfile.read(path, dtype="int16")[0].tobytes() + quiet(500) for path in paths]


def spoken(pcm: bytes, vad: VadEngine) -> bytes:
    """What lies between the first and the last hop of speech."""
    vad.reset()
    sound = to_float(pcm)
    likely = [vad.accept(sound[at : at + 160]) > 0.5 for at in range(0, sound.size - 159, 160)]
    first, last = likely.index(True), len(likely) - likely[::-1].index(True)
    return pcm[max(0, first - 5) * HOP_BYTES : (last + 5) * HOP_BYTES]


@pytest.mark.models
def test_without_a_phrase_there_is_nothing_to_judge(asr: MoonshineAsr) -> None:
    with pytest.raises(WakePhraseError, match="no wake phrase"):
        PhraseScorer(asr, [])


@pytest.mark.models
def test_silence_is_no_evidence_for_anything(asr: MoonshineAsr) -> None:
    scorer = PhraseScorer(asr, ["alexa", "hello nearfield", "stop"])
    scores = scorer.score(np.zeros(16_000, np.float32), 0.3)
    assert [score.phrase for score in scores] == ["alexa", "hello nearfield", "stop"]
    assert all(abs(score.evidence) < 0.05 for score in scores)


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.parametrize(("phrase", "another"), [("alexa", "jarvis"), ("jarvis", "computer")])
def test_real_callers_are_heard_once_and_other_words_are_not(
    recordings: Path, asr: MoonshineAsr, vad: VadEngine, phrase: str, another: str
) -> None:
    engine = load_phrase_wake([phrase], asr=asr, vad=vad)
    counts = []
    for clip in clips(recordings, phrase, 8):
        engine.reset()
        counts.append(len(heard(engine, clip)))
    assert counts == [1] * len(counts)
    assert [found for clip in clips(recordings, another, 8) for found in heard(engine, clip)] == []


@pytest.mark.models
@pytest.mark.recordings
def test_of_several_phrases_the_one_that_was_said_is_named(
    recordings: Path, asr: MoonshineAsr, vad: VadEngine
) -> None:
    engine = load_phrase_wake(["alexa", "computer", "jarvis"], asr=asr, vad=vad)
    for phrase in ("computer", "alexa", "jarvis"):
        ((_, detection),) = heard(engine, clips(recordings, phrase, 1)[0])
        assert detection.phrase == phrase


@pytest.mark.models
@pytest.mark.recordings
def test_a_phrase_is_found_in_running_speech_and_its_place_told(
    recordings: Path, asr: MoonshineAsr, vad: VadEngine
) -> None:
    before = soundfile.read(recordings / "speech" / "2412-153948-0000.flac", dtype="int16")[0]
    talk = before[: 3 * 16_000].tobytes()
    call = spoken(clips(recordings, "computer", 1)[0], vad)
    order = soundfile.read(sorted((recordings / "orders" / "speech").glob("*.flac"))[0], dtype="int16")[0]
    after = spoken(order.tobytes(), vad)
    engine = load_phrase_wake(["computer"], asr=asr, vad=vad)
    ((at, detection),) = heard(engine, talk + call + after)
    phrase_end_ms = (len(talk) + len(call)) / 2 / SAMPLES_PER_MS
    assert abs(at - detection.ended_ago_samples / SAMPLES_PER_MS - phrase_end_ms) < 500


@pytest.mark.models
@pytest.mark.recordings
def test_the_same_sound_gives_the_same_detections_after_a_reset(
    recordings: Path, asr: MoonshineAsr, vad: VadEngine
) -> None:
    engine = load_phrase_wake(["alexa"], asr=asr, vad=vad)
    clip = clips(recordings, "alexa", 1)[0]
    first = heard(engine, clip)
    heard(engine, clip[: len(clip) // 2 // HOP_BYTES * HOP_BYTES])
    engine.reset()
    assert heard(engine, clip) == first
