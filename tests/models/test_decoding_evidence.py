"""What a decoder writes without sound, and how evidence becomes a probability."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_models.decoding import inner_language
from nearfield_models.decoding.calibration import Calibration, read_calibration
from nearfield_models.decoding.inner_language import InnerLanguage, Request
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.errors import EngineError
from tests.fakes.decoding import ScriptedDecoder, ScriptedPast, ScriptedSound
from tests.fakes.evidence import PLAINLY_HEARD
from tests.models.token_walks import small_table

TABLE = small_table()
CALIBRATION = """
[some-pack]
provenance = "made up"
intercept = 4.0
[some-pack.weights]
per_token = -3.0
"""

contexts = st.lists(st.integers(3, len(TABLE) - 1), max_size=2).map(tuple)
ids = st.lists(st.integers(3, len(TABLE) - 1), min_size=1, max_size=5, unique=True)
requests = st.tuples(contexts, ids.map(lambda tokens: np.array(tokens, np.int64)))


def inner(decoder: ScriptedDecoder) -> InnerLanguage[ScriptedSound, ScriptedPast]:
    return InnerLanguage(decoder, TokenMarks(TABLE))


@settings(deadline=None, max_examples=40)
@given(st.lists(requests, min_size=1, max_size=40))
def test_estimates_do_not_depend_on_what_else_is_asked(asked: list[Request]) -> None:
    decoder = ScriptedDecoder(len(TABLE))
    together = inner(decoder).estimates(asked)
    for request, (estimates, end) in zip(asked, together, strict=True):
        [(alone, alone_end)] = inner(decoder).estimates([request])
        assert np.array_equal(estimates, alone)
        assert end == alone_end


def test_estimates_are_kept_and_the_least_used_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inner_language, "MOST_KEPT", 3)
    decoder = ScriptedDecoder(len(TABLE))
    language = inner(decoder)

    def calls(token: int) -> int:
        before = decoder.silent_calls
        language.estimates([((token,), np.array([5, 6], np.int64))])
        return decoder.silent_calls - before

    assert [calls(token) for token in (3, 4, 5, 3, 6)] == [1, 1, 1, 0, 1]
    assert [calls(token) for token in (3, 5, 6, 4)] == [0, 0, 0, 1]


def test_the_shipped_calibration_gives_less_for_what_fits_worse() -> None:
    calibration = read_calibration("moonshine-tiny-en")
    assert calibration is not None
    assert calibration.provenance
    fits = calibration.probability(PLAINLY_HEARD)
    assert 0 < calibration.probability(replace(PLAINLY_HEARD, worst_word=6.0, per_token=2.0)) < fits < 1


def test_no_evidence_leads_out_of_probabilities() -> None:
    calibration = Calibration(intercept=0.0, weights={"end": 1e6}, provenance="")
    assert calibration.probability(replace(PLAINLY_HEARD, end=-1e9)) == pytest.approx(0.0, abs=1e-20)
    assert calibration.probability(replace(PLAINLY_HEARD, end=1e9)) == pytest.approx(1.0)


def test_a_site_brings_its_own_calibration(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(CALIBRATION, "utf-8")
    own = Calibration(intercept=4.0, weights={"per_token": -3.0}, provenance="made up")
    assert read_calibration("some-pack", file) == own
    assert read_calibration("another-pack", file) is None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[some-pack", "cannot be read"),
        ("some-pack = 3", "damaged at some-pack"),
        ("[some-pack]\nprovenance = ''", "damaged at some-pack.*intercept"),
        ("[some-pack]\nintercept = 'high'", "damaged at some-pack.*high"),
        (CALIBRATION + "loudness = 2.0\n", "weighs loudness, known are per_token"),
        (CALIBRATION + "end = 'much'\n", "damaged at some-pack.*much"),
        ("[some-pack]\nintercept = 1.0\nweights = 3", "damaged at some-pack"),
    ],
)
def test_a_damaged_calibration_is_named(tmp_path: Path, content: str, named: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(EngineError, match=named) as raised:
        read_calibration("some-pack", file)
    assert str(file) in str(raised.value)


def test_a_missing_calibration_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        read_calibration("some-pack", tmp_path / "absent.toml")
