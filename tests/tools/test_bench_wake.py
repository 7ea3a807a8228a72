"""The wake-word benchmark: its arithmetic, and one small run."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from tools.bench import wake


@pytest.fixture
def models() -> None:
    try:
        for pack in ("moonshine-tiny-en", "silero-vad"):
            ModelStore.default().installed(pack)
    except PackNotFoundError as error:
        pytest.skip(str(error))


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    wake.add_arguments(parser)
    return parser.parse_args(words)


def test_no_alarm_in_so_many_hours_excludes_three_divided_by_them() -> None:
    assert wake.most_events(0) == pytest.approx(2.996, abs=1e-3)
    assert wake.most_events(1) == pytest.approx(4.744, abs=1e-3)
    assert wake.most_events(5) == pytest.approx(10.513, abs=1e-3)


def test_the_interval_of_a_share_is_wilson_s() -> None:
    low, high = wake.wilson(2, 79)
    assert (round(low, 4), round(high, 4)) == (0.007, 0.0877)
    assert wake.wilson(0, 10)[0] == 0.0


def test_the_cost_of_an_hour_weighs_speech_by_its_share() -> None:
    costs = wake.Costs()
    assert costs.percent(0.1) is None
    costs.seconds = {True: 5.0, False: 0.9}
    costs.sound_seconds = {True: 10.0, False: 90.0}
    assert costs.percent(0.1) == pytest.approx(100 * (0.1 * 0.5 + 0.9 * 0.01))


def test_the_parts_of_a_folder_make_the_whole_and_share_nothing(tmp_path: Path) -> None:
    for name in "abcde":
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(160), 16_000)
    (tmp_path / "README.txt").write_text("no sound")
    files = wake.sound_files(tmp_path)
    even, odd = (wake.chosen(files, part, None) for part in ("even", "odd"))
    assert {file.stem for file in even} == set("ace")
    assert even | odd == set(files)
    assert not even & odd
    assert len(wake.chosen(files, "all", 2)) == 2


@pytest.mark.models
@pytest.mark.usefixtures("models")
def test_the_noise_in_a_recording_does_not_depend_on_which_others_are_chosen(tmp_path: Path) -> None:
    for number in range(4):
        sound = np.random.default_rng(number).uniform(-0.5, 0.5, 16_000 + 160 * number)
        soundfile.write(tmp_path / f"{number}.wav", sound, 16_000)
    noise = tmp_path / "noise" / "noise.wav"
    noise.parent.mkdir()
    soundfile.write(noise, np.random.default_rng(9).uniform(-0.5, 0.5, 64_000), 16_000)
    whole, part = (
        {
            one.file.stem: one.samples
            for one in wake.recordings_of(tmp_path, arguments("--noise", str(noise), *more))
        }
        for more in ((), ("--part", "odd"))
    )
    assert set(part) == {"1", "3"}
    for name, samples in part.items():
        assert np.array_equal(samples, whole[name])


def test_a_folder_without_recordings_is_a_skipped_report(tmp_path: Path) -> None:
    report = wake.run(arguments("--positives", str(tmp_path)))
    assert str(tmp_path) in report.skipped[0]
    assert report.missed


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.usefixtures("models")
def test_a_small_run_hears_the_phrase_and_nothing_else(recordings: Path) -> None:
    words = ("--phrase", "computer", "--positives", str(recordings / "wake" / "computer"), "--limit", "3")
    others = ("--negatives", str(recordings / "wake" / "alexa"))
    figures = wake.run(arguments(*words, *others)).figures
    assert (figures["n"], figures["missed_count"], figures["heard_twice"], figures["alarms"]) == (3, 0, 0, 0)
    assert figures["cpu_percent_of_one_core"] > 0
    assert figures["alarms_per_hour_95"] > 300
    assert -500 < figures["end_off_ms"]["p50"] < 500
