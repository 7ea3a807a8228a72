from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tools.bench import ablations


def arguments_for(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    ablations.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.recordings
def test_variants_are_compared_order_by_order_with_the_shipped_one(recordings: Path) -> None:
    arguments = arguments_for(
        "--data", str(recordings), "--every", "120", "--snr-db", "40", "--only", "width 4", "--threads", "1"
    )
    figures = ablations.run(arguments).figures
    assert figures["n"] == 3
    shipped, narrow = figures["variants"][ablations.SHIPPED], figures["variants"]["width 4"]
    assert list(figures["variants"]) == [ablations.SHIPPED, "width 4"]
    assert (shipped["right"], shipped["among_readings"]) == (3, 3)
    assert (shipped["lost"], shipped["won"]) == (0, 0)
    assert narrow["right"] == 3 - narrow["lost"]


def test_without_recordings_it_says_what_is_missing(tmp_path: Path) -> None:
    report = ablations.run(arguments_for("--data", str(tmp_path)))
    assert report.figures == {}
    assert "name their folder with --data" in report.skipped[0]


def test_an_unknown_variant_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments_for("--only", "width 5")
    assert "width 4" in capsys.readouterr().err
