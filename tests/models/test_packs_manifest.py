from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.catalogue import Catalogue, shipped_manifests
from nearfield_models.errors import ManifestError, PackNotFoundError
from nearfield_models.manifest import PypiSource, parse_manifest
from tests.models.small_packs import Site, toml


def _manifest(**changes: Any) -> str:
    file = {
        "name": "model.onnx",
        "sha256": "0" * 64,
        "size_bytes": 3,
        "sources": [{"kind": "file", "path": "model.onnx"}],
    }
    fields = {"id": "a", "role": "vad", "title": "A", "version": "1", "licence": "MIT", "runtime": "none"}
    return toml({**fields, "files": [{**file, **changes.pop("file", {})}], **changes})


def test_an_unknown_key_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(ManifestError, match=r"here\.toml: unknown key licens: did you mean licence\?"):
        parse_manifest(_manifest(licens="MIT"), where="here.toml")


def test_text_that_is_not_toml_is_refused_in_one_sentence() -> None:
    with pytest.raises(ManifestError, match=r"here\.toml is not TOML"):
        parse_manifest("id = ", where="here.toml")


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "https", "url": "http://example.org/model"},
        {"kind": "pypi", "requirement": "--index-url=x==1", "member": "m"},
        {"kind": "pypi", "requirement": "package>=1", "member": "m"},
        {"kind": "ftp", "url": "ftp://example.org/model"},
    ],
)
def test_a_source_that_cannot_be_trusted_to_be_one_is_refused(source: dict[str, str]) -> None:
    with pytest.raises(ManifestError, match=r"files\.0\.sources\.0"):
        parse_manifest(_manifest(file={"sources": [source]}), where="here")


@given(st.text(min_size=1, max_size=8), st.sampled_from(["/", "\\", "\0", "..", " "]), st.text(max_size=8))
def test_no_file_name_leads_out_of_the_packs_folder(before: str, middle: str, after: str) -> None:
    name = before + middle + after
    if name.isascii() and name[0].isalnum() and all(c.isalnum() or c in "._-" for c in name):
        return
    with pytest.raises(ManifestError):
        parse_manifest(_manifest(file={"name": name}), where="here")


def test_a_name_that_the_store_keeps_for_itself_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"verified\.json is kept by the store"):
        parse_manifest(_manifest(file={"name": "verified.json"}), where="here")


def test_a_step_that_reads_what_nobody_provides_is_refused() -> None:
    step = {"kind": "split-voice", "inputs": ["voice.onnx"], "outputs": ["front.onnx", "vocoder.onnx"]}
    with pytest.raises(ManifestError, match=r"reads voice\.onnx, which no file or earlier step provides"):
        parse_manifest(_manifest(build=[step]), where="here")


def test_the_digest_of_a_pack_follows_its_files_and_nothing_else() -> None:
    one = parse_manifest(_manifest(), where="here")
    retitled = parse_manifest(_manifest(title="B"), where="here")
    altered = parse_manifest(_manifest(file={"sha256": "1" * 64}), where="here")
    assert one.digest == retitled.digest != altered.digest


def test_every_shipped_manifest_is_sound_and_the_defaults_are_those_of_the_device() -> None:
    catalogue = Catalogue([shipped_manifests()])
    assert len(catalogue.ids()) >= 13
    for pack_id in catalogue.ids():
        assert catalogue.manifest(pack_id).files
    assert catalogue.defaults() == (
        "microwakeword-alexa",
        "microwakeword-okay-nabu",
        "minilm-l6-v2-int8",
        "moonshine-tiny-en",
        "piper-en-us-joe-medium",
        "silero-vad",
        "smart-turn-v3",
    )


def test_a_member_inside_a_zip_inside_a_wheel_can_be_named() -> None:
    manifest = Catalogue([shipped_manifests()]).manifest("minilm-l6-v2-int8")
    source = manifest.files[1].sources[1]
    assert isinstance(source, PypiSource)
    assert source.member == ("all_minilm_l6_v2/model.zip", "tokenizer.json")


def test_an_unknown_pack_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(PackNotFoundError, match="did you mean silero-vad"):
        Catalogue([shipped_manifests()]).manifest("silero-wad")


def test_a_manifest_in_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add_pack("right", {"a.bin": b"a"})
    (site.manifests / "right.toml").rename(site.manifests / "wrong.toml")
    with pytest.raises(ManifestError, match=r"name the file right\.toml"):
        site.store.catalogue.manifest("wrong")


def test_the_sites_own_manifest_comes_before_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path)
    site.add_pack("silero-vad", {"a.bin": b"a"}, version="of-the-site")
    monkeypatch.setenv("NEARFIELD_PACKS", str(site.manifests))
    assert Catalogue.default().manifest("silero-vad").version == "of-the-site"
    assert "moonshine-tiny-en" in Catalogue.default().ids()


def test_shipped_manifests_name_no_file_twice() -> None:
    for path in shipped_manifests().glob("*.toml"):
        names = [file["name"] for file in tomllib.loads(path.read_text())["files"]]
        assert len(names) == len(set(names)), path
