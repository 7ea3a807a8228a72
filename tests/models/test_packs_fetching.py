from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearfield_models.errors import (
    DigestMismatchError,
    FetchError,
    LicenceRefusedError,
    PackNotFoundError,
    StorageError,
)
from nearfield_models.fetching.fetch import fetch_packs
from nearfield_models.fetching.locking import sole_writer
from nearfield_models.fetching.progress import Silence
from tests.models.small_packs import DEVELOPMENT, Site, sha256


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_first_source_that_has_the_file_gives_it(site: Site) -> None:
    present = site.originals / "elsewhere"
    present.write_bytes(b"alpha")
    sources = [{"kind": "file", "path": "/nowhere/a.bin"}, {"kind": "file", "path": str(present)}]
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": sources})
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha"


def test_a_relative_path_starts_at_the_manifest(site: Site) -> None:
    (site.manifests / "beside.bin").write_bytes(b"alpha")
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": [{"kind": "file", "path": "beside.bin"}]})
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha"


def test_when_no_source_has_the_file_each_says_why(site: Site) -> None:
    sources = [{"kind": "file", "path": "/nowhere/one"}, {"kind": "file", "path": "/nowhere/two"}]
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": sources})
    with pytest.raises(FetchError, match=r"/nowhere/one cannot be read.*; /nowhere/two cannot be read"):
        fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.left_over() == []


def test_a_wrong_digest_is_refused_with_both_digests_and_nothing_is_left(site: Site) -> None:
    site.add_pack("small", {"a.bin": b"alpha"})
    (site.originals / "a.bin").write_bytes(b"ALPHA")
    with pytest.raises(DigestMismatchError) as refusal:
        fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert sha256(b"ALPHA") in str(refusal.value)
    assert sha256(b"alpha") in str(refusal.value)
    assert site.left_over() == []
    with pytest.raises(PackNotFoundError):
        site.store.installed("small")


def test_a_source_that_never_ends_is_cut_off_at_the_announced_size(site: Site) -> None:
    endless = [{"kind": "file", "path": "/dev/zero"}]
    site.add_pack("small", {"a.bin": b"\0" * 5}, sources={"a.bin": endless})
    with pytest.raises(DigestMismatchError, match="longer than the 5 bytes"):
        fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.left_over() == []


def test_a_refused_licence_stops_the_fetch_before_anything_is_fetched(site: Site) -> None:
    site.add_pack("free", {"a.bin": b"alpha"})
    site.add_pack("unfree", {"b.bin": b"beta"}, licence="CC-BY-NC-SA-4.0")
    with pytest.raises(LicenceRefusedError, match=r"pack unfree is refused: its licence CC-BY-NC-SA-4\.0"):
        fetch_packs(site.store, ["free", "unfree"], DEVELOPMENT)
    assert not site.store.folder.exists()


def test_what_is_there_is_left_alone(site: Site) -> None:
    site.add_pack("small", {"a.bin": b"alpha"})
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    inode = site.store.installed("small").file("a.bin").stat().st_ino
    (site.originals / "a.bin").unlink()
    (done,) = fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert done.fetched == ()
    assert site.store.installed("small").file("a.bin").stat().st_ino == inode


def test_what_a_killed_fetch_left_is_cleared_away_by_the_next(site: Site) -> None:
    abandoned = site.store.folder / ".fetching" / "half-a-wheel"
    abandoned.parent.mkdir(parents=True)
    abandoned.write_bytes(b"half")
    site.add_pack("small", {"a.bin": b"alpha"})
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.left_over() == ["a.bin"]


class Announcements:
    """Remembers that a fetch said it waits."""

    def __init__(self) -> None:
        self.waits = threading.Event()

    def begin(self, title: str, total_bytes: int | None) -> None:
        if "waiting for another fetch" in title:
            self.waits.set()

    def advance(self, done_bytes: int) -> None: ...

    def end(self) -> None: ...


def test_a_fetch_waits_while_another_has_the_store(site: Site) -> None:
    site.add_pack("small", {"a.bin": b"alpha"})
    announced = Announcements()
    fetch = threading.Thread(
        target=fetch_packs,
        args=(site.store, ["small"], DEVELOPMENT),
        kwargs={"progress": announced},
    )
    with sole_writer(site.store.folder, Silence()):
        fetch.start()
        assert announced.waits.wait(10)
        assert site.left_over() == []
    fetch.join(10)
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha"


def test_many_fetches_into_one_store_at_once_all_end_well(site: Site) -> None:
    files = {f"f{number}.bin": os.urandom(200_000) for number in range(6)}
    site.add_pack("small", files)
    code = (
        "import sys; from pathlib import Path;"
        "from nearfield_models.catalogue import Catalogue; from nearfield_models.store import ModelStore;"
        "from nearfield_models.fetching.fetch import fetch_packs;"
        "from nearfield_models.policy import PROFILES;"
        "store = ModelStore(Path(sys.argv[1]), Catalogue([Path(sys.argv[2])]));"
        "done, = fetch_packs(store, ['small'], PROFILES['development']); print(len(done.fetched))"
    )
    command = [sys.executable, "-c", code, str(site.store.folder), str(site.manifests)]
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    answers = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0, 0], answers
    assert sorted(out.strip() for out, _ in answers) == ["0", "0", "0", "6"]
    assert site.store.installed("small").file("f3.bin").read_bytes() == files["f3.bin"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_clear_sentence_and_leaves_nothing_behind(tiny_disk: Path, tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.store.folder = tiny_disk / "store"
    site.add_pack("large", {"a.bin": b"small", "b.bin": os.urandom(2_000_000)})
    with pytest.raises(StorageError, match="the disk is full: make room and try again"):
        fetch_packs(site.store, ["large"], DEVELOPMENT)
    assert site.left_over() == ["a.bin"]


def test_a_store_in_a_place_that_cannot_be_written_says_so(site: Site) -> None:
    site.store.folder = Path("/proc/nearfield-store")
    site.add_pack("small", {"a.bin": b"alpha"})
    with pytest.raises(StorageError, match="cannot write to /proc/nearfield-store"):
        fetch_packs(site.store, ["small"], DEVELOPMENT)
