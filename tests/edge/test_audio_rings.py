from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nearfield_edge.audio.ring import CaptureRing, PlaybackRing


def rows(first: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.arange(first, first + count, dtype=np.int16).reshape(-1, 1)


class CaptureMachine(RuleBasedStateMachine):
    """Every row is taken in its place, or is silence and counted as lost."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = CaptureRing(50)
        self.written = 1  # values begin at 1, so that silence is not a value
        self.taken = 1
        self.lost = 0

    @rule(count=st.integers(0, 120))
    def write(self, count: int) -> None:
        self.ring.write(rows(self.written, count))
        self.written += count

    @rule()
    def take(self) -> None:
        got = self.ring.take()[:, 0].tolist()
        lost = max(0, self.written - self.taken - 50)
        assert got == [0] * lost + list(range(self.taken + lost, self.written))
        self.taken = self.written
        self.lost += lost

    @rule()
    def drop(self) -> None:
        self.ring.drop()
        self.taken = self.written

    @invariant()
    def losses_are_counted(self) -> None:
        assert self.ring.lost == self.lost


TestCaptureRing = CaptureMachine.TestCase


def test_a_writer_in_a_thread_never_makes_the_reader_see_a_row_out_of_its_place() -> None:
    ring = CaptureRing(400)
    total = 30_000

    def write() -> None:
        for first in range(1, total, 100):
            ring.write(rows(first, 100))

    writer = threading.Thread(target=write)
    writer.start()
    got: list[int] = []
    while writer.is_alive() or len(got) < total:
        got += ring.take()[:, 0].tolist()
        if not writer.is_alive() and len(got) >= total:
            break
    writer.join()
    assert len(got) == total
    assert all(value in (0, place) for place, value in enumerate(got, 1))
    assert got.count(0) == ring.lost


@given(
    steps=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=30),
)
def test_what_is_written_is_played_once_and_in_order(steps: list[tuple[int, int]]) -> None:
    ring = PlaybackRing(50)
    written, played = 0, []
    for wanted, asked in steps:
        count = min(wanted, ring.room)
        ring.write(np.arange(written + 1, written + count + 1, dtype=np.float32))
        written += count
        out = np.full((asked, 2), -1.0, np.float32)
        ring.fill(out)
        assert (out[:, 0] == out[:, 1]).all()
        played += [value for value in out[:, 0].tolist() if value]
        assert (out >= 0).all()
    assert played == list(range(1, ring.played + 1))
    assert ring.played <= written
    assert ring.empty == (ring.played == written)


def test_too_little_in_the_middle_is_an_underrun_but_not_before_or_after() -> None:
    ring = PlaybackRing(50)
    out = np.zeros((10, 1), np.float32)
    ring.fill(out)
    ring.write(np.ones(15, np.float32))
    ring.fill(out)
    assert ring.underruns == 0
    ring.fill(out)
    assert ring.underruns == 1
    ring.write(np.ones(5, np.float32))
    ring.complete()
    ring.fill(out)
    assert ring.underruns == 1
