"""The file: replaced in one step, by one writer at a time, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import CalendarUnreachableError, RoomTakenError
from tests.fakes.calendars import booking

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = Interval(start=START, end=START + timedelta(days=2))

_FILL_LIMIT = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.errors import CalendarUnreachableError
from tests.fakes.calendars import booking

calendar = FileCalendar(Path(sys.argv[1]), UTC)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
try:
    calendar.book(booking("second", datetime(2026, 11, 23, 12, tzinfo=UTC), 60, title="x" * 400))
except CalendarUnreachableError as error:
    print(error)
"""

_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from nearfield_edge.calendars import file_calendar
from tests.fakes.calendars import booking

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

target = {"sync": (os, "fsync"), "rename": (Path, "replace")}[sys.argv[2]]
setattr(*target, kill)
file_calendar.FileCalendar(Path(sys.argv[1]), UTC).book(
    booking("second", datetime(2026, 11, 23, 12, tzinfo=UTC), 60)
)
"""


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def _take_slots(path: str, name: str) -> None:
    calendar = FileCalendar(Path(path), UTC)
    for slot in range(10):
        try:
            calendar.book(booking(f"{name}-{slot}", START + timedelta(hours=slot), 60))
        except RoomTakenError:
            continue


def test_nothing_is_created_before_the_first_booking(tmp_path: Path) -> None:
    path = tmp_path / "calendars" / "room.ics"
    FileCalendar(path, UTC).bookings(DAY)
    assert not path.parent.exists()
    FileCalendar(path, UTC).book(booking("a", START, 60))
    assert path.is_file()


def test_writers_in_several_processes_never_share_a_slot_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "room.ics"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_take_slots, args=(str(path), name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    found = FileCalendar(path, UTC).bookings(DAY)
    assert [b.interval.start for b in found] == [START + timedelta(hours=slot) for slot in range(10)]


@pytest.mark.parametrize("moment", ["sync", "rename"])
def test_a_writer_killed_half_way_leaves_the_old_calendar(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "room.ics"
    calendar = FileCalendar(path, UTC)
    calendar.book(booking("first", START, 60))
    before = path.read_bytes()
    assert _run(_KILLED, str(path), moment).returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    calendar.book(booking("third", START + timedelta(hours=6), 60))
    assert [b.uid for b in calendar.bookings(DAY)] == ["first", "third"]


def test_a_full_disk_is_a_sentence_and_leaves_the_old_calendar(tmp_path: Path) -> None:
    path = tmp_path / "room.ics"
    FileCalendar(path, UTC).book(booking("first", START, 60))
    before = path.read_bytes()
    done = _run(_FILL_LIMIT, str(path))
    assert "cannot be written" in done.stdout, done.stderr
    assert path.read_bytes() == before
    assert not path.with_suffix(".new").exists()


def test_a_calendar_that_is_a_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "room.ics").mkdir()
    with pytest.raises(CalendarUnreachableError, match="cannot be read"):
        FileCalendar(tmp_path / "room.ics", UTC).bookings(DAY)
