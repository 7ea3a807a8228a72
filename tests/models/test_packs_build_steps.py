from __future__ import annotations

import base64
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nearfield_models import build_steps
from nearfield_models.build_steps import RECIPES, sherpa_token_lines
from nearfield_models.errors import BuildStepError, ModelsError, PackDamagedError
from nearfield_models.fetching.fetch import fetch_packs
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import InstalledPack, ModelStore
from tests.models.small_packs import DEVELOPMENT, Site

TOKENS_STEP = {"kind": "moonshine-tokens", "inputs": ["tokenizer.bin"], "outputs": ["tokens.txt"]}
VOCABULARY = b"\x05<unk>\x03<s>\x04</s>\x02hi"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.add_pack("words", {"tokenizer.bin": VOCABULARY}, build=[TOKENS_STEP])
    return site


def _fetch(site: Site) -> tuple[str, ...]:
    (done,) = fetch_packs(site.store, ["words"], DEVELOPMENT)
    return done.built


def test_a_token_line_is_its_text_in_base64_and_its_id_with_the_word_mark_as_a_space() -> None:
    assert sherpa_token_lines(("▁hi".encode(), b"")) == f"{base64.b64encode(b' hi').decode()} 0\n 1\n"


def test_a_derived_file_is_made_once_and_recorded_with_its_digests(site: Site) -> None:
    assert _fetch(site) == ("tokens.txt",)
    assert _fetch(site) == ()
    (record,) = json.loads((site.store.installed("words").folder / "derived.json").read_text())
    assert (record["kind"], record["version"]) == ("moonshine-tokens", 1)
    assert set(record["inputs"]) == {"tokenizer.bin"}
    assert set(record["outputs"]) == {"tokens.txt"}


def test_an_altered_derived_file_is_found_and_made_again(site: Site) -> None:
    _fetch(site)
    path = site.store.installed("words").file("tokens.txt")
    right = path.read_bytes()
    path.write_bytes(right[::-1])
    with pytest.raises(PackDamagedError, match=r"tokens\.txt is not what step moonshine-tokens makes"):
        site.store.installed("words")
    assert _fetch(site) == ("tokens.txt",)
    assert path.read_bytes() == right


def test_a_missing_derived_file_is_made_again(site: Site) -> None:
    _fetch(site)
    site.store.installed("words").file("tokens.txt").unlink()
    with pytest.raises(PackDamagedError, match=r"tokens\.txt is missing"):
        site.store.installed("words")
    assert _fetch(site) == ("tokens.txt",)


def test_a_derived_file_of_older_code_is_made_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _fetch(site)
    newer = dataclasses.replace(RECIPES["moonshine-tokens"], version=2)
    monkeypatch.setattr("nearfield_models.store.RECIPES", {**RECIPES, "moonshine-tokens": newer})
    monkeypatch.setattr("nearfield_models.fetching.fetch.RECIPES", {**RECIPES, "moonshine-tokens": newer})
    assert _fetch(site) == ("tokens.txt",)
    assert _fetch(site) == ()


def test_a_derived_file_of_other_input_is_made_again(site: Site) -> None:
    _fetch(site)
    derived = site.store.installed("words").folder / "derived.json"
    (record,) = json.loads(derived.read_text())
    record["inputs"]["tokenizer.bin"] = "0" * 64
    derived.write_text(json.dumps([record]))
    assert _fetch(site) == ("tokens.txt",)


def test_a_derived_file_is_made_again_when_its_record_is_lost(site: Site) -> None:
    _fetch(site)
    (site.store.installed("words").folder / "derived.json").write_text("not JSON")
    assert _fetch(site) == ("tokens.txt",)


def test_a_step_with_the_wrong_number_of_files_is_refused(tmp_path: Path) -> None:
    site = Site(tmp_path)
    step = {"kind": "split-voice", "inputs": ["voice.onnx"], "outputs": ["text.onnx"]}
    site.add_pack("words", {"voice.onnx": b"x"}, build=[step])
    with pytest.raises(BuildStepError, match="step split-voice makes 3 files from 1, its manifest names 1"):
        _fetch(site)


def test_a_torn_token_table_is_a_build_step_that_failed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.add_pack("words", {"tokenizer.bin": VOCABULARY[:-1]}, build=[TOKENS_STEP])
    with pytest.raises(BuildStepError, match=r"tokenizer\.bin ends within the piece at byte 15"):
        _fetch(site)


