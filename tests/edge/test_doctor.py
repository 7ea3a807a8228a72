"""What the doctor finds, and what it says about it."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from nearfield_edge.composition import load_skill_runtime, surroundings
from nearfield_edge.composition.prompts import prompt_voice
from nearfield_edge.configuration import Configuration, parse_configuration
from nearfield_edge.doctor import checks, machine, software
from nearfield_edge.doctor.checks import run_checks
from nearfield_edge.doctor.findings import Finding, exit_status, render, to_dict
from nearfield_edge.doctor.prompts import prompts
from nearfield_edge.doctor.wake_phrases import wake_phrases
from nearfield_models.engines import load_tts
from nearfield_models.errors import ModelsError
from nearfield_models.store import ModelStore
from tests.fakes.clock import SettableClock


def configured(**sections: dict[str, object]) -> Configuration:
    return parse_configuration(dict(sections), where="test")


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def another_machine(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def test_a_wake_phrase_is_looked_at_only_where_it_wakes() -> None:
    assert wake_phrases(Configuration()) == []
    pressed = configured(wake={"phrase": "hi", "mode": "push_to_talk"})
    assert wake_phrases(pressed) == []
    (fine,) = wake_phrases(configured(wake={"phrase": "hello nearfield"}))
    assert (fine.name, fine.status) == ("wake phrase 'hello nearfield'", "ok")


def test_a_short_wake_phrase_is_warned_of_with_the_reason() -> None:
    short, fine = wake_phrases(configured(wake={"phrase": ["hi", "hello nearfield"]}))
    assert short.status == "warn"
    assert "other words" in short.found
    assert "two words" in short.mend
    assert fine.status == "ok"


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("hello 電気", "an English recogniser hardly ever writes '電気'"),
        ("привет nearfield", "hardly ever writes 'привет'"),
        ("xqzvk brrrt", "no English lexicon has 'xqzvk' and 'brrrt'"),
        ("okay naboo", "no English lexicon has 'naboo'"),
    ],
)
def test_a_wake_phrase_that_an_english_recogniser_hardly_writes_is_warned_of_by_its_words(
    phrase: str, words: str
) -> None:
    (found,) = wake_phrases(configured(wake={"phrase": phrase}))
    assert (found.name, found.status) == (f"wake phrase {phrase!r}", "warn")
    assert words in found.found
    assert "nearfield wake try" in found.mend


@pytest.mark.parametrize(
    "phrase", ["hello nearfield", "computer", "don't panic", "hey café", "well-known voice"]
)
def test_words_that_an_english_lexicon_has_or_makes_up_are_fine(phrase: str) -> None:
    (found,) = wake_phrases(configured(wake={"phrase": phrase}))
    assert found.status == "ok"


def test_a_recogniser_that_cannot_be_asked_for_a_phrase_fails() -> None:
    (found,) = wake_phrases(configured(wake={"phrase": "hello nearfield"}, engines={"asr_engine": "sherpa"}))
    assert found.status == "fail"
    assert 'asr_engine = "moonshine"' in found.mend


def test_this_machine_is_looked_at_as_a_whole_and_told_as_json(tmp_path: Path) -> None:
    findings = run_checks(None, store=ModelStore(tmp_path))
    names = by_name(findings)
    for expected in (
        "configuration",
        "processor",
        "memory",
        "onnxruntime",
        "pack silero-vad",
        "clock",
        "site",
    ):
        assert expected in names
    assert "CPUExecutionProvider" in names["onnxruntime providers"].found
    told = json.loads(json.dumps(to_dict(findings)))
    assert told["ok"] + told["warn"] + told["fail"] == len(told["findings"]) == len(findings)


def test_everything_that_is_not_fine_says_how_to_mend_it(tmp_path: Path) -> None:
    for finding in run_checks(None, store=ModelStore(tmp_path)):
        assert bool(finding.mend) is (finding.status != "ok"), finding


def test_a_pack_that_is_not_fetched_fails_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    finding = by_name(software.packs(configured(), ModelStore(tmp_path)))["pack silero-vad"]
    assert finding.status == "fail"
    assert "nearfield-models fetch silero-vad" in finding.mend


@pytest.mark.models
def test_an_altered_model_is_found_although_size_and_time_are_unchanged(tmp_path: Path) -> None:
    try:
        pack = ModelStore.default().installed("microwakeword-alexa")
    except ModelsError as error:
        pytest.skip(str(error))
    folder = tmp_path / pack.id / pack.folder.name
    shutil.copytree(pack.folder, folder)
    model = folder / "alexa.tflite"
    store = ModelStore(tmp_path)
    configuration = configured(wake={"packs": ["microwakeword-alexa"]})
    assert by_name(software.packs(configuration, store))["pack microwakeword-alexa"].status == "ok"
    before = model.stat()
    altered = bytearray(model.read_bytes())
    altered[1000] ^= 1
    model.write_bytes(altered)
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    finding = by_name(software.packs(configuration, store))["pack microwakeword-alexa"]
    assert finding.status == "fail"
    assert "alexa.tflite" in finding.found


@pytest.mark.models
def test_a_production_site_is_told_of_a_voice_that_its_policy_refuses() -> None:
    try:
        ModelStore.default().installed("piper-en-us-joe-medium")
    except ModelsError as error:
        pytest.skip(str(error))
    for profile, status in (("development", "warn"), ("production", "fail")):
        configuration = configured(device={"profile": profile})
        finding = by_name(software.packs(configuration, ModelStore.default()))["pack piper-en-us-joe-medium"]
        assert finding.status == status


def test_a_wrong_configuration_is_a_finding_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    config = tmp_path / "nearfield.toml"
    config.write_text("[device]\nsite_mod = 'restricted'\n")
    findings = run_checks(config, store=ModelStore(tmp_path))
    assert findings[0].status == "fail"
    assert "site_mode" in findings[0].found
    assert len(findings) > 15
    assert exit_status(findings) == 1


def test_boards_are_named_by_their_firmware(tmp_path: Path) -> None:
    root = another_machine(tmp_path, {"proc/device-tree/model": "NVIDIA Jetson Orin Nano\0"})
    assert "NVIDIA Jetson Orin Nano" in machine.board(root).found
    assert "not named" in machine.board(tmp_path / "nothing").found


def test_accelerators_are_found_by_their_device_nodes(tmp_path: Path) -> None:
    assert "none" in machine.accelerators(tmp_path).found
    root = another_machine(tmp_path, {"dev/accel/accel0": "", "dev/dri/renderD128": ""})
    assert machine.accelerators(root).found == "NPU (accel0), GPU (renderD128)"


def test_a_small_machine_is_warned_about(tmp_path: Path) -> None:
    root = another_machine(
        tmp_path,
        {
            "proc/cpuinfo": "processor\t: 0\nmodel name\t: Small One\n",
            "proc/meminfo": "MemTotal: 512000 kB\nMemAvailable: 300000 kB\n",
        },
    )
    assert machine.processor(root).found == "Small One, 1 cores"
    assert machine.processor(root).status == machine.memory(root).status == "warn"
    assert "292 MiB available of 500 MiB" in machine.memory(root).found


def test_a_data_folder_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (finding,) = machine.disk(tmp_path / "file" / "data")
    assert finding.status == "fail"
    (finding,) = machine.disk(tmp_path / "not" / "yet" / "there")
    assert finding.status == "ok"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_clock_that_was_never_set_is_warned_about() -> None:
    assert machine.wall_clock(SettableClock()).status == "ok"
    assert machine.wall_clock(SettableClock(datetime(1970, 1, 1, tzinfo=UTC))).status == "warn"


class PortAudioRefusalError(Exception):
    """Stands for sounddevice's error."""


