"""Recordings of sound: off, then encrypted, capped, erased."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_edge.errors import RecordError
from nearfield_edge.records.keys import FileKeyStore, KeyStore
from nearfield_edge.records.recordings import RecordingOptions, Recordings
from nearfield_edge.records.sealing import (
    CHUNK_BYTES,
    RecordingHeader,
    preamble,
    read_preamble,
    seal,
    unseal,
)
from nearfield_edge.records.turns import TurnStore
from nearfield_sync.telemetry import Counters
from tests.fakes.clock import START, SettableClock
from tests.fakes.turns import turn

SOUND = bytes(range(256)) * 700  # 179,200 bytes: two full chunks and a piece


class Bench:
    """Recordings with all that is handed to them."""

    def __init__(self, folder: Path, options: RecordingOptions | None = None) -> None:
        self.folder = folder / "sound"
        self.keys: KeyStore = FileKeyStore(folder / "key")
        self.clock = SettableClock()
        self.counters = Counters()
        self.recordings = Recordings(
            self.folder,
            self.keys,
            options=options or RecordingOptions(enabled=True),
            clock=self.clock,
            counters=self.counters,
        )

    def record(self, turn_id: str, sound: bytes = SOUND, piece: int = 320) -> None:
        writer = self.recordings.begin(turn_id, device_id="till-1", versions={"asr": "moonshine"})
        assert writer is not None
        for start in range(0, len(sound), piece):
            writer.write(sound[start : start + piece])
        writer.finish()

    def heard(self, turn_id: str) -> bytes:
        return b"".join(self.recordings.read(turn_id).pcm())

    def file(self, turn_id: str) -> Path:
        (path,) = self.folder.glob(f"*-{turn_id}.nfrec")
        return path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_nothing_is_recorded_and_no_key_is_made_unless_switched_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, RecordingOptions())
    assert bench.recordings.begin("t1", device_id="till-1", versions={}) is None
    assert list(tmp_path.iterdir()) == []


def test_a_recording_comes_back_as_it_was_heard(bench: Bench) -> None:
    bench.record("t1")
    assert bench.heard("t1") == SOUND
    header = bench.recordings.read("t1").header
    assert (header.turn_id, header.sample_rate_hz, header.versions) == ("t1", 16_000, {"asr": "moonshine"})


@pytest.mark.parametrize("length", [0, 2, CHUNK_BYTES - 2, CHUNK_BYTES, CHUNK_BYTES + 2, 2 * CHUNK_BYTES])
def test_every_length_comes_back_whole(bench: Bench, length: int) -> None:
    sound = (SOUND * 2)[:length]
    bench.record("t1", sound, piece=1000)
    assert bench.heard("t1") == sound


def test_the_file_shows_no_sound_and_is_the_owners_alone(bench: Bench) -> None:
    bench.record("t1")
    raw = bench.file("t1").read_bytes()
    assert SOUND[:64] not in raw
    assert bench.file("t1").stat().st_mode & 0o777 == 0o600
    assert bench.folder.stat().st_mode & 0o777 == 0o700


def test_two_recordings_of_the_same_sound_have_nothing_in_common(bench: Bench) -> None:
    bench.record("t1")
    bench.record("t2")
    first, second = (bench.file(turn_id).read_bytes()[-200:] for turn_id in ("t1", "t2"))
    assert first != second


def sealed_file(sound: bytes = SOUND) -> tuple[bytes, bytes, list[bytes]]:
    key = b"k" * 32
    header = RecordingHeader(turn_id="t", device_id="d", started_at="", versions={}, key_id="")
    raw = preamble(header, b"s" * 32)
    pieces = [sound[at : at + CHUNK_BYTES] for at in range(0, len(sound), CHUNK_BYTES)] or [b""]
    last = len(pieces) - 1
    return key, raw, [seal(key, raw, n, piece, last=n == last) for n, piece in enumerate(pieces)]


def opened(key: bytes, raw: bytes) -> bytes:
    file = io.BytesIO(raw)
    start = read_preamble(file, "it")
    return b"".join(unseal(file, key, start.raw, "it"))


def test_chunks_left_out_swapped_repeated_or_appended_are_refused() -> None:
    key, raw, (one, two, three) = sealed_file()
    assert opened(key, raw + one + two + three) == SOUND
    for chunks in (
        [one, two],
        [one, three],
        [two, one, three],
        [one, one, two, three],
        [one, two, three, one],
        [],
    ):
        with pytest.raises(RecordError):
            opened(key, raw + b"".join(chunks))


@given(st.integers(0, 10_000_000), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_any_altered_byte_is_refused(place: int, change: int) -> None:
    key, raw, chunks = sealed_file(SOUND[:3000])
    whole = bytearray(raw + b"".join(chunks))
    whole[place % len(whole)] ^= change
    with pytest.raises(RecordError):
        opened(key, bytes(whole))


@given(st.integers(0, 10_000_000))
@settings(max_examples=60, deadline=None)
def test_any_cut_is_noticed(length: int) -> None:
    key, raw, chunks = sealed_file(SOUND)
    whole = raw + b"".join(chunks)
    with pytest.raises(RecordError):
        opened(key, whole[: length % len(whole)])


@given(st.binary(max_size=400))
def test_bytes_from_anywhere_are_refused_with_one_typed_error(junk: bytes) -> None:
    for start in (b"", b"NFREC\x01"):
        with pytest.raises(RecordError):
            opened(b"k" * 32, start + junk)


def test_a_recording_of_another_device_is_refused_by_name(bench: Bench, tmp_path: Path) -> None:
    bench.record("t1")
    (tmp_path / "key").unlink()
    with pytest.raises(RecordError, match="put the device's key back"):
        bench.heard("t1")
    bench.keys.ensure()
    with pytest.raises(RecordError, match="another one"):
        bench.heard("t1")


def test_the_longest_recording_is_capped_and_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path, RecordingOptions(enabled=True, longest_seconds=1.0))
    writer = bench.recordings.begin("t1", device_id="d", versions={})
    assert writer is not None
    writer.write(SOUND)
    writer.finish()
    assert writer.was_cut
    assert bench.heard("t1") == SOUND[:32_000]


def test_the_oldest_go_when_there_is_too_much_even_if_the_clock_went_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, RecordingOptions(enabled=True, most_bytes=2 * len(SOUND) + 2000))
    bench.record("t1")
    bench.clock.set_wall(START - timedelta(days=2))
    bench.record("t2")
    bench.record("t3")
    assert bench.recordings.prune() == ("t1",)
    assert bench.heard("t2") == bench.heard("t3") == SOUND


def test_recordings_expire_by_age_and_not_by_a_clock_being_set(bench: Bench) -> None:
    bench.clock.set_wall(datetime(1970, 1, 1, 1, tzinfo=UTC))
    bench.record("t1")
    assert bench.recordings.prune() == ()
    bench.clock.set_wall(START)
    assert bench.recordings.prune() == ()
    bench.clock.advance(timedelta(days=8))
    assert bench.recordings.prune() == ("t1",)
    assert list(bench.folder.iterdir()) == []


def test_a_recording_that_another_process_erases_meanwhile_does_not_end_the_pruning(bench: Bench) -> None:
    bench.record("t1")
    (bench.folder / "0000000007-t7.nfrec").symlink_to("gone")
    bench.clock.advance(timedelta(days=8))
    assert bench.recordings.prune() == ("t1",)


def test_a_half_from_a_power_cut_is_removed_but_not_one_being_written(bench: Bench) -> None:
    bench.record("t1")
    (bench.folder / "0000000007-t7.nfrec.part").write_bytes(b"NFREC\x01torn")
    writer = bench.recordings.begin("t8", device_id="d", versions={})
    assert writer is not None
    assert bench.recordings.prune() == ()
    assert sorted(path.name.split("-")[1] for path in bench.folder.iterdir()) == ["t1.nfrec", "t8.nfrec.part"]
    writer.finish()
    assert bench.heard("t8") == b""


def test_a_discarded_recording_leaves_nothing(bench: Bench) -> None:
    writer = bench.recordings.begin("t1", device_id="d", versions={})
    assert writer is not None
    writer.write(SOUND)
    writer.discard()
    assert list(bench.folder.iterdir()) == []


def test_erasing_a_turn_erases_its_sound_and_spoils_the_bytes(bench: Bench, tmp_path: Path) -> None:
    bench.record("t1")
    store = TurnStore(
        tmp_path / "turns.sqlite", clock=bench.clock, counters=bench.counters, belongings=[bench.recordings]
    )
    store.keep(turn("t1"))
    os.link(bench.file("t1"), tmp_path / "remnant")
    store.erase(turn_id="t1")
    store.close()
    with pytest.raises(RecordError, match="no recording of turn t1"):
        bench.recordings.read("t1")
    (tmp_path / "remnant").rename(bench.folder / "0000000001-t1.nfrec")
    with pytest.raises(RecordError, match="cannot be trusted"):
        bench.heard("t1")


def test_erasing_a_turn_that_is_being_recorded_leaves_nothing(bench: Bench) -> None:
    writer = bench.recordings.begin("t1", device_id="d", versions={})
    assert writer is not None
    writer.write(SOUND)
    bench.recordings.erase("t1")
    writer.write(SOUND)
    writer.finish()
    assert list(bench.folder.iterdir()) == []


def test_a_turn_id_cannot_reach_out_of_the_folder(bench: Bench) -> None:
    with pytest.raises(RecordError, match="cannot name a recording"):
        bench.recordings.begin("../evil", device_id="d", versions={})


@pytest.fixture
def small_files() -> Iterator[None]:
    """Every file of this process is refused bytes beyond 100,000, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignoring = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignoring)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_ends_the_recording_counts_it_and_leaves_no_half(bench: Bench) -> None:
    writer = bench.recordings.begin("t1", device_id="d", versions={})
    assert writer is not None
    with pytest.raises(RecordError, match="free some space"):
        writer.write(SOUND)
    writer.write(SOUND)
    writer.finish()
    assert list(bench.folder.iterdir()) == []
    assert bench.counters.value("nearfield_recordings_lost_total") == 1


