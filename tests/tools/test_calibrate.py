from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearfield_models.decoding.calibration import Evidence, read_calibration
from nearfield_models.errors import EngineError
from tests.tools.test_bench_orders import TRIAL
from tools import calibrate
from tools.bench.order_trials import Trial
from tools.calibration_fit import KINDS, PARTS, columns, fit, judge, row_weights, rows_from


def trials(count: int = 400, seed: int = 0) -> list[Trial]:
    """Right ones fit well; wrong ones badly, and half of those have a value left out."""
    generator = np.random.default_rng(seed)
    made = []
    for number in range(count):
        right = number % 3 > 0
        fits = float(generator.normal(0.5 if right else 2.5, 0.7))
        others = generator.normal(0, 1, len(KINDS) - 1).tolist()
        evidence = Evidence(
            per_token=fits,
            **dict(zip([kind for kind in KINDS if kind != "per_token"], others, strict=True)),
        )
        left_out = "" if right else f"size={number % 7}"
        made.append(
            replace(
                TRIAL,
                name=str(number),
                kind="order" if right else "left_out",
                left_out=left_out,
                right=right,
                evidence=evidence,
            )
        )
    return made


def test_the_fit_finds_the_evidence_that_tells_right_from_wrong() -> None:
    evidence, right = columns(rows_from(trials()), KINDS)
    found = dict(zip(KINDS, fit(evidence, right).weights.tolist(), strict=True))
    assert found["per_token"] < -2
    assert all(abs(weight) < 0.8 for kind, weight in found.items() if kind != "per_token")


def test_right_and_wrong_weigh_four_to_one_however_many_there_are() -> None:
    right = np.array([True] * 10 + [False] * 90)
    weights = row_weights(right)
    assert weights[right].sum() == pytest.approx(80)
    assert weights[~right].sum() == pytest.approx(20)


def test_probabilities_are_those_of_the_weighted_world() -> None:
    rows = rows_from(trials(3_000))
    judged = judge(rows, ("per_token",))
    near = (judged.probabilities > 0.6) & (judged.probabilities < 0.9)
    weights = row_weights(rows.right)[near]
    assert np.average(rows.right[near], weights=weights) == pytest.approx(
        np.average(judged.probabilities[near], weights=weights), abs=0.08
    )


def test_a_value_is_never_judged_by_a_fit_that_saw_it() -> None:
    made = trials()
    rows = rows_from(made)
    parts: dict[str, set[int]] = {}
    for trial, part in zip(made, rows.part.tolist(), strict=True):
        parts.setdefault(trial.left_out or trial.name, set()).add(part)
    assert all(len(found) == 1 for found in parts.values())
    assert {part for found in parts.values() for part in found} == set(range(PARTS))


def test_trials_without_a_reading_are_never_taken() -> None:
    made = [trial if number % 2 else replace(trial, evidence=None) for number, trial in enumerate(trials())]
    rows = rows_from(made)
    assert rows.without_reading == {"left_out": 67, "order": 133}
    taken = judge(rows, KINDS).taken["left_out"]
    whole = judge(rows_from(made[1::2]), KINDS).taken["left_out"]
    assert taken is not None
    assert whole is not None
    assert taken == pytest.approx(whole / 2, abs=0.03)


def test_one_kind_of_reading_alone_is_no_fit() -> None:
    with pytest.raises(ValueError, match="right and wrong"):
        fit(np.zeros((3, 1)), np.array([True, True, True]))


def test_what_is_written_is_read_again_and_other_packs_stay(tmp_path: Path) -> None:
    file = tmp_path / "calibration.toml"
    made = trials()
    rows = rows_from(made)
    fitted, judged = fit(*columns(rows, KINDS)), judge(rows, KINDS)
    told = calibrate.provenance(made, rows, judged)
    calibrate.write(file, "one", KINDS, fitted, told)
    calibrate.write(file, "two", KINDS[:1], fit(*columns(rows, KINDS[:1])), "of the second")
    first, second = read_calibration("one", file), read_calibration("two", file)
    assert first is not None
    assert second is not None
    assert first.weights == pytest.approx(dict(zip(KINDS, fitted.weights.tolist(), strict=True)), abs=1e-4)
    assert first.provenance == told
    assert "4 to 1" in told
    assert "Cross-validated" in told
    assert list(second.weights) == ["per_token"]


def test_a_provenance_that_would_break_the_file_is_refused(tmp_path: Path) -> None:
    rows = rows_from(trials())
    with pytest.raises(EngineError, match="cannot be written"):
        calibrate.write(tmp_path / "c.toml", "one", KINDS, fit(*columns(rows, KINDS)), 'say """')


def test_the_choice_is_compared_with_less_of_it() -> None:
    assert calibrate.choices(("a", "b")) == [("a", "b"), ("b",), ("a",), ("a",), ("b",)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--asr", "other"], "no other recogniser"),
        (["--evidence", "per_token,luck"], "no such evidence: luck"),
        (["--data", "/nowhere"], "no recordings in /nowhere"),
    ],
)
def test_what_cannot_be_calibrated_is_said_in_a_sentence(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate.main(words) == 2
    assert told in capsys.readouterr().err