def sound_library(devices: list[dict[str, object]] | None) -> SimpleNamespace:
    def query_devices() -> list[dict[str, object]]:
        if devices is None:
            raise PortAudioRefusalError("no host API")
        return devices

    return SimpleNamespace(query_devices=query_devices, PortAudioError=PortAudioRefusalError)


MICROPHONE = {"name": "Jabra USB", "max_input_channels": 1, "max_output_channels": 0}
LOUDSPEAKER = {"name": "HDMI", "max_input_channels": 0, "max_output_channels": 2}


@pytest.mark.parametrize(
    ("devices", "audio", "statuses"),
    [
        ([MICROPHONE, LOUDSPEAKER], {}, ["ok", "ok"]),
        ([LOUDSPEAKER], {}, ["fail", "ok"]),
        ([MICROPHONE, LOUDSPEAKER], {"microphone": "jabra"}, ["ok", "ok"]),
        ([MICROPHONE, LOUDSPEAKER], {"microphone": "ReSpeaker"}, ["fail", "ok"]),
        (None, {}, ["fail", "fail"]),
        (None, {"source": "websocket", "sink": "websocket"}, ["ok", "ok"]),
    ],
)
def test_sound_devices_are_looked_for_where_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
    devices: list[dict[str, object]] | None,
    audio: dict[str, object],
    statuses: list[str],
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", sound_library(devices))
    findings = software.sound_devices(configured(audio=audio))
    assert [finding.status for finding in findings] == statuses


