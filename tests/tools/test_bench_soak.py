"""The soak: its script, its ledger of turns, its judgement of growth, and a short real one."""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import numpy as np
import pytest

from nearfield_edge.turn import commands as do
from tools.bench import soak
from tools.bench.exchange_script import read_exchanges
from tools.bench.growth import BLOCKS, Allowance, Reading, has_grown, settled, trend
from tools.bench.growth_plot import growth_svg
from tools.bench.soak_device import Lived, without_silence
from tools.bench.soak_script import KINDS, LONGEST_SILENCE_SECONDS, Sounds, visits
from tools.bench.turn_ledger import TurnLedger
from tools.bench.unreliable_receiver import UnreliableReceiver, answers

SOUNDS = Sounds(
    wake=["wake/a.flac", "wake/b.flac"],
    orders=[f"orders/{number}.flac" for number in range(9)],
    talk=["speech/jfk.flac"],
    exchanges=[exchange for part in read_exchanges().values() for exchange in part],
)
ALLOWANCE = Allowance(an_hour=1.0, in_all=4.0)


def readings(megabytes: np.ndarray, hours: float = 8.0) -> list[Reading]:
    return [
        Reading(at_hours=at, resident_mb=each, descriptors=20, tasks=2, threads=16)
        for at, each in zip(np.linspace(0, hours, megabytes.size), megabytes, strict=True)
    ]


def wandering(seed: int, size: int = 200) -> np.ndarray:
    """Megabytes that return to 500 again and again, as a heap does: each moment is like the one before."""
    noise = np.random.default_rng(seed).normal(0.0, 6.0, size)
    found = np.zeros(size)
    for at in range(1, size):
        found[at] = 0.8 * found[at - 1] + noise[at]
    return 500 + found


def test_the_slope_of_a_straight_line_is_found_without_doubt() -> None:
    found = trend(readings(500 + np.linspace(0, 40, 100)), "resident_mb")
    assert found is not None
    assert found.slope == pytest.approx(5.0)
    assert found.high - found.low == pytest.approx(0.0, abs=1e-6)
    assert has_grown(found, ALLOWANCE)


@pytest.mark.parametrize("seed", range(20))
def test_a_heap_that_goes_up_and_down_has_not_grown_and_a_leak_in_it_is_found(seed: int) -> None:
    still = trend(readings(wandering(seed)), "resident_mb")
    leaking = trend(readings(wandering(seed) + np.linspace(0, 64, 200)), "resident_mb")
    assert still is not None
    assert leaking is not None
    assert not has_grown(still, ALLOWANCE)
    assert has_grown(leaking, ALLOWANCE)


def test_what_grows_by_little_in_a_short_time_is_let_pass() -> None:
    found = trend(readings(500 + np.linspace(0, 1, 100), hours=0.1), "resident_mb")
    assert found is not None
    assert found.low > ALLOWANCE.an_hour
    assert not has_grown(found, ALLOWANCE)


def test_few_readings_are_not_judged() -> None:
    assert trend(readings(np.full(BLOCKS - 1, 500.0)), "resident_mb") is None
    assert trend(readings(np.full(BLOCKS, 500.0)), "resident_mb") is not None


def test_the_first_half_hour_does_not_count_nor_the_first_quarter_of_less() -> None:
    all_of_it = readings(np.full(81, 500.0))
    assert settled(all_of_it, 8.0)[0].at_hours == pytest.approx(0.5)
    assert settled(all_of_it, 0.8)[0].at_hours == pytest.approx(0.2)


