"""Counting what happened."""

from __future__ import annotations

import threading

import pytest

from nearfield_sync.telemetry import Counters


def test_counts_add_up_by_name_and_labels() -> None:
    counters = Counters()
    counters.add("nearfield_frames_dropped_total", source="mic")
    counters.add("nearfield_frames_dropped_total", 2, source="mic")
    counters.add("nearfield_frames_dropped_total", source="socket")
    assert counters.value("nearfield_frames_dropped_total", source="mic") == 3
    assert counters.value("nearfield_turns_total") == 0
    assert counters.snapshot() == {
        'nearfield_frames_dropped_total{source="mic"}': 3,
        'nearfield_frames_dropped_total{source="socket"}': 1,
    }


def test_the_order_in_which_labels_are_given_means_nothing() -> None:
    counters = Counters()
    counters.add("nearfield_turns_total", route="skill", outcome="answered")
    counters.add("nearfield_turns_total", outcome="answered", route="skill")
    assert counters.snapshot() == {'nearfield_turns_total{outcome="answered",route="skill"}': 2}


@pytest.mark.parametrize(
    "name", ["turns_total", "nearfield_turns", "nearfield_Turns_total", "nearfield__total"]
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="nearfield_"):
        Counters().add(name)


def test_a_counter_cannot_go_down() -> None:
    with pytest.raises(ValueError, match="cannot go down"):
        Counters().add("nearfield_turns_total", -1)


def test_no_count_is_lost_between_threads() -> None:
    counters = Counters()

    def count() -> None:
        for _ in range(2000):
            counters.add("nearfield_turns_total")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.value("nearfield_turns_total") == 16_000


def test_quotes_and_newlines_in_a_label_are_escaped() -> None:
    counters = Counters()
    counters.add("nearfield_faults_total", reason='a "b"\n')
    assert list(counters.snapshot()) == ['nearfield_faults_total{reason="a \\"b\\"\\n"}']
