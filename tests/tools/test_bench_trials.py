from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.decoding.calibration import Calibration
from tests.fakes.evidence import PLAINLY_HEARD
from tests.tools.test_bench_orders import TRIAL
from tools.bench import order_rates
from tools.bench.order_trials import Job, Trial
from tools.bench.orders_rejection import left_out_figures, other_speech_figures
from tools.bench.trial_store import TrialStore

UNSURE = replace(PLAINLY_HEARD, per_token=4.0)
CALIBRATION = Calibration(intercept=2.0, weights={"per_token": -1.0}, provenance="")


class Player:
    """Plays by name alone; can be interrupted at a job."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.played: list[Job] = []
        self._fails_at = fails_at

    def __call__(self, job: Job, data: Path) -> tuple[Trial, ...]:
        if len(self.played) == self._fails_at:
            raise KeyboardInterrupt
        self.played.append(job)
        return tuple(replace(TRIAL, name=name, evidence=PLAINLY_HEARD) for name in job.names)


def play_alike(job: Job, data: Path) -> tuple[Trial, ...]:
    return tuple(replace(TRIAL, name=name) for name in job.names)


JOBS = [Job(kind="order", names=(name,)) for name in "abc"]


def store(folder: Path, player: Player, digest: str = "d") -> TrialStore:
    return TrialStore(folder, folder / "trials", digest=digest, player=player)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        store(tmp_path, Player(fails_at=2)).trials(JOBS, title="")
    later = Player()
    trials = store(tmp_path, later).trials(JOBS, title="")
    assert later.played == JOBS[2:]
    assert [trial.name for trial in trials] == ["a", "b", "c"]
    assert trials[0].evidence == PLAINLY_HEARD


def test_what_was_played_by_other_code_or_under_another_condition_is_played_again(tmp_path: Path) -> None:
    store(tmp_path, Player()).trials(JOBS, title="")
    changed, louder = Player(), Player()
    store(tmp_path, changed, digest="e").trials(JOBS, title="")
    store(tmp_path, louder).trials([replace(JOBS[0], snr_db=6.0), JOBS[1]], title="")
    assert changed.played == JOBS
    assert louder.played == [replace(JOBS[0], snr_db=6.0)]


def test_jobs_played_by_several_processes_come_in_their_order(tmp_path: Path) -> None:
    several = TrialStore(tmp_path, tmp_path / "trials", digest="d", processes=2, player=play_alike)
    assert [trial.name for trial in several.trials(JOBS, title="")] == ["a", "b", "c"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=400))
def test_the_threshold_keeps_the_share_and_no_larger_one_does(confidences: list[float]) -> None:
    threshold = order_rates.keeping(confidences)
    assert sum(one >= threshold for one in confidences) >= 0.99 * len(confidences)
    assert sum(one > threshold for one in confidences) < 0.99 * len(confidences)


def test_draws_of_one_recording_count_as_one_in_the_interval() -> None:
    apart = [replace(TRIAL, name=str(at), right=at % 10 > 0) for at in range(500)]
    together = [replace(TRIAL, name=str(at % 50), right=at % 10 > 0) for at in range(500)]
    narrow, wide = order_rates.right_share(apart), order_rates.right_share(together)
    assert narrow.share == wide.share == pytest.approx(0.9)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_with_no_error_at_all_the_interval_is_not_empty() -> None:
    share = order_rates.right_share([replace(TRIAL, name=str(at)) for at in range(100)])
    assert share.high == pytest.approx(1.0)
    assert 0.95 < share.low < 0.97


def test_asking_back_for_a_value_left_out_counts_as_right() -> None:
    trials = [
        replace(TRIAL, kind="left_out", right=False, left_out="size=large", evidence=evidence)
        for evidence in (PLAINLY_HEARD, UNSURE, None, None)
    ]
    figures = left_out_figures(trials, CALIBRATION, threshold=0.5)
    assert figures["taken"]["share"] == 0.25
    assert figures["taken_clean"] == 0.25
    assert figures["by_value"] == {"size=large": "1 of 4 taken"}


def test_other_speech_is_counted_by_its_kind() -> None:
    trials = [
        replace(TRIAL, kind="recording", right=False, evidence=UNSURE),
        replace(TRIAL, kind="sentence", right=False, evidence=PLAINLY_HEARD),
    ]
    figures = other_speech_figures(trials, CALIBRATION, threshold=0.5)
    assert (figures["recordings_taken"], figures["sentences_taken"]) == (0, 1)
    assert figures["taken"]["share"] == 0.5


def test_the_curve_has_a_share_for_every_kind_and_none_where_nothing_was_played() -> None:
    rows = order_rates.curve({"right_kept": [0.9, 0.4], "wrong_taken": []}, (0.5, 0.95))
    assert rows == [
        {"threshold": 0.5, "right_kept": 0.5, "wrong_taken": None},
        {"threshold": 0.95, "right_kept": 0.0, "wrong_taken": None},
    ]
    assert order_rates.curve_table(rows).row_count == 2