def test_the_same_seed_gives_the_same_visits_and_another_one_others() -> None:
    one, same, other = (list(islice(visits(seed, SOUNDS), 40)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_every_kind_of_visit_comes_before_any_comes_again() -> None:
    found = list(islice(visits(3, SOUNDS), 3 * len(KINDS)))
    for first in range(0, len(found), len(KINDS)):
        assert {visit.kind for visit in found[first : first + len(KINDS)]} == set(KINDS)
    assert all(0 <= visit.then_seconds <= LONGEST_SILENCE_SECONDS for visit in found)


def opened(turn_id: str) -> do.OpenTurn:
    return do.OpenTurn(turn_id=turn_id, opened_by="wake", at=0)


def closed(turn_id: str) -> do.CloseTurn:
    return do.CloseTurn(turn_id=turn_id, outcome="answered")


def test_a_turn_that_was_closed_and_kept_is_not_lost() -> None:
    ledger = TurnLedger()
    for happened in (opened("a"), closed("a"), opened("b"), closed("b")):
        ledger.watch(happened)
    ledger.check({"a", "b"}.__contains__)
    assert (ledger.opened, ledger.lost, ledger.faults) == (2, 0, [])
    assert ledger.outcomes == Counter(answered=2)


@pytest.mark.parametrize(
    ("happened", "kept", "fault"),
    [
        ([opened("a")], {"a"}, "a was never closed"),
        ([opened("a"), closed("a")], set(), "a is not in the store"),
        ([opened("a"), closed("a"), closed("a")], {"a"}, "a was closed without being open"),
    ],
)
def test_a_turn_that_went_missing_or_was_closed_twice_is_named(
    happened: list[do.OpenTurn | do.CloseTurn], kept: set[str], fault: str
) -> None:
    ledger = TurnLedger()
    for each in happened:
        ledger.watch(each)
    ledger.check(kept.__contains__)
    assert ledger.faults == [fault]


def soaked(megabytes: np.ndarray, ledger: TurnLedger) -> soak.Soaked:
    lived = Lived(
        readings=tuple(readings(megabytes)),
        visits=Counter(typed=1),
        played_seconds=8 * 3600.0,
        waits_in_vain=0,
    )
    return soak.Soaked(lived=lived, ledger=ledger, answers={}, counters={}, wall_seconds=1200.0)


def test_growth_and_lost_turns_break_the_promise() -> None:
    fine, nothing = soak.figures_of(soaked(wandering(1), TurnLedger()), 8.0)
    assert (fine["grown"], fine["compression"], nothing) == (0, 24.0, [])
    ledger = TurnLedger()
    ledger.watch(opened("a"))
    ledger.check(lambda _: True)
    figures, broken = soak.figures_of(soaked(500 + np.linspace(0, 80, 200), ledger), 8.0)
    assert (figures["grown"], figures["turns"]["lost"]) == (1, 1)
    assert broken[0].startswith("resident_mb grew by 10.00 an hour")
    assert broken[1:] == ["1 turns lost", "a was never closed"]


def test_hours_that_were_not_lived_and_growth_that_was_not_fitted_are_named() -> None:
    whole, _ = soak.figures_of(soaked(wandering(1), TurnLedger()), 8.0)
    assert soak.missing(whole, 8.0) == []
    assert soak.missing(whole, 9.0) == ["1.00 of 9 hours: real time was over, give it more --minutes"]
    few, _ = soak.figures_of(soaked(wandering(1, size=8), TurnLedger()), 8.0)
    assert soak.missing(few, 8.0) == ["growth: 7 readings are too few, 16 are needed"]


def test_the_picture_has_a_line_for_each_count_and_is_told_in_words() -> None:
    picture = ET.fromstring(growth_svg(readings(wandering(1))))  # noqa: S314 (our own document)
    lines = list(picture.iter("{http://www.w3.org/2000/svg}polyline"))
    assert len(lines) == 4
    assert all(len(line.attrib["points"].split()) == 200 for line in lines)
    assert "after 8.0 hours" in (picture.findtext("{http://www.w3.org/2000/svg}desc") or "")


def test_the_receiver_fails_now_and_then_and_always_in_the_same_order() -> None:
    one, same = (list(islice(answers(5), 200)) for _ in range(2))
    assert one == same
    assert set(one) == {201, 503, 422, 0}
    assert 110 < one.count(201) < 170


@pytest.mark.server
def test_the_receiver_answers_as_the_dice_fall_and_counts() -> None:
    expected = list(islice(answers(5), 12))
    seen = []
    with UnreliableReceiver(5) as receiver:
        for _ in expected:
            try:
                seen.append(httpx.post(receiver.url, json={}, trust_env=False).status_code)
            except httpx.HTTPError:
                seen.append(0)
        assert receiver.answered == Counter(expected)
    assert seen == expected


def test_the_silence_around_speech_is_taken_off_and_noise_stays_whole() -> None:
    generator = np.random.default_rng(1)
    quiet = generator.normal(0.0, 0.0005, 32_000).astype(np.float32)
    spoken = quiet.copy()
    spoken[12_000:20_000] += generator.normal(0.0, 0.2, 8_000).astype(np.float32)
    kept = without_silence(spoken)
    assert 8_000 + 2 * 1_600 - 640 <= kept.size <= 8_000 + 2 * 1_600 + 640
    assert without_silence(quiet).size == quiet.size


@pytest.mark.recordings
@pytest.mark.models
@pytest.mark.server
def test_a_few_minutes_of_a_devices_life_lose_no_turn(recordings: Path, tmp_path: Path) -> None:
    picture = tmp_path / "soak.svg"
    report = soak.run(argparse.Namespace(data=recordings, hours=0.05, minutes=None, seed=4, plot=picture))
    assert not report.broken
    assert report.figures["device_hours"] >= 0.05
    assert report.figures["compression"] > 1
    assert report.figures["turns"]["opened"] > 0
    assert report.figures["turns"]["lost"] == 0
    assert picture.read_text("utf-8").startswith("<svg")
