"""The figures of orders that are searched while they are said."""

from __future__ import annotations

from tools.bench.growing import Trial, scored


def trial(*, growing: bool, scratch: bool, growing_ms: float) -> Trial:
    return Trial(
        name="order",
        growing=growing,
        scratch=scratch,
        growing_ms=growing_ms,
        scratch_ms=200.0,
        partial_ms=(90.0, 110.0),
    )


def test_what_growing_loses_wins_and_saves() -> None:
    figures = scored(
        [
            trial(growing=True, scratch=True, growing_ms=80.0),
            trial(growing=False, scratch=True, growing_ms=100.0),
            trial(growing=True, scratch=False, growing_ms=120.0),
        ]
    )
    assert (figures["lost_by_growing"], figures["won_by_growing"]) == (1, 1)
    assert figures["growing"]["right"] == figures["scratch"]["right"] == 2
    assert figures["share"] == 0.5
    assert figures["partial_ms"]["p50"] == 100.0
