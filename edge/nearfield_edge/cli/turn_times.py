"""The time axis of a turn's picture: stretches, each with a scale of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_sync.messages.turn_record import TurnRecord

_SHARES: Final = {"the person speaks": 0.24, "the person waits": 0.5, "the device speaks": 0.26}
"""Of the width, where all three are there."""
_STEPS_MS: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000)
_TICK_PIXELS: Final = 45.0
_SHORTEST_MS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the axis."""

    name: str
    begin_ms: float
    end_ms: float
    left: float
    right: float

    def x(self, at_ms: float) -> float:
        """Where a moment within is."""
        return self.left + (at_ms - self.begin_ms) / (self.end_ms - self.begin_ms) * (self.right - self.left)


def stretches_of(record: TurnRecord, left: float, right: float) -> list[Stretch]:
    """Up to three stretches from left to right that hold everything in a turn; the wait is always there."""
    times = [entry.at_ms for entry in record.timeline]
    marks = record.timings_ms
    times += [at for at in (marks.endpoint, marks.transcript, marks.understood, marks.done) if at is not None]
    earliest, latest = min(times, default=0.0), max(times, default=0.0)
    begins: list[tuple[str, float, float]] = []
    if earliest < 0:
        begins.append(("the person speaks", earliest, 0.0))
    first = marks.first_audio
    if first is None or first <= 0:
        begins.append(("the person waits", 0.0, max(latest, _SHORTEST_MS)))
    else:
        begins.append(("the person waits", 0.0, first))
        if latest > first:
            begins.append(("the device speaks", first, latest))
    return list(_placed(begins, left, right))


def ticks_of(stretch: Stretch) -> Iterator[float]:
    """Round moments at a distance that leaves room for their numbers, and the ends of the stretch."""
    span = stretch.end_ms - stretch.begin_ms
    room = (stretch.right - stretch.left) / _TICK_PIXELS
    step = next((step for step in _STEPS_MS if span / step <= room), _STEPS_MS[-1])
    yield stretch.begin_ms
    at = (stretch.begin_ms // step + 1) * step
    while at < stretch.end_ms - step / 2:
        if at > stretch.begin_ms + step / 2:
            yield at
        at += step
    yield stretch.end_ms


def _placed(begins: Sequence[tuple[str, float, float]], left: float, right: float) -> Iterator[Stretch]:
    whole = sum(_SHARES[name] for name, _, _ in begins)
    at = left
    for name, begin_ms, end_ms in begins:
        width = (right - left) * _SHARES[name] / whole
        yield Stretch(name=name, begin_ms=begin_ms, end_ms=end_ms, left=at, right=at + width)
        at += width
