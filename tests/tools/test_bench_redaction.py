from __future__ import annotations

import argparse
from pathlib import Path

from nearfield_sync.redaction.spans import Masks, Redacted, Span
from tools.bench import redaction
from tools.bench.redaction import Labelled


def masked(*spans: tuple[str, int, int]) -> Redacted:
    found = tuple(Span(kind=kind, start=start, end=end, mask="[X_1]") for kind, start, end in spans)  # type: ignore[arg-type]
    return Redacted(text="", spans=found, masks=Masks())


LABELLED = Labelled(text="call anna smith now", spans=(("name", 5, 15),))


def test_a_name_of_which_a_part_stays_is_not_recalled_but_the_mask_is_right() -> None:
    figures = redaction.score([LABELLED], [masked(("name", 5, 9))])
    assert (figures["recall"], figures["precision"], figures["exact"]) == (0, 1, 0)


def test_a_mask_may_take_one_word_more_and_no_two() -> None:
    assert redaction.score([LABELLED], [masked(("name", 5, 19))])["precision"] == 1
    assert redaction.score([LABELLED], [masked(("name", 0, 19))])["precision"] == 0


def test_what_was_masked_as_another_kind_stays_on_the_device_all_the_same() -> None:
    figures = redaction.score([LABELLED], [masked(("phone", 5, 15))])
    assert (figures["recall"], figures["masked_share"], figures["precision"]) == (0, 1, 0)


def test_a_mask_in_an_ordinary_sentence_is_a_false_one() -> None:
    figures = redaction.score([Labelled(text="call the lift", spans=())], [masked(("name", 9, 13))])
    assert (figures["ordinary_masks"], figures["precision"]) == (1, 0)


def test_the_halves_share_no_sentence_and_labels_lie_on_the_values() -> None:
    halves = [list(redaction.build(half, 0)) for half in ("development", "test")]
    assert not {one.text for one in halves[0]} & {one.text for one in halves[1]}
    assert all(len(half) >= 300 for half in halves)
    for one in halves[1]:
        assert all(0 <= start < end <= len(one.text) for _, start, end in one.spans)


def test_the_test_half_keeps_its_promises(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    redaction.add_arguments(parser)
    report = redaction.run(parser.parse_args(["--data", str(tmp_path)]))
    assert set(report.missed) <= {"time"}
    assert len(report.skipped) == 2
