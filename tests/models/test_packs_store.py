from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nearfield_models import verification
from nearfield_models.errors import ManifestError, PackDamagedError, PackNotFoundError
from nearfield_models.fetching.fetch import fetch_packs
from nearfield_models.store import ModelStore
from tests.models.small_packs import DEVELOPMENT, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.add_pack("small", {"a.bin": b"alpha", "b.bin": b"beta"})
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    return site


def _hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    real = verification.sha256_of

    def watch(path: Path) -> str:
        seen.append(path.name)
        return real(path)

    monkeypatch.setattr(verification, "sha256_of", watch)
    return seen


def _settle(site: Site) -> None:
    """Let the stamps be written clearly after the files, as they are when a pack was not fetched just now."""
    folder = site.store.installed("small").folder
    stamps = folder / "verified.json"
    later_ns = max(path.stat().st_ctime_ns for path in folder.iterdir()) + 1_000_000_000
    os.utime(stamps, ns=(later_ns, later_ns))


def test_an_installed_pack_gives_its_files_and_says_what_it_is(site: Site) -> None:
    pack = site.store.installed("small")
    assert pack.file("a.bin").read_bytes() == b"alpha"
    assert (pack.id, pack.version, len(pack.digest)) == ("small", "1", 12)


def test_a_file_that_the_pack_does_not_have_is_named_with_those_it_has(site: Site) -> None:
    with pytest.raises(ManifestError, match=r"pack small has no file c\.bin.*a\.bin, b\.bin"):
        site.store.installed("small").file("c.bin")


def test_a_pack_that_was_never_fetched_says_how_to_fetch_it(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add_pack("small", {"a.bin": b"alpha"})
    with pytest.raises(PackNotFoundError, match=r"is not fetched: run `nearfield-models fetch small`"):
        site.store.installed("small")


def test_a_missing_file_is_named(site: Site) -> None:
    site.store.installed("small").file("b.bin").unlink()
    with pytest.raises(PackDamagedError, match=r"b\.bin is missing: run `nearfield-models fetch small`"):
        site.store.installed("small")


def test_a_truncated_file_is_named_with_both_sizes(site: Site) -> None:
    site.store.installed("small").file("a.bin").write_bytes(b"al")
    with pytest.raises(PackDamagedError, match=r"a\.bin has 2 bytes instead of 5"):
        site.store.installed("small")


def test_a_file_altered_right_after_it_was_checked_is_found_though_its_size_is_the_same(site: Site) -> None:
    site.store.installed("small").file("a.bin").write_bytes(b"ALPHA")
    with pytest.raises(PackDamagedError, match=r"a\.bin was altered"):
        site.store.installed("small")


def test_a_file_altered_later_is_found_though_its_size_and_modification_time_are_the_same(site: Site) -> None:
    _settle(site)
    path = site.store.installed("small").file("a.bin")
    before = path.stat()
    path.write_bytes(b"ALPHA")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(PackDamagedError, match=r"a\.bin was altered"):
        site.store.installed("small")


def test_an_unchanged_file_is_not_read_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _settle(site)
    seen = _hashed(monkeypatch)
    site.store.installed("small")
    assert seen == []


def test_a_file_that_changed_about_when_it_was_checked_is_read_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = site.store.installed("small")
    changed_ns = pack.file("b.bin").stat().st_ctime_ns
    os.utime(pack.folder / "verified.json", ns=(changed_ns, changed_ns))
    seen = _hashed(monkeypatch)
    site.store.installed("small")
    assert "b.bin" in seen


def test_a_thorough_check_reads_every_file_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _settle(site)
    seen = _hashed(monkeypatch)
    assert site.store.faults(site.store.catalogue.manifest("small"), thorough=True) == ()
    assert seen == ["a.bin", "b.bin"]


def test_stamps_that_cannot_be_read_cost_time_and_not_trust(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.store.installed("small").folder / "verified.json").write_text('{"a.bin": 7}')
    seen = _hashed(monkeypatch)
    site.store.installed("small")
    assert seen == ["a.bin", "b.bin"]


def test_fetching_mends_only_what_is_damaged(site: Site) -> None:
    site.store.installed("small").file("b.bin").write_bytes(b"BETA")
    (done,) = fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert done.fetched == ("b.bin",)
    assert site.store.installed("small").file("b.bin").read_bytes() == b"beta"


def test_a_new_version_lies_beside_the_old_one(site: Site) -> None:
    old = site.store.installed("small")
    site.add_pack("small", {"a.bin": b"alpha two"}, version="2")
    with pytest.raises(PackNotFoundError, match="small 2 is not fetched"):
        site.store.installed("small")
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha two"
    assert old.file("a.bin").read_bytes() == b"alpha"


def test_the_default_store_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEARFIELD_MODELS", str(tmp_path / "named"))
    assert ModelStore.default().folder == tmp_path / "named"
    monkeypatch.delenv("NEARFIELD_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert ModelStore.default().folder == tmp_path / "xdg" / "nearfield" / "models"


def test_loading_a_pack_imports_nothing_that_fetches() -> None:
    code = (
        "import sys, nearfield_models.store as s; s.ModelStore.default();"
        "print(sorted({'httpx', 'rich', 'pip', 'onnx', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
