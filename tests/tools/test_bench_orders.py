from __future__ import annotations

import argparse
import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearfield_models.errors import PackNotFoundError
from nearfield_models.grammar import compile_grammar, match_text
from nearfield_models.pcm import HOP_SAMPLES
from nearfield_models.store import ModelStore
from tests.fakes.vad import ScriptedVad
from tools.bench import orders
from tools.bench.many_skills import ENTRIES, many_skills
from tools.bench.order_jobs import closed_values, left_out_jobs, order_jobs, other_speech_jobs
from tools.bench.order_latencies import HEAD_START_MS
from tools.bench.order_rates import Share
from tools.bench.order_sounds import heard_turn, in_noise
from tools.bench.order_trials import Job, Trial, coffee_grammar, coffee_templates, is_accepted, play
from tools.bench.orders_plot import sweep_svg

LABEL = {"intent": "orderDrink", "slots": {"coffeeDrink": "latte", "size": "large"}}
TRIAL = Trial(
    kind="order",
    name="a",
    condition="clean",
    seed=0,
    left_out="",
    transcript="",
    taken_for="",
    right=True,
    evidence=None,
    waited_ms=600.0,
    detector_off_ms=100.0,
    interrupted=0,
    computing_ms=50.0,
    processor_ms=80.0,
)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("a large latte", True),
        ("a large latte with milk", True),
        ("a small latte", False),
        ("a latte", False),
        ("what do you have", False),
        ("mumble", False),
    ],
)
def test_an_order_is_right_when_every_labelled_slot_is(text: str, accepted: bool) -> None:
    matches = match_text(coffee_grammar(), text)
    assert is_accepted(matches[0] if matches else None, LABEL) is accepted


def test_figures_tell_the_parts_of_the_wait_apart() -> None:
    trials = [
        replace(TRIAL, name=str(at), waited_ms=500.0 + at, computing_ms=10.0 * at, right=at <= 60)
        for at in range(1, 102)
    ]
    figures = orders.figures_of([*trials, replace(TRIAL, name="mute", waited_ms=None, computing_ms=510.0)])
    assert figures["command_acceptance"] == pytest.approx(61 / 102)
    assert figures["command_acceptance_from_95"] < 61 / 102 < figures["command_acceptance_to_95"]
    assert figures["latency_ms"]["decision"] == {"p50": pytest.approx(551), "p95": pytest.approx(596)}
    assert figures["latency_ms"]["computing"]["p50"] == pytest.approx(510)
    assert figures["latency_ms"]["after_decision"]["p50"] == pytest.approx(510 - HEAD_START_MS)
    whole = {"p50": pytest.approx(551 + 510 - HEAD_START_MS), "p95": pytest.approx(596 + 960 - HEAD_START_MS)}
    assert figures["latency_ms"]["whole"] == whole
    assert figures["no_end_of_speech"] == 1
    assert orders.figures_of([]) == {"n": 0, "accepted": 0}


