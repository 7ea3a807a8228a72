from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nearfield_models.catalogue import Catalogue
from nearfield_models.errors import (
    DigestMismatchError,
    FetchError,
    LicenceRefusedError,
    ManifestError,
    PackDamagedError,
    PackNotFoundError,
)
from nearfield_models.fetching.carrying import export_packs, import_packs
from nearfield_models.fetching.fetch import fetch_packs
from nearfield_models.fetching.progress import Silence
from nearfield_models.store import ModelStore
from tests.models.small_packs import DEVELOPMENT, Site

TOKENS_STEP = {"kind": "moonshine-tokens", "inputs": ["words.bin"], "outputs": ["tokens.txt"]}
QUIET = Silence()


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    """A folder that carries two packs, one with a derived file."""
    site = Site(tmp_path / "with-network")
    site.add_pack("plain", {"a.bin": b"alpha"})
    site.add_pack("words", {"words.bin": b"\x05<unk>\x03<s>\x04</s>\x02hi"}, build=[TOKENS_STEP])
    fetch_packs(site.store, ["plain", "words"], DEVELOPMENT)
    folder = tmp_path / "medium"
    assert export_packs(site.store, ["plain", "words"], folder, QUIET) == ("plain", "words")
    return folder


@pytest.fixture
def cut_off(tmp_path: Path) -> Site:
    return Site(tmp_path / "without-network")


def _left_over(store: ModelStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()] if store.folder.exists() else []


def test_a_site_without_a_network_gets_its_packs_from_a_folder(medium: Path, cut_off: Site) -> None:
    done = import_packs(cut_off.store, medium, DEVELOPMENT, QUIET)
    assert [item.pack.id for item in done] == ["plain", "words"]
    assert cut_off.store.installed("plain").file("a.bin").read_bytes() == b"alpha"
    assert cut_off.store.installed("words").file("tokens.txt").read_text().splitlines()[-1] == "aGk= 3"


def test_a_pack_that_only_the_medium_describes_is_known_from_then_on(medium: Path, cut_off: Site) -> None:
    import_packs(cut_off.store, medium, DEVELOPMENT, QUIET)
    again = ModelStore(cut_off.store.folder, Catalogue([cut_off.manifests]))
    assert again.installed("plain").version == "1"


def test_the_medium_can_be_checked_by_hand(medium: Path) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=medium, capture_output=True, text=True, check=True
    )
    assert checked.stdout == "plain/a.bin: OK\nwords/words.bin: OK\n"


def test_one_altered_file_and_nothing_at_all_is_imported(medium: Path, cut_off: Site) -> None:
    (medium / "words" / "words.bin").write_bytes(b"\x05<unk>\x03<s>\x04</s>\x02ho")
    with pytest.raises(DigestMismatchError, match=r"words\.bin has sha256"):
        import_packs(cut_off.store, medium, DEVELOPMENT, QUIET)
    assert _left_over(cut_off.store) == []


def test_one_missing_file_and_nothing_at_all_is_imported(medium: Path, cut_off: Site) -> None:
    (medium / "words" / "words.bin").unlink()
    with pytest.raises(FetchError, match=r"words\.bin cannot be read .*: nothing was imported"):
        import_packs(cut_off.store, medium, DEVELOPMENT, QUIET)
    assert _left_over(cut_off.store) == []


def test_a_medium_does_not_decide_what_a_known_pack_is(medium: Path, cut_off: Site) -> None:
    cut_off.add_pack("plain", {"a.bin": b"the real alpha"}, version="2")
    with pytest.raises(ManifestError, match=r"carries plain 1 with other files .* expects \(2\)"):
        import_packs(cut_off.store, medium, DEVELOPMENT, QUIET)
    assert _left_over(cut_off.store) == []


def test_a_later_medium_may_bring_a_newer_version_of_an_imported_pack(
    medium: Path, cut_off: Site, tmp_path: Path
) -> None:
    import_packs(cut_off.store, medium, DEVELOPMENT, QUIET)
    newer = Site(tmp_path / "newer")
    newer.add_pack("plain", {"a.bin": b"alpha two"}, version="2")
    fetch_packs(newer.store, ["plain"], DEVELOPMENT)
    export_packs(newer.store, ["plain"], tmp_path / "medium-two", QUIET)
    import_packs(cut_off.store, tmp_path / "medium-two", DEVELOPMENT, QUIET)
    assert cut_off.store.installed("plain").file("a.bin").read_bytes() == b"alpha two"


def test_the_licence_policy_holds_for_imports_too(cut_off: Site, tmp_path: Path) -> None:
    site = Site(tmp_path / "lax")
    site.add_pack("unfree", {"a.bin": b"alpha"})
    fetch_packs(site.store, ["unfree"], DEVELOPMENT)
    export_packs(site.store, ["unfree"], tmp_path / "medium", QUIET)
    path = tmp_path / "medium" / "unfree.toml"
    path.write_text(path.read_text().replace('"MIT"', '"CC-BY-NC-SA-4.0"'))
    with pytest.raises(LicenceRefusedError, match="unfree"):
        import_packs(cut_off.store, tmp_path / "medium", DEVELOPMENT, QUIET)


def test_a_damaged_pack_is_not_exported(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.add_pack("plain", {"a.bin": b"alpha"})
    fetch_packs(site.store, ["plain"], DEVELOPMENT)
    site.store.installed("plain").file("a.bin").write_bytes(b"x")
    with pytest.raises(PackDamagedError):
        export_packs(site.store, ["plain"], tmp_path / "medium", QUIET)


def test_a_folder_that_carries_nothing_says_so(cut_off: Site, tmp_path: Path) -> None:
    with pytest.raises(PackNotFoundError, match="carries no packs"):
        import_packs(cut_off.store, tmp_path, DEVELOPMENT, QUIET)
