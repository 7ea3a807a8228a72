"""The device's memory of turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.errors import RecordError
from nearfield_edge.records.retention import Retention, judge
from nearfield_edge.records.turns import TurnStore
from nearfield_sync.telemetry import Counters
from tests.fakes.clock import START, SettableClock
from tests.fakes.turns import turn

NEVER_SET = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
WORDS = "macchiato-for-nobody-else"


class Bench:
    """A store with all that is handed to it."""

    def __init__(self, path: Path, retention: Retention | None = None) -> None:
        self.path = path
        self.clock = SettableClock()
        self.counters = Counters()
        self.erased_belongings: list[str] = []
        self.store = TurnStore(
            path, clock=self.clock, counters=self.counters, retention=retention, belongings=[self]
        )

    def erase(self, turn_id: str) -> None:
        self.erased_belongings.append(turn_id)

    def ids(self) -> list[str]:
        return [record.turn_id for record in self.store.last(1000)]

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.path.parent.glob(f"{self.path.name}*"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "turns.sqlite")
    yield made
    made.store.close()


def test_a_turn_comes_back_as_it_was_kept(bench: Bench) -> None:
    bench.store.keep(turn("t1"))
    assert bench.store.get("t1") == turn("t1")
    assert bench.store.get("t2") is None


def test_turns_survive_closing(bench: Bench, tmp_path: Path) -> None:
    bench.store.keep(turn("t1"))
    bench.store.close()
    again = Bench(tmp_path / "turns.sqlite")
    assert again.ids() == ["t1"]
    again.store.close()


def test_the_last_turns_come_in_the_order_they_were_kept_whatever_the_clock_said(bench: Bench) -> None:
    bench.store.keep(turn("t1", started_at="2026-03-02T09:00:00+00:00"))
    bench.clock.set_wall(NEVER_SET)
    bench.store.keep(turn("t2", started_at="1970-01-01T00:05:00+00:00"))
    bench.clock.set_wall(START)
    bench.store.keep(turn("t3", started_at="2026-03-01T09:00:00+00:00"))
    assert bench.ids() == ["t1", "t2", "t3"]
    assert [record.turn_id for record in bench.store.last(2)] == ["t2", "t3"]


def test_the_last_turns_before_another_are_those_that_were_kept_before_it(bench: Bench) -> None:
    for number in range(5):
        bench.store.keep(turn(f"t{number}"))
    assert [record.turn_id for record in bench.store.last(2, before="t3")] == ["t1", "t2"]
    assert bench.store.last(2, before="t0") == ()
    assert bench.store.last(2, before="never") == ()


def test_a_reopened_turn_replaces_its_former_record_in_its_place(bench: Bench) -> None:
    bench.store.keep(turn("t1"))
    bench.store.keep(turn("t2"))
    bench.store.keep(turn("t1", revision=1))
    assert bench.ids() == ["t1", "t2"]
    found = bench.store.get("t1")
    assert found is not None
    assert found.revision == 1


def test_nobody_but_the_owner_may_read_the_file_or_its_log(bench: Bench) -> None:
    bench.store.keep(turn("t1"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in bench.path.parent.iterdir()}
    assert "turns.sqlite-wal" in modes
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("how", ["turn", "person", "before", "after"])
def test_erased_words_are_in_no_file_afterwards(bench: Bench, how: str) -> None:
    bench.store.keep(
        turn("t0", started_at="2026-03-05T09:00:00+00:00" if how == "before" else "2026-02-01T09:00:00Z")
    )
    # Enough of them for several pages, some of which SQLite then frees.
    for number in range(40):
        bench.store.keep(turn(f"e{number}", transcript=f"{WORDS} " * 50, person="ada"))
    assert WORDS.encode() in bench.bytes_on_disk()
    if how == "turn":
        for number in range(40):
            bench.store.erase(turn_id=f"e{number}")
    elif how == "person":
        bench.store.erase(person="ada")
    elif how == "before":
        bench.store.erase(before=datetime(2026, 3, 3, tzinfo=UTC))
    else:
        bench.store.erase(after=datetime(2026, 3, 1, tzinfo=UTC))
    assert WORDS.encode() not in bench.bytes_on_disk()
    assert b"ada" not in bench.bytes_on_disk()
    assert bench.ids() == ["t0"]
    assert bench.counters.value("nearfield_turn_records_erased_total", reason="request") == 40
    assert len(bench.erased_belongings) == 40


def test_words_of_a_replaced_record_are_gone_after_erasing_the_turn(bench: Bench) -> None:
    bench.store.keep(turn("t1", transcript=WORDS * 200))
    bench.store.keep(turn("t1", transcript="short", revision=1))
    bench.store.erase(turn_id="t1")
    assert WORDS.encode() not in bench.bytes_on_disk()


def test_conditions_of_an_erasure_hold_together(bench: Bench) -> None:
    bench.store.keep(turn("t1", person="ada", started_at="2026-03-01T09:00:00+00:00"))
    bench.store.keep(turn("t2", person="ada", started_at="2026-03-04T09:00:00+00:00"))
    bench.store.keep(turn("t3", person="bob", started_at="2026-03-01T09:00:00+00:00"))
    assert bench.store.erase(person="ada", before=datetime(2026, 3, 2, tzinfo=UTC)) == ("t1",)
    assert bench.ids() == ["t2", "t3"]


def test_a_turn_whose_record_is_gone_still_loses_what_else_is_kept_of_it(bench: Bench) -> None:
    assert bench.store.erase(turn_id="t1") == ()
    assert bench.erased_belongings == ["t1"]
    bench.store.keep(turn("t2", person="ada"))
    assert bench.store.erase(turn_id="t2", person="bob") == ()
    assert bench.erased_belongings == ["t1"]


def test_an_erasure_without_conditions_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="say which turns"):
        bench.store.erase()


def test_erasing_by_time_takes_turns_whose_time_is_unknown(bench: Bench) -> None:
    bench.store.keep(turn("t1", started_at="1970-01-01T00:05:00+00:00"))
    assert bench.store.erase(after=datetime(2026, 3, 1, tzinfo=UTC)) == ("t1",)


def test_erasing_says_so_while_another_process_holds_the_old_words(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "turns.sqlite")
    bench.store._database.connection.set_busy_timeout(10)
    bench.store.keep(turn("t1", transcript=WORDS))
    reader = apsw.Connection(str(bench.path))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turns").fetchall()
    with pytest.raises(RecordError, match="end that process and erase again"):
        bench.store.erase(turn_id="t1")
    reader.execute("COMMIT")
    reader.close()
    bench.store.erase(turn_id="t1")
    assert WORDS.encode() not in bench.bytes_on_disk()
    bench.store.close()


def test_pruning_erases_by_age_and_by_count(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "turns.sqlite", Retention(longest=timedelta(days=7), most=3))
    bench.store.keep(turn("old"))
    bench.clock.advance(timedelta(days=8))
    assert bench.store.prune() == ("old",)
    for number in range(5):
        bench.store.keep(turn(f"t{number}"))
    assert bench.store.prune() == ("t0", "t1")
    assert bench.ids() == ["t2", "t3", "t4"]
    bench.store.close()


def test_an_unset_clock_erases_nothing_by_age(bench: Bench) -> None:
    bench.store.keep(turn("t1"))
    bench.clock.set_wall(NEVER_SET)
    assert bench.store.prune() == ()


def test_turns_kept_under_an_unset_clock_live_on_when_it_is_set_and_then_age(bench: Bench) -> None:
    bench.clock.set_wall(NEVER_SET)
    bench.store.keep(turn("t1", started_at="1970-01-01T00:05:00+00:00"))
    bench.clock.set_wall(START)
    assert bench.store.prune() == ()
    bench.clock.advance(timedelta(days=31))
    assert bench.store.prune() == ("t1",)


def test_turns_kept_by_a_clock_years_ahead_still_age(bench: Bench) -> None:
    bench.clock.set_wall(START + timedelta(days=3650))
    bench.store.keep(turn("t1"))
    bench.clock.set_wall(START)
    assert bench.store.prune() == ()
    bench.clock.advance(timedelta(days=31))
    assert bench.store.prune() == ("t1",)


moments = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.lists(moments, max_size=30), moments, st.integers(0, 40), st.integers(0, 4000))
def test_whatever_the_clocks_said_no_more_than_allowed_stays_and_nothing_young_goes(
    kept_at: list[datetime], now: datetime, most: int, days: int
) -> None:
    retention = Retention(longest=timedelta(days=days), most=most)
    judgement = judge(kept_at, now, retention)
    assert len(kept_at) - len(judgement.expired) <= most
    assert not set(judgement.expired) & set(judgement.undated)
    for index in judgement.expired:
        surplus = index < len(kept_at) - most
        assert surplus or now - kept_at[index] > retention.longest


def test_a_damaged_file_is_named_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "turns.sqlite"
    path.write_bytes(b"not a database at all" * 400)
    with pytest.raises(RecordError, match=r"turns\.sqlite: it is not an SQLite database"):
        Bench(path)


def test_a_record_too_large_is_refused_and_counted(bench: Bench) -> None:
    with pytest.raises(RecordError, match="at most 262144"):
        bench.store.keep(turn("t1", transcript="x" * 300_000))
    assert bench.counters.value("nearfield_turn_records_lost_total", reason="record_failed") == 1


def test_threads_may_keep_turns_at_once(bench: Bench) -> None:
    def keep_ten(base: int) -> None:
        for number in range(10):
            bench.store.keep(turn(f"{base}-{number}"))

    threads = [threading.Thread(target=keep_ten, args=(base,)) for base in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.ids()) == 40


FILLING = """
import json, resource, signal, sys
from pathlib import Path
from nearfield_edge.errors import RecordError
from nearfield_edge.records.turns import TurnStore
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters
from tests.fakes.turns import turn

