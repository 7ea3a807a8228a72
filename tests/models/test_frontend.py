"""The canceller, the search for the delay and the gate, on rooms that are simulated."""

from __future__ import annotations

import numpy as np
import pytest

from nearfield_models.errors import EngineError
from nearfield_models.frontend.aligned import AlignedCanceller
from nearfield_models.frontend.delay import DelayFinder
from nearfield_models.frontend.engine import FrontEnd
from nearfield_models.frontend.gate import ResidualGate
from nearfield_models.frontend.kalman import KalmanCanceller
from nearfield_models.frontend.passthrough import Passthrough
from nearfield_models.frontend.trend import DelayTrend
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from tools.bench.room import KIOSK, Path, at_level, echo

SECOND = SAMPLE_RATE_HZ


def talk(seconds: float, seed: int = 0) -> Samples:
    """Noise that comes and goes as syllables do, coloured as speech is."""
    generator = np.random.default_rng(seed)
    count = int(seconds * SECOND)
    white = generator.normal(0.0, 1.0, count + 64)
    coloured = np.convolve(white, 0.8 ** np.arange(64), "full")[:count]
    syllables = np.repeat(generator.uniform(0.0, 1.0, count // 2_400 + 1) ** 2, 2_400)[:count]
    return at_level((coloured * syllables).astype(np.float32), -20.0)


def heard(played: Samples, path: Path, *, dbfs: float = -26.0) -> Samples:
    return at_level(echo(played, KIOSK, path, seed=0), dbfs)


def cancelled(canceller: AlignedCanceller, microphone: Samples, played: Samples) -> Samples:
    out = np.zeros_like(microphone)
    for at in range(0, microphone.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        hop = slice(at, at + HOP_SAMPLES)
        out[hop] = canceller.accept(microphone[hop], played[hop])[0]
    return out


def gain_db(before: Samples, after: Samples) -> float:
    return float(10 * np.log10(np.square(before).sum() / np.square(after).sum()))


@pytest.mark.parametrize("delay_ms", [0, 40, 230, 480])
def test_an_echo_that_comes_at_any_delay_is_found_and_taken_away(delay_ms: int) -> None:
    played = talk(10)
    microphone = heard(played, Path(delay_ms=delay_ms))
    canceller = AlignedCanceller()
    left = cancelled(canceller, microphone, played)
    through_air = 7  # 14 cm
    assert canceller.delay_samples == pytest.approx(delay_ms * SAMPLES_PER_MS + through_air, abs=4)
    assert gain_db(microphone[6 * SECOND :], left[6 * SECOND :]) > 18


def test_near_speech_stays_as_it_is_while_the_echo_goes() -> None:
    played, near = talk(12), at_level(talk(12, seed=5), -26.0)
    near[: 5 * SECOND] = 0.0
    microphone = heard(played, Path(delay_ms=100)) + near
    left = cancelled(AlignedCanceller(), microphone, played)
    spoken = slice(6 * SECOND, None)
    assert gain_db(near[spoken], (left - near)[spoken]) > 12  # both were alike


@pytest.mark.parametrize("drift_ppm", [50.0, -50.0])
def test_a_loudspeaker_whose_clock_is_off_by_50_ppm_is_followed(drift_ppm: float) -> None:
    played = talk(45)
    microphone = heard(played, Path(delay_ms=150, drift_ppm=drift_ppm))
    canceller = AlignedCanceller()
    left = cancelled(canceller, microphone, played)
    assert canceller.drift_ppm == pytest.approx(drift_ppm, abs=8)
    assert gain_db(microphone[-10 * SECOND :], left[-10 * SECOND :]) > 18


def test_a_delay_that_jumps_is_found_again() -> None:
    played = talk(16)
    microphone = heard(played, Path(delay_ms=60))
    microphone[8 * SECOND :] = heard(played, Path(delay_ms=90))[8 * SECOND :]
    left = cancelled(AlignedCanceller(), microphone, played)
    assert gain_db(microphone[-3 * SECOND :], left[-3 * SECOND :]) > 15


def test_no_delay_is_found_where_the_microphone_does_not_hear_the_loudspeaker() -> None:
    finder, played, other = DelayFinder(), talk(20), talk(20, seed=9)
    for at in range(0, played.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        finder.accept(other[at : at + HOP_SAMPLES], played[at : at + HOP_SAMPLES])
    assert finder.delay_samples is None


def test_silence_is_left_as_it_is() -> None:
    near, silence = talk(2), np.zeros(2 * SECOND, np.float32)
    assert np.array_equal(cancelled(AlignedCanceller(), near, silence), near)


def test_what_is_known_of_the_path_moves_with_the_reference() -> None:
    played = talk(6)
    microphone = heard(played, Path(delay_ms=20))
    canceller = KalmanCanceller()
    hops = range(0, played.size - HOP_SAMPLES + 1, HOP_SAMPLES)
    half, later = len(hops) // 2, 5 * SAMPLES_PER_MS
    left = np.zeros_like(microphone)
    for number, at in enumerate(hops):
        if number == half:
            needed = (canceller.tail_hops + 1) * HOP_SAMPLES
            canceller.move(later, played[at - later - needed : at - later])
        shift = later if number >= half else 0
        reference = played[at - shift : at - shift + HOP_SAMPLES]
        left[at : at + HOP_SAMPLES] = canceller.accept(microphone[at : at + HOP_SAMPLES], reference)
    moved = slice(hops[half], hops[half] + SECOND // 2)
    assert gain_db(microphone[moved], left[moved]) > 15


def test_the_slope_of_a_walking_delay_outlives_a_jump() -> None:
    trend = DelayTrend()
    for number in range(100):
        jump = 300 if number >= 99 else 0
        trend.add(number * 4_160, 500 - 5e-5 * number * 4_160 + jump)
    assert trend.slope == pytest.approx(-5e-5, rel=0.01)


def test_the_gate_turns_the_rest_of_an_echo_down_and_opens_for_somebody_near() -> None:
    loud, rest = np.full(HOP_SAMPLES, 0.1, np.float32), np.full(HOP_SAMPLES, 0.01, np.float32)
    near = np.full(HOP_SAMPLES, 0.08, np.float32)
    gate = ResidualGate()
    for _ in range(40):
        closed = gate.accept(rest, echo=loud, cleaned=rest, may_open=True)
    assert closed[-1] < 0.001
    for _ in range(5):
        opened = gate.accept(near, echo=loud, cleaned=near, may_open=True)
    assert opened[-1] == near[-1]
    refused = gate.accept(near, echo=loud, cleaned=near, may_open=False)
    assert refused[-1] == 0.0


def test_a_passthrough_changes_nothing() -> None:
    front_end: FrontEnd = Passthrough()
    microphone = talk(0.01)
    both = front_end.accept(microphone, np.zeros(HOP_SAMPLES, np.float32))
    assert both.suppressed is microphone
    assert both.recogniser is microphone
    assert not front_end.capabilities.cancels_echo


def two_signals() -> FrontEnd:
    pytest.importorskip("livekit.rtc", reason="the extra `echo` is not installed")
    from nearfield_models.frontend.cancelling import EchoCancellingFrontEnd

    return EchoCancellingFrontEnd()


def test_the_suppressed_signal_keeps_near_speech_and_loses_the_rest_of_the_echo() -> None:
    front_end, played = two_signals(), talk(14)
    near = at_level(talk(14, seed=5), -26.0)
    near[: 10 * SECOND] = 0.0
    microphone = heard(played, Path(delay_ms=100)) + near
    suppressed = np.zeros_like(microphone)
    for at in range(0, microphone.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        hop = slice(at, at + HOP_SAMPLES)
        suppressed[hop] = front_end.accept(microphone[hop], played[hop]).suppressed
    echo_only = slice(0, 10 * SECOND)
    assert gain_db(microphone[echo_only], suppressed[echo_only]) > 25
    spoken = slice(11 * SECOND, None)
    assert gain_db(near[spoken], suppressed[spoken]) < 10


def test_a_hop_of_another_length_is_refused() -> None:
    front_end = two_signals()
    with pytest.raises(EngineError, match="expected"):
        front_end.accept(np.zeros(80, np.float32), np.zeros(HOP_SAMPLES, np.float32))


def test_the_same_sound_after_a_reset_gives_the_same_signals() -> None:
    front_end, played = two_signals(), talk(3)
    microphone = heard(played, Path(delay_ms=30))
    runs = []
    for _ in range(2):
        hops = range(0, microphone.size - HOP_SAMPLES + 1, HOP_SAMPLES)
        both = [
            front_end.accept(microphone[at : at + HOP_SAMPLES], played[at : at + HOP_SAMPLES]) for at in hops
        ]
        runs.append(np.concatenate([hop.recogniser for hop in both] + [hop.suppressed for hop in both]))
        front_end.reset()
    assert np.array_equal(runs[0], runs[1])


def test_while_nothing_has_been_played_for_a_while_both_signals_are_the_microphones_own() -> None:
    front_end, silence = two_signals(), np.zeros(HOP_SAMPLES, np.float32)
    near, played = talk(3, seed=5), talk(3)
    for at in range(0, 2 * SECOND, HOP_SAMPLES):
        front_end.accept(near[at : at + HOP_SAMPLES], played[at : at + HOP_SAMPLES])
    untouched = []
    for at in range(0, 2 * SECOND, HOP_SAMPLES):
        microphone = near[at : at + HOP_SAMPLES]
        heard = front_end.accept(microphone, silence)
        untouched.append(heard.suppressed is microphone and heard.recogniser is microphone)
    assert untouched.index(True) == 80  # after 0.8 s: the longest delay, and the tail
    assert all(untouched[80:])


def test_with_headphones_somebody_is_heard_once_it_is_clear_that_nothing_comes_back() -> None:
    front_end, played = two_signals(), talk(12)
    near = at_level(talk(12, seed=5), -26.0)
    heard = np.zeros_like(near)
    for at in range(0, near.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        hop = slice(at, at + HOP_SAMPLES)
        heard[hop] = front_end.accept(near[hop], played[hop]).suppressed
    assert not heard[SECOND : 3 * SECOND].any()
    assert gain_db(near[9 * SECOND :], heard[9 * SECOND :]) < 10
