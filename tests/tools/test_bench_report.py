from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tools.bench import __main__ as bench
from tools.bench.report import Report, Target, write_json

QUICK = Target(name="answers_quickly", figure="latency_ms.p50", at="most", value=100, unit="ms")
GOOD = Target(name="is_mostly_right", figure="share", at="least", value=0.9)


def report(**figures: Any) -> Report:
    return Report(name="trial", title="a trial", figures=figures, targets=(QUICK, GOOD))


def test_targets_are_reached_at_their_bounds() -> None:
    assert report(latency_ms={"p50": 100}, share=0.9).missed == ()
    assert report(latency_ms={"p50": 100.1}, share=0.89).missed == ("answers_quickly", "is_mostly_right")


def test_what_was_not_measured_is_missed_and_shown() -> None:
    screen = StringIO()
    skipped = Report(
        name="trial", title="a trial", figures={}, targets=(GOOD,), skipped=("peer: no [network]",)
    )
    skipped.print_to(Console(width=120, file=screen))
    assert skipped.missed == ("is_mostly_right",)
    assert "not measured" in screen.getvalue()
    assert "SKIPPED peer: no [network]" in screen.getvalue()


def test_the_file_has_the_figures_on_top_and_what_it_takes_to_judge_them(tmp_path: Path) -> None:
    file = tmp_path / "out" / "trial.json"
    write_json(report(latency_ms={"p50": 50}, share=0.5).document(["python", "-m", "tools.bench"]), file)
    found = json.loads(file.read_text())
    assert found["latency_ms"]["p50"] == 50
    assert found["missed"] == ["is_mostly_right"]
    assert {target["name"] for target in found["targets"]} == {"answers_quickly", "is_mostly_right"}
    assert found["command"] == ["python", "-m", "tools.bench"]
    assert found["versions"]["onnxruntime"]
    assert found["machine"]["cores"] >= 1


def test_one_failing_benchmark_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bench_that_works.py").write_text(
        "from tools.bench.report import Report\n"
        "def add_arguments(parser): parser.add_argument('--limit', type=int, default=7)\n"
        "def run(arguments): return Report(name='works', title='it works', figures={'n': arguments.limit})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    table = {"fails": ("bench_that_is_not_there", ""), "works": ("bench_that_works", "")}
    monkeypatch.setattr(bench, "BENCHMARKS", table)
    assert bench.main(["all", "--out", str(tmp_path / "out")]) == 1
    assert "fails FAILED" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "works.json").read_text())["n"] == 7
    assert bench.main(["works", "--limit", "3", "--json", str(tmp_path / "one.json")]) == 0
    assert json.loads((tmp_path / "one.json").read_text())["n"] == 3


def test_what_must_never_be_is_shown_and_ends_the_command_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bench_that_breaks.py").write_text(
        "from tools.bench.report import Report\n"
        "def add_arguments(parser): pass\n"
        "def run(arguments): return Report(name='b', title='b', figures={}, broken=('a turn was lost',))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bench, "BENCHMARKS", {"breaks": ("bench_that_breaks", "")})
    assert bench.main(["breaks", "--json", str(tmp_path / "one.json")]) == 1
    assert "BROKEN a turn was lost" in capsys.readouterr().out
    assert json.loads((tmp_path / "one.json").read_text())["broken"] == ["a turn was lost"]
    assert bench.main(["all", "--out", str(tmp_path / "out")]) == 1