def test_a_provider_that_is_not_there_fails_and_names_what_is() -> None:
    findings = by_name(software.runtimes(configured(engines={"providers": ["TensorrtExecutionProvider"]})))
    finding = findings["onnxruntime providers"]
    assert finding.status == "fail"
    assert "CPUExecutionProvider" in finding.found
    assert "TensorrtExecutionProvider" in finding.mend


def test_the_site_is_told_where_the_device_may_connect_to() -> None:
    restricted: dict[str, object] = {"site_mode": "restricted", "egress": ["orders.example:443"]}
    assert checks.site(configured(device=restricted)).found == "restricted, may reach orders.example:443"
    assert checks.site(configured(device={"egress": ["orders.example"]})).status == "warn"
    assert checks.site(configured(device={"egress": ["https://orders.example"]})).status == "fail"


def test_a_key_that_others_may_read_is_found(tmp_path: Path) -> None:
    configuration = configured(device={"data": str(tmp_path)}, records={"sound": True})
    assert checks.recordings(configuration).status == "warn"
    key = configuration.device.recordings_key
    key.parent.mkdir()
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    assert "chmod 600" in checks.recordings(configuration).found
    key.chmod(0o600)
    assert checks.recordings(configuration).status == "warn"


def test_people_read_what_to_mend_below_what_was_found() -> None:
    stream = io.StringIO()
    findings = [
        Finding(name="clock", status="ok", found="2026-03-02"),
        Finding(name="microphone", status="fail", found="none", mend="plug one in [now]"),
    ]
    render(findings, Console(file=stream, width=80))
    text = stream.getvalue()
    assert "→ plug one in [now]" in text
    assert "1 ok, 0 to know about, 1 to mend" in text
    assert exit_status(findings) == 1
    assert exit_status(findings[:1]) == 0


def test_a_lexicon_is_counted_or_its_fault_is_told_and_without_one_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.toml"
    assert checks.lexicon(Configuration()) == []
    path.write_text('nearfield = { say = "near field" }', encoding="utf-8")
    (fine,) = checks.lexicon(configured(engines={"lexicon": str(path)}))
    assert (fine.name, fine.status, fine.found) == ("lexicon", "ok", f"1 word in {path}")
    path.write_text('nearfield = "NEAR"', encoding="utf-8")
    (wrong,) = checks.lexicon(configured(engines={"lexicon": str(path)}))
    assert wrong.status == "fail"
    assert "line 1: 'nearfield'" in wrong.found
    assert "engines.lexicon" in wrong.mend


def test_prompts_that_shall_not_be_kept_are_not_missed(tmp_path: Path) -> None:
    off = configured(device={"data": str(tmp_path)}, prompts={"keep": False})
    assert prompts(off, ModelStore(tmp_path / "no packs")).status == "ok"


def test_prompts_of_a_voice_that_cannot_be_loaded_are_told_with_the_reason(tmp_path: Path) -> None:
    found = prompts(configured(device={"data": str(tmp_path)}), ModelStore(tmp_path / "no packs"))
    assert found.status == "warn"
    assert "is not fetched" in found.found


@pytest.mark.models
def test_the_doctor_counts_the_prompts_of_the_voice_in_use(tmp_path: Path) -> None:
    configuration = configured(device={"data": str(tmp_path)}, skills={"enabled": []})
    store = ModelStore.default()
    empty = prompts(configuration, store)
    if "is not fetched" in empty.found:
        pytest.skip(empty.found)
    assert empty.status == "warn"
    assert empty.found.startswith("0 of ")
    place = surroundings(configuration)
    kept = prompt_voice(place, load_skill_runtime(place).skills.values(), load_tts(store=store))
    assert kept is not None
    (text, *_) = kept.missing()
    list(kept.synthesise(text))
    assert prompts(configuration, store).found.startswith("1 of ")
    for other in kept.missing():
        list(kept.synthesise(other))
    assert prompts(configuration, store).status == "ok"
