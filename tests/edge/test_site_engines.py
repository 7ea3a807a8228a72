"""Engines that a site brings itself: what the configuration takes, what is refused, what the doctor says."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from nearfield_edge.configuration import Configuration, parse_configuration
from nearfield_edge.doctor import software
from nearfield_edge.doctor.findings import Finding
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import ConfigurationError, EgressRefusedError
from nearfield_edge.porcupine import KEY_VARIABLE, require_porcupine
from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from nearfield_models.wake.litert_microwakeword import LiteRtMicroWakeWord


def configured(**sections: dict[str, object]) -> Configuration:
    return parse_configuration(dict(sections), where="site.toml")


class CustomersFiles:
    """A key and a keyword, as a customer puts them on a device."""

    def __init__(self, folder: Path) -> None:
        self.keyword = folder / "hey-house_en_linux_v4_0_0.ppn"
        self.keyword.write_bytes(b"keyword")
        self.key = folder / "porcupine.key"
        self.key.write_text("the-key\n")
        self.key.chmod(0o600)

    def wake(self, **changes: object) -> dict[str, object]:
        porcupine = {"keywords": [str(self.keyword)], "key_file": str(self.key)} | changes
        return {"engine": "porcupine", "porcupine": porcupine}


@pytest.fixture
def files(tmp_path: Path) -> CustomersFiles:
    return CustomersFiles(tmp_path)


class TestPorcupine:
    def test_the_key_is_the_first_line_of_its_file(self, files: CustomersFiles) -> None:
        assert require_porcupine(configured(wake=files.wake()), {}) == "the-key"

    def test_without_a_file_the_key_is_in_the_environment(self, files: CustomersFiles) -> None:
        wake = files.wake()
        wake["porcupine"] = {"keywords": [str(files.keyword)]}
        assert require_porcupine(configured(wake=wake), {KEY_VARIABLE: "other-key"}) == "other-key"

    def test_without_a_key_it_says_all_that_can_be_done_and_that_the_vendor_is_contacted(
        self, files: CustomersFiles
    ) -> None:
        files.key.write_text("\n")
        with pytest.raises(ConfigurationError) as caught:
            require_porcupine(configured(wake=files.wake()), {KEY_VARIABLE: "not looked at"})
        for said in (
            "wake.porcupine.key_file",
            KEY_VARIABLE,
            "only the device's user",
            "contacts the vendor",
        ):
            assert said in str(caught.value)

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
    def test_a_key_that_others_may_read_is_refused(self, files: CustomersFiles, mode: int) -> None:
        files.key.chmod(mode)
        with pytest.raises(ConfigurationError, match="chmod 600"):
            require_porcupine(configured(wake=files.wake()), {})

    def test_a_key_file_that_is_not_there_is_named(self, files: CustomersFiles) -> None:
        files.key.unlink()
        with pytest.raises(ConfigurationError, match=r"key_file .*porcupine\.key cannot be read"):
            require_porcupine(configured(wake=files.wake()), {})

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"keywords": []}, "keywords is empty"),
            ({"keywords": ["/nowhere/at.ppn"]}, "/nowhere/at.ppn"),
            ({"language_model": "/nowhere/de.pv"}, "/nowhere/de.pv"),
        ],
    )
    def test_files_that_are_missing_are_named(
        self, files: CustomersFiles, changes: dict[str, object], said: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=said):
            require_porcupine(configured(wake=files.wake(**changes)), {})

    def test_a_restricted_site_refuses_it_by_name_before_anything_of_it_is_looked_at(
        self, files: CustomersFiles
    ) -> None:
        configuration = configured(device={"site_mode": "restricted"}, wake=files.wake(keywords=[]))
        with pytest.raises(EgressRefusedError, match=r"wake\.engine = \"porcupine\""):
            require_porcupine(configuration, {})

    def test_its_keywords_take_the_place_of_the_packs(self, files: CustomersFiles) -> None:
        assert configured(wake=files.wake()).wake.packs_in_use == ()

    def test_the_doctor_says_what_is_missing_and_warns_of_the_first_contact(
        self, files: CustomersFiles
    ) -> None:
        assert software.porcupine(configured()) == []
        (finding,) = software.porcupine(configured(wake=files.wake()))
        assert finding.status == "warn"
        assert "contacts its vendor" in finding.mend
        (finding,) = software.porcupine(configured(wake=files.wake(keywords=[])))
        assert finding.status == "fail"
        assert software.porcupine(configured(wake=files.wake() | {"mode": "open_mic"})) == []


class TestModelFiles:
    def test_a_file_is_only_for_the_engine_that_reads_files(self) -> None:
        with pytest.raises(ConfigurationError, match='choose asr_engine = "whisper-cpp"'):
            configured(engines={"asr": "/srv/ggml-tiny.en.bin"})
        chosen = configured(engines={"asr": "/srv/ggml-tiny.en.bin", "asr_engine": "whisper-cpp"})
        assert chosen.engines.asr == "/srv/ggml-tiny.en.bin"

    def test_the_doctor_reads_the_file_and_says_which_it_is(self, tmp_path: Path) -> None:
        model = tmp_path / "ggml-small.bin"
        model.write_bytes(b"model")
        engines: dict[str, object] = {"asr": str(model), "asr_engine": "whisper-cpp"}

        def finding() -> Finding:
            found = software.packs(configured(engines=engines), ModelStore(tmp_path))
            return next(one for one in found if one.name == f"model file {model}")

        assert hashlib.sha256(b"model").hexdigest()[:12] in finding().found
        model.unlink()
        assert finding().status == "fail"

    def test_the_doctor_names_the_extra_of_each_engine_that_is_chosen(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def version(name: str) -> str:
            raise PackageNotFoundError(name)

        monkeypatch.setattr(software, "version", version)
        engines: dict[str, object] = {"asr_engine": "whisper-cpp"}
        wanted = configured(engines=engines, wake={"engine": "openwakeword"})
        told = {found.name: found for found in software.packages(wanted)}
        assert "nearfield[whisper-cpp]" in told["pywhispercpp"].mend
        assert "nearfield[litert]" in told["ai-edge-litert"].mend
        assert told["pvporcupine"].status == "ok"


@pytest.mark.models
def test_the_wake_engine_that_a_site_chooses_is_the_one_that_listens() -> None:
    wake: dict[str, object] = {"engine": "microwakeword-litert", "packs": ["microwakeword-alexa"]}
    try:
        engines = load_engines(configured(wake=wake), hear=True, speak=False)
    except PackNotFoundError as error:
        pytest.skip(str(error))
    assert [type(engine) for engine in engines.wake] == [LiteRtMicroWakeWord]
    assert "microwakeword-alexa" in engines.versions


@pytest.mark.models
def test_a_device_on_a_restricted_site_does_not_start_with_porcupine(files: CustomersFiles) -> None:
    configuration = configured(device={"site_mode": "restricted"}, wake=files.wake())
    with pytest.raises(EgressRefusedError):
        load_engines(configuration, hear=True, speak=False)