def test_a_voice_that_is_no_graph_is_refused_and_leaves_no_part(tmp_path: Path) -> None:
    site = Site(tmp_path)
    step = {
        "kind": "split-voice",
        "inputs": ["voice.onnx"],
        "outputs": ["text.onnx", "flow.onnx", "vocoder.onnx"],
    }
    site.add_pack("words", {"voice.onnx": b"no graph at all"}, build=[step])
    with pytest.raises(BuildStepError, match=r"voice\.onnx cannot be split"):
        _fetch(site)
    assert site.left_over() == ["voice.onnx"]


def test_a_graph_that_is_no_piper_voice_is_refused_by_the_node_it_lacks(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    sound = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Neg", ["x"], ["y"], name=build_steps.VOCODER_ENTRY)
    made = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [sound], [made])), tmp_path / "v")
    with pytest.raises(BuildStepError, match="v has no node /flow/"):
        RECIPES["split-voice"].make((tmp_path / "v",), (tmp_path / "t", tmp_path / "f", tmp_path / "w"))


def _installed(pack_id: str) -> InstalledPack:
    try:
        return ModelStore.default().installed(pack_id)
    except ModelsError as error:
        pytest.skip(str(error))


@pytest.mark.models
def test_the_three_parts_of_the_voice_speak_as_the_whole_does() -> None:
    import onnxruntime

    pack = _installed("piper-en-us-joe-medium")
    whole, text, flow, vocoder = (
        onnxruntime.InferenceSession(pack.file(name))
        for name in ("en_US-joe-medium.onnx", "text.onnx", "flow.onnx", "vocoder.onnx")
    )
    ids = np.array([[1, 0, 20, 0, 61, 0, 24, 0, 27, 0, 2]], np.int64)
    # No randomness in the scales, so that both speak the very same sound.
    feed = {
        "input": ids,
        "input_lengths": np.array([11], np.int64),
        "scales": np.array([0, 1, 0], np.float32),
    }
    (frames,) = text.run(None, feed)
    entry, mask = (given.name for given in flow.get_inputs())
    (latent,) = flow.run(None, {entry: frames, mask: np.ones((1, 1, frames.shape[2]), np.float32)})
    (joined,) = vocoder.run(None, {vocoder.get_inputs()[0].name: latent})
    (direct,) = whole.run(None, feed)
    assert latent.ndim == 3
    assert joined.shape == direct.shape
    assert np.abs(direct).max() > 0.01
    np.testing.assert_allclose(joined, direct, atol=1e-5)


@pytest.mark.models
def test_openvino_runs_the_vocoder_and_agrees_with_onnx_runtime() -> None:
    pytest.importorskip("openvino")
    vocoder = _installed("piper-en-us-joe-medium").file("vocoder.onnx")
    one, other = open_session(vocoder), open_session(vocoder, RuntimeOptions(engine="openvino", device="CPU"))
    (entry,) = one.input_names
    latent = np.random.default_rng(1).standard_normal((1, 192, 40)).astype(np.float32)
    (expected,), (found,) = (session.run(None, {entry: latent}).values() for session in (one, other))
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.models
@pytest.mark.recordings
def test_sherpa_onnx_reads_the_derived_tokens(recordings: Path) -> None:
    """In a child process, since sherpa-onnx ends the process on a malformed tokens file."""
    pytest.importorskip("sherpa_onnx")
    pack = _installed("moonshine-tiny-en")
    code = (
        "import sys, sherpa_onnx, soundfile; e, d, t, f = sys.argv[1:];"
        "r = sherpa_onnx.OfflineRecognizer.from_moonshine_v2(encoder=e, decoder=d, tokens=t);"
        "x, rate = soundfile.read(f, dtype='float32'); s = r.create_stream();"
        "s.accept_waveform(rate, x); r.decode_stream(s); print(s.result.text)"
    )
    recording = recordings / "orders" / "speech" / "0075d273-51bb-47cb-b323-4437bd0de029.flac"
    names = ("encoder_model.ort", "decoder_model_merged.ort", "tokens.txt")
    command = [sys.executable, "-c", code, *(str(pack.file(name)) for name in names), str(recording)]
    heard = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert heard.returncode == 0, heard.stderr
    assert heard.stdout.strip() == "Can I have a light roast twelve ounce coffee?"


def test_steps_that_need_a_missing_runtime_name_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelsError, match="install nearfield with its `models` extra"):
        build_steps.RECIPES["split-voice"].make((tmp_path / "v",), (tmp_path / "t",))