# ---------------------------------------------------------------------------------------------------------
# The key


def test_a_key_that_others_may_read_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    keys = FileKeyStore(tmp_path / "key")
    keys.ensure()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o620):
        (tmp_path / "key").chmod(mode)
        with pytest.raises(RecordError, match="chmod 600"):
            keys.derive(b"salt")


def test_a_key_file_of_a_wrong_length_or_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content in (b"", b"x" * 31, b"x" * 33):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(RecordError, match="instead of 32"):
            FileKeyStore(path).derive(b"salt")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match="cannot be"):
        FileKeyStore(path).derive(b"salt")


def test_a_missing_key_is_never_silently_replaced_when_reading(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be opened"):
        FileKeyStore(tmp_path / "key").derive(b"salt")
    assert list(tmp_path.iterdir()) == []


def test_many_that_make_the_key_at_once_end_up_with_one(tmp_path: Path) -> None:
    found: list[str] = []

    def make() -> None:
        keys = FileKeyStore(tmp_path / "key")
        keys.ensure()
        found.append(keys.key_id())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_salts_give_unrelated_keys_and_the_header_names_no_secret(bench: Bench, tmp_path: Path) -> None:
    bench.record("t1")
    key = (tmp_path / "key").read_bytes()
    assert bench.keys.derive(b"a" * 32) != bench.keys.derive(b"b" * 32)
    header = bench.recordings.read("t1").header
    assert key.hex() not in json.dumps(header.versions) + header.key_id
    assert key not in bench.file("t1").read_bytes()