def arguments_for(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    orders.add_arguments(parser)
    return parser.parse_args(words)


def test_without_recordings_the_benchmark_says_what_it_could_not_measure(tmp_path: Path) -> None:
    report = orders.run(arguments_for("--data", str(tmp_path)))
    assert report.figures == {}
    assert str(tmp_path) in report.skipped[0]


def needs_packs() -> None:
    try:
        for pack in ("moonshine-tiny-en", "silero-vad"):
            ModelStore.default().installed(pack)
    except PackNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.recordings
@pytest.mark.models
def test_real_orders_in_noise_are_scored(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_packs()
    words = ["--data", str(recordings), "--limit", "4", "--show-wrong"]
    clean = orders.run(arguments_for(*words)).figures
    assert clean["n"] == 4
    assert clean["command_acceptance"] == clean["accepted"] / 4 >= 0.75
    assert 300 < clean["latency_ms"]["decision"]["p50"] < 1_500
    assert 0 < clean["latency_ms"]["computing"]["p50"] <= clean["latency_ms"]["computing"]["p95"]
    assert capsys.readouterr().out.count("heard") == 4 - clean["accepted"]
    noise = str(recordings / "noise" / "kitchen.flac")
    noisy = orders.run(arguments_for(*words, "--noise", noise, "--snr-db", "-20")).figures
    assert noisy["accepted"] < clean["accepted"]
    assert orders.run(arguments_for(*words, "--free-text")).figures["n"] == 4


@pytest.mark.recordings
@pytest.mark.models
def test_a_real_order_for_what_is_left_out_is_never_right(recordings: Path) -> None:
    needs_packs()
    name = "0075d273-51bb-47cb-b323-4437bd0de029.flac"
    (known,) = play(Job(kind="order", names=(name,)), recordings)
    (left_out,) = play(Job(kind="left_out", names=(name,), left_out=("roast", "light roast")), recordings)
    assert known.right
    assert not left_out.right
    assert known.evidence is not None
    assert left_out.evidence is None or left_out.evidence.per_token > known.evidence.per_token
    assert Trial.read(known.document()) == known


def test_an_utterance_keeps_the_sound_around_its_speech_and_ends_by_the_device_s_rule() -> None:
    samples = np.arange(500 * HOP_SAMPLES, dtype=np.float32)
    script = [0.0] * 100 + [1.0] * 50 + [0.0] * 30 + [1.0] * 20
    turn = heard_turn(samples, ScriptedVad(script), before_ms=500, after_ms=500)
    assert turn is not None
    kept = turn.cut(samples)
    assert kept[0] == (106 - 50) * HOP_SAMPLES
    assert kept[-1] == (200 + 50) * HOP_SAMPLES - 1
    assert turn.last_heard == 200 * HOP_SAMPLES
    assert turn.decided == (200 + 50) * HOP_SAMPLES
    assert turn.interrupted == 0
    assert heard_turn(samples, ScriptedVad()) is None


def test_a_long_pause_inside_an_order_is_counted_and_the_order_goes_on() -> None:
    script = [1.0] * 50 + [0.0] * 70 + [1.0] * 30
    turn = heard_turn(np.zeros(300 * HOP_SAMPLES, np.float32), ScriptedVad(script))
    assert turn is not None
    assert turn.interrupted == 1
    assert turn.decided == (150 + 50) * HOP_SAMPLES


def test_a_recording_that_stops_before_the_silence_is_over_is_decided_when_it_would_be() -> None:
    turn = heard_turn(np.zeros(60 * HOP_SAMPLES, np.float32), ScriptedVad([1.0] * 50), after_ms=200)
    assert turn is not None
    assert turn.decided == (50 + 50) * HOP_SAMPLES
    assert turn.end == 60 * HOP_SAMPLES


def test_noise_depends_on_the_recording_and_the_seed_alone() -> None:
    generator = np.random.default_rng(1)
    clean, noise = (generator.normal(0, 0.1, size).astype(np.float32) for size in (8_000, 80_000))
    first = in_noise(clean, noise, 6.0, name="a", seed=0)
    assert np.array_equal(first, in_noise(clean, noise, 6.0, name="a", seed=0))
    assert not np.array_equal(first, in_noise(clean, noise, 6.0, name="b", seed=0))
    assert not np.array_equal(first, in_noise(clean, noise, 6.0, name="a", seed=1))


@pytest.mark.parametrize(
    ("transcript", "holds"),
    [
        ("a 12-ounce dark roast coffee", True),
        ("a twelve ounce dark rose coffee", False),
        ("a twelve ounce dark roast covfefe", False),
    ],
)
def test_a_value_counts_as_heard_only_where_it_stands_word_for_word(transcript: str, holds: bool) -> None:
    label = {"slots": {"size": "twelve ounce", "roast": "dark roast", "coffeeDrink": "coffee"}}
    assert orders.holds_every_value(transcript, label) is holds


def test_every_order_is_played_once_clean_and_once_for_each_draw_in_noise() -> None:
    names = [str(number) for number in range(120)]
    jobs = order_jobs(names, [None, 6.0], 3)
    for seed, snr_db in ((0, None), (0, 6.0), (1, 6.0), (2, 6.0)):
        chunks = [job.names for job in jobs if (job.seed, job.snr_db) == (seed, snr_db)]
        assert [name for chunk in chunks for name in chunk] == names
    assert sum(len(job.names) for job in jobs) == 4 * 120


def test_a_value_left_out_is_gone_and_its_neighbours_stay() -> None:
    assert len(list(closed_values())) == 23
    grammar = coffee_grammar(("roast", "light roast"))
    assert not match_text(grammar, "a light roast coffee")
    assert match_text(grammar, "a dark roast coffee")
    with pytest.raises(ValueError, match="no value 'burnt'"):
        coffee_templates(("roast", "burnt"))


def test_values_are_left_out_for_the_orders_that_name_them_and_a_larger_sample_holds_the_smaller() -> None:
    labels = {str(at): {"intent": "orderDrink", "slots": {"size": "large"}} for at in range(30)}
    labels["other"] = {"intent": "orderDrink", "slots": {"size": "small"}}
    few, more = (
        {(job.left_out, job.snr_db): set(job.names) for job in left_out_jobs(labels, most=most, seed=3)}
        for most in (5, 9)
    )
    assert set(few) == {(("size", size), snr_db) for size in ("large", "small") for snr_db in (None, 12.0)}
    assert len(few[("size", "large"), None]) == 5
    assert few[("size", "large"), None] < more[("size", "large"), None]
    assert few[("size", "small"), 12.0] == {"other"}


def test_without_other_recordings_no_other_speech_is_played(tmp_path: Path) -> None:
    assert other_speech_jobs(tmp_path, recordings=None, sentences=5, seed=0) == []


def test_the_picture_shows_every_ratio_and_marks_what_was_published() -> None:
    share = Share(share=0.95, low=0.9, high=0.97, trials=10)
    drawn = sweep_svg({0.0: share, 6.0: share, 24.0: share}, share)
    assert drawn.startswith("<svg")
    assert drawn.count("<circle") == 4
    assert drawn.count("stroke-dasharray") == 5
    heights = [float(found) for found in re.findall(r'y="([\d.]+)"[^>]*>[^<]*\(published\)<', drawn)]
    assert len(heights) == 5
    assert all(below - above >= 15 for above, below in itertools.pairwise(heights))


def test_the_other_skills_have_as_many_entries_as_promised_and_share_the_order_s_phrases() -> None:
    sources = many_skills()
    lists = [
        one["values"] for source in sources for one in source.templates["lists"].values() if "values" in one
    ]
    assert len(sources) == 20
    assert sum(map(len, lists)) == ENTRIES
    grammar = compile_grammar(sources)
    assert match_text(grammar, "I'd like the cheese sandwich")[0].skill == "lunch"
    assert match_text(grammar, "can I have desk four")[0].skill == "desks"
