"""The command ``nearfield``, as a person or a script uses it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.edge.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


def test_a_typed_request_is_answered_with_every_promised_key(shell: Shell) -> None:
    result = shell.nearfield("ask", "--text", "can I have a large latte", "--json")
    assert result.status == 0
    answer = json.loads(result.out)
    assert answer["transcript"] == "can I have a large latte"
    assert answer["understanding"]["intent"] == "orderDrink"
    assert set(answer["understanding"]) >= {"intent", "slots", "confidence", "source"}
    assert set(answer["route"]) >= {"route", "reason", "policy_version"}
    assert set(answer["reply"]) >= {"text", "source"}
    assert set(answer["timings_ms"]) >= {"endpoint", "transcript", "understood", "first_audio", "done"}
    assert answer["turn_id"]
    assert answer["versions"]["skill:coffee"]


def test_each_request_stands_alone_unless_it_continues_the_last_conversation(shell: Shell) -> None:
    shell.nearfield("ask", "--text", "can I have a large latte")
    alone = json.loads(shell.nearfield("ask", "--text", "make it small", "--json").out)
    assert alone["understanding"]["intent"] is None
    shell.nearfield("ask", "--text", "can I have a large latte")
    continued = json.loads(shell.nearfield("ask", "--continue", "--text", "make it small", "--json").out)
    assert continued["understanding"]["intent"] == "changeOrder"
    assert continued["understanding"]["source"] == "context"


def test_turns_shows_what_ask_kept_and_erases_it_for_good(shell: Shell) -> None:
    shell.nearfield("ask", "--text", "what is the wifi password")
    (turn,) = json.loads(shell.nearfield("turns", "--json").out)
    assert turn["transcript"] == "what is the wifi password"
    assert "wifi password" in shell.nearfield("turns", "--turn", turn["turn_id"]).out
    assert json.loads(shell.nearfield("turns", "--erase-turn", turn["turn_id"], "--json").out) == {
        "erased": 1
    }
    assert json.loads(shell.nearfield("turns", "--json").out) == []


def test_a_turn_is_drawn_into_a_file(shell: Shell, tmp_path: Path) -> None:
    shell.nearfield("ask", "--text", "what is the wifi password")
    (turn,) = json.loads(shell.nearfield("turns", "--json").out)
    file = tmp_path / "turn.svg"
    result = shell.nearfield("turns", "--turn", turn["turn_id"], "--picture", str(file))
    assert result.status == 0
    assert "what is the wifi password" in file.read_text("utf-8")
    nowhere = shell.nearfield("turns", "--turn", turn["turn_id"], "--picture", str(tmp_path / "no" / "file"))
    assert nowhere.status == 1
    assert nowhere.err.startswith("nearfield: the picture")


def test_a_picture_is_of_one_turn(shell: Shell, tmp_path: Path) -> None:
    result = shell.nearfield("turns", "--picture", str(tmp_path / "turn.svg"))
    assert result.status == 2
    assert "--turn" in result.err


def test_an_unknown_turn_is_named(shell: Shell) -> None:
    result = shell.nearfield("turns", "--turn", "nobody")
    assert result.status == 1
    assert result.err.startswith("nearfield: no turn nobody is kept")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[turn]\nend_silense_ms = 300\n", "did you mean 'end_silence_ms'?"),
        ("[turn]\nend_silence_ms = -1\n", "turn.end_silence_ms"),
        ("[skils]\n", "did you mean 'skills'?"),
        ("[turn\n", "is not valid TOML"),
        ('[skills]\nenabled = ["cofee"]\n', "did you mean 'coffee'?"),
        ('[policy]\nfile = "/nowhere/policy.toml"\n', "/nowhere/policy.toml cannot be read"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(shell: Shell, written: str, told: str) -> None:
    shell.configure(written)
    result = shell.nearfield("ask", "--text", "hello")
    assert result.status == 1
    assert told in result.err
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err


def test_a_missing_configuration_is_one_sentence(shell: Shell) -> None:
    shell.configuration.unlink()
    result = shell.nearfield("ask", "--text", "hello")
    assert result.status == 1
    assert "cannot be read: No such file or directory" in result.err


def test_ask_without_a_request_explains_itself(shell: Shell) -> None:
    result = shell.nearfield("ask")
    assert result.status == 2
    assert "give either a recording or --text" in result.err


def test_a_data_folder_that_cannot_be_written_is_one_sentence(shell: Shell) -> None:
    (shell.folder / "data").write_text("a file stands in the way")
    result = shell.nearfield("ask", "--text", "hello")
    assert result.status == 1
    assert str(shell.folder / "data") in result.err
    assert result.err.count("\n") == 1


def test_models_that_were_never_fetched_are_named_with_the_command_that_fetches_them(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEARFIELD_MODELS", str(shell.folder / "empty"))
    soundfile.write(shell.folder / "sound.wav", np.zeros(16_000), 16_000)
    result = shell.nearfield("ask", shell.folder / "sound.wav")
    assert result.status == 1
    assert "nearfield-models fetch" in result.err
    assert result.err.count("\n") == 1


def test_the_production_profile_refuses_the_research_voice_by_name(shell: Shell) -> None:
    shell.configuration.write_text(
        f'[device]\ndata = "{shell.folder / "data"}"\nprofile = "production"\n', encoding="utf-8"
    )
    result = shell.nearfield("say", "hello", "-o", shell.folder / "hello.wav")
    assert result.status == 1
    assert "piper-en-us-joe-medium" in result.err
    assert not (shell.folder / "hello.wav").exists()


@pytest.mark.models
def test_marked_up_speech_is_said_with_its_marks_and_what_is_ignored_is_told(shell: Shell) -> None:
    chime = shell.folder / "chime.wav"
    soundfile.write(chime, np.full(24_000, 0.25), 24_000)
    markup = (
        '<speak><audio src="chime"/><mark name="words"/>Ready.<break time="2s"/>'
        '<audio src="nobody">Yes.</audio><prosody pitch="low">No.</prosody></speak>'
    )
    result = shell.nearfield("say", markup, "--sound", f"chime={chime}", "-o", shell.folder / "said.wav")
    if "nearfield-models fetch" in result.err:
        pytest.skip(result.err.strip())
    assert result.status == 0
    assert "mark words at 1.000 s (sample 22050)" in result.err
    assert "line 1, column 104: ignored: pitch of <prosody>" in result.err
    said, rate_hz = soundfile.read(shell.folder / "said.wav")
    assert np.abs(said[rate_hz // 4 : rate_hz // 2] - 0.25).max() < 0.01
    assert said.size > 3.9 * rate_hz


@pytest.mark.models
def test_marked_up_speech_that_is_wrong_is_refused_with_its_place_and_says_nothing(shell: Shell) -> None:
    result = shell.nearfield("say", "--ssml", "<speak>\n<brek/></speak>", "-o", shell.folder / "said.wav")
    if "nearfield-models fetch" in result.err:
        pytest.skip(result.err.strip())
    assert result.status == 1
    assert "SSML, line 2, column 1: <brek>" in result.err.splitlines()[-1]
    assert not (shell.folder / "said.wav").exists()


def test_a_sound_for_speech_is_given_as_a_name_and_a_file(shell: Shell) -> None:
    result = shell.nearfield("say", "hello", "--sound", "chime.wav")
    assert result.status == 2
    assert "'chime.wav' is not NAME=FILE" in result.err


def test_the_device_does_not_start_where_there_is_neither_a_microphone_nor_a_page(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPEWIRE_REMOTE", "none")
    shell.configure("[page]\nenabled = false\n")
    result = shell.nearfield("run")
    assert result.status == 1
    assert result.err.splitlines()[-1].startswith("nearfield: ")
    assert "microphone" in result.err
    assert "Traceback" not in result.err


def test_the_doctor_names_what_is_wrong_and_exits_with_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEARFIELD_MODELS", str(shell.folder / "empty"))
    result = shell.nearfield("doctor", "--json")
    assert result.status == 1
    assert "nearfield-models fetch" in result.out


@pytest.mark.models
class TestRecordings:
    """What ``ask`` makes of sound files."""

    def test_a_real_order_is_answered_and_spoken(self, shell: Shell, recordings: Path) -> None:
        order = sorted((recordings / "orders" / "speech").glob("*.flac"))[0]
        reply = shell.folder / "reply.wav"
        result = shell.nearfield("ask", order, "--json", "--reply", reply)
        assert result.status == 0
        answer = json.loads(result.out)
        assert answer["understanding"]["intent"] == "orderDrink"
        assert answer["timings_ms"]["first_audio"] > answer["timings_ms"]["endpoint"] > 0
        sound, rate_hz = soundfile.read(reply)
        assert len(sound) / rate_hz == pytest.approx(answer["reply"]["heard_ms"] / 1000, abs=0.1)
        assert np.abs(sound).max() > 0.05

    def test_silence_is_said_to_be_silence(self, shell: Shell) -> None:
        soundfile.write(shell.folder / "silence.wav", np.zeros(32_000), 16_000)
        result = shell.nearfield("ask", shell.folder / "silence.wav")
        assert result.status == 1
        assert "nobody speaks in this recording" in result.err

    def test_what_is_no_sound_is_said_to_be_none(self, shell: Shell) -> None:
        (shell.folder / "letter.wav").write_text("Dear device, " * 100)
        result = shell.nearfield("ask", shell.folder / "letter.wav")
        assert result.status == 1
        assert "letter.wav" in result.err
        assert result.err.count("\n") == 1

    def test_a_recording_of_two_hours_is_refused_before_it_is_heard(self, shell: Shell) -> None:
        path = shell.folder / "long.wav"
        seconds = 7_201
        with soundfile.SoundFile(path, "w", 8_000, 1, subtype="PCM_U8") as file:
            block = np.zeros(8_000 * 60, dtype=np.float32)
            for _ in range(seconds // 60 + 1):
                file.write(block)
        result = shell.nearfield("ask", path)
        assert result.status == 1
        assert "3600" in result.err.replace(" ", "").replace(",", "")

    def test_a_kept_turn_is_replayed_from_its_encrypted_sound(self, shell: Shell, recordings: Path) -> None:
        shell.configure("[records]\nsound = true\n")
        order = sorted((recordings / "orders" / "speech").glob("*.flac"))[0]
        kept = json.loads(shell.nearfield("ask", order, "--json").out)
        replayed = json.loads(shell.nearfield("replay", kept["turn_id"], "--json").out)
        assert replayed["before"]["turn_id"] == kept["turn_id"]
        assert replayed["after"]["transcript"] == kept["transcript"]
        assert replayed["after"]["understanding"] == kept["understanding"]

    def test_a_turn_without_sound_cannot_be_replayed(self, shell: Shell) -> None:
        shell.nearfield("ask", "--text", "what is the wifi password")
        (turn,) = json.loads(shell.nearfield("turns", "--json").out)
        result = shell.nearfield("replay", turn["turn_id"])
        assert result.status == 1
        assert "recording is off unless switched on" in result.err


def test_a_refusal_says_that_paraphrases_are_missing_unless_the_site_wants_none(shell: Shell) -> None:
    words = ("ask", "--text", "the minutes were sent around on tuesday", "--json")
    route = json.loads(shell.nearfield(*words).out)["route"]
    assert route["route"] == "refuse"
    assert "paraphrases" in route["reason"]
    shell.configure("[understanding]\nparaphrases = false\n")
    route = json.loads(shell.nearfield(*words).out)["route"]
    assert route["route"] == "refuse"
    assert "paraphrases" not in route["reason"]