if len(sys.argv) > 2:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
counters = Counters()
store = TurnStore(Path(sys.argv[1]), clock=SystemClock(), counters=counters)
kept, refused = 0, ""
while not refused and kept < 500:
    try:
        store.keep(turn(f"t{kept}", transcript="x" * 20_000))
        kept += 1
    except RecordError as error:
        refused = str(error)
readable = len(store.last(1000))
freed = Path(sys.argv[1]).parent / "ballast"
usable_again = False
if freed.exists():
    freed.unlink()
    store.keep(turn("after", transcript="x" * 1000))
    usable_again = store.get("after") is not None
print(json.dumps({"kept": kept, "refused": refused, "readable": readable, "usable_again": usable_again,
    "lost": counters.value("nearfield_turn_records_lost_total", reason="record_failed")}))
"""


def fill(path: Path, *limit: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(path), *limit],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_a_full_disk_refuses_the_turn_keeps_the_others_and_works_again_when_there_is_space(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        (disk / "ballast").write_bytes(b"x" * 600_000)
        result = fill(disk / "turns.sqlite")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert "the disk is full" in str(result["refused"])
    assert result["lost"] == 1
    assert result["kept"] == result["readable"]
    assert result["usable_again"] is True


def test_a_file_size_limit_refuses_the_turn_and_keeps_the_others(tmp_path: Path) -> None:
    result = fill(tmp_path / "turns.sqlite", "400000")
    assert str(result["refused"]).startswith("turn records: database")
    assert result["lost"] == 1
    assert result["kept"] == result["readable"]


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "turns.sqlite"
    else:
        tmp_path.chmod(0o500)
        path = tmp_path / "turns.sqlite"
    with pytest.raises(RecordError, match="cannot be made"):
        Bench(path)
