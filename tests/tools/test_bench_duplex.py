"""What the benchmark of duplex counts."""

from __future__ import annotations

import numpy as np
import pytest

from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ
from tools.bench.duplex_sounds import Scene, Spoken
from tools.bench.duplex_trials import (
    disturbance_db,
    enhancement_db,
    interrupting,
    noticed_after_ms,
    segments,
    stopped_spans,
)

HOPS = 400


def speech(*stretches: tuple[int, int]) -> np.ndarray:
    found = np.zeros(HOPS, np.bool_)
    for first, end in stretches:
        found[first:end] = True
    return found


ORDER = Spoken(
    name="order",
    first=50 * HOP_SAMPLES,
    end=300 * HOP_SAMPLES,
    onset=100 * HOP_SAMPLES,
    last=200 * HOP_SAMPLES,
)


def test_stretches_of_speech_are_counted_and_short_ones_interrupt_nobody() -> None:
    heard = speech((0, 5), (20, 60), (390, 400))
    assert segments(heard) == [(0, 5), (20, 60), (390, 400)]
    assert segments(interrupting(heard)) == [(40, 60)]


def test_an_order_is_noticed_from_its_onset_and_not_by_speech_before_it() -> None:
    assert noticed_after_ms(ORDER, speech((114, 200))) == 140
    assert noticed_after_ms(ORDER, speech((95, 200))) == 0
    assert noticed_after_ms(ORDER, speech((80, 200))) is None
    assert noticed_after_ms(ORDER, speech((250, 300))) is None


def scene() -> Scene:
    generator = np.random.default_rng(0)
    played, near = (generator.normal(0, 0.1, HOPS * HOP_SAMPLES).astype(np.float32) for _ in range(2))
    silence = np.zeros_like(played)
    return Scene(played=played, echo=played, near=near, noise=silence, spoken=(ORDER,))


def test_the_loudspeaker_stops_a_while_after_the_order_is_noticed_until_it_is_over() -> None:
    (span,) = stopped_spans(scene(), speech((120, 200)))
    assert span == (129 * HOP_SAMPLES, ORDER.end)
    assert stopped_spans(scene(), speech((10, 20))) == []


def test_what_disturbs_an_order_is_all_that_is_neither_near_speech_nor_noise() -> None:
    sounds = scene()
    assert disturbance_db(sounds, sounds.microphone) == pytest.approx(0.0, abs=0.2)
    assert disturbance_db(sounds, sounds.near + 0.1 * sounds.echo) == pytest.approx(-20.0, abs=0.2)


def test_enhancement_is_told_by_seconds_once_settled() -> None:
    echo = np.random.default_rng(0).normal(0, 0.1, 12 * SAMPLE_RATE_HZ).astype(np.float32)
    left = 0.1 * echo
    left[: 8 * SAMPLE_RATE_HZ] = echo[: 8 * SAMPLE_RATE_HZ]
    assert enhancement_db(echo, left) == {"mean": pytest.approx(20.0), "p10": pytest.approx(20.0)}
