"""``nearfield wake``: a phrase tried, and a sensitivity proposed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from tests.edge.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def models() -> None:
    try:
        for pack in ("moonshine-tiny-en", "silero-vad"):
            ModelStore.default().installed(pack)
    except PackNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def folders(recordings: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A few real calls, and as many recordings of something else."""
    for name, phrase in (("calls", "jarvis"), ("others", "alexa")):
        (tmp_path / name).mkdir()
        for clip in sorted((recordings / "wake" / phrase).glob("*.flac"))[:3]:
            (tmp_path / name / clip.name).symlink_to(clip)
    return tmp_path / "calls", tmp_path / "others"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["try", "a.wav"], "there is no phrase to listen for: give --phrase, or set wake.phrase"),
        (["try", "a.wav", "--phrase", "h4llo"], "wake phrase 'h4llo' cannot be said"),
        (["try", "/nowhere.wav", "--phrase", "hello"], "there is no file /nowhere.wav"),
        (["tune", "--positives", "/nowhere", "--phrase", "hello"], "there is no folder /nowhere"),
    ],
)
def test_what_is_missing_is_one_sentence(shell: Shell, words: list[str], told: str) -> None:
    result = shell.nearfield("wake", *words)
    assert result.status == 1
    assert told in result.err
    assert result.err.count("\n") == 1


def test_a_folder_without_recordings_of_other_things_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    soundfile.write(tmp_path / "calls" / "1.wav", np.zeros(16_000), 16_000)
    (tmp_path / "empty").mkdir()
    result = shell.nearfield(
        *("wake", "tune", "--phrase", "hello"),
        *("--positives", tmp_path / "calls", "--negatives", tmp_path / "empty"),
    )
    assert result.status == 1
    assert f"there are no recordings in {tmp_path / 'empty'}" in result.err


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.usefixtures("models")
def test_a_recording_of_the_phrase_is_shown_to_wake(shell: Shell, folders: tuple[Path, Path]) -> None:
    calls, others = folders
    call = sorted(calls.iterdir())[0]
    shell.configure('[wake]\nphrase = "jarvis"\n')
    shown = shell.nearfield("wake", "try", call)
    assert shown.status == 0
    assert "woken by 'jarvis'" in shown.out
    looks = [json.loads(line) for line in shell.nearfield("wake", "try", call, "--json").out.splitlines()]
    assert [look["phrase"] for look in looks if look["woken"]] == ["jarvis"]
    other = shell.nearfield("wake", "try", sorted(others.iterdir())[0], "--json").out.splitlines()
    assert other
    assert not any(json.loads(line)["woken"] for line in other)


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.usefixtures("models")
def test_a_sensitivity_is_proposed_with_what_it_would_have_done(
    shell: Shell, folders: tuple[Path, Path]
) -> None:
    calls, others = folders
    words = ("wake", "tune", "--phrase", "jarvis", "--positives", calls, "--negatives", others)
    proposal = json.loads(shell.nearfield(*words, "--json").out)
    assert proposal["phrases"] == ["jarvis"]
    assert (proposal["positives"], proposal["missed"], proposal["alarms"]) == (3, [], 0)
    assert proposal["strongest_negative"] < proposal["threshold"] < proposal["weakest_positive"]
    told = shell.nearfield(*words).out
    assert f"wake.sensitivity = {proposal['sensitivity']:g}" in told
    assert "hears 3 of 3 recordings" in told
    assert "0 false alarms in 0 min" in told


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.usefixtures("models")
def test_without_other_recordings_the_proposal_says_what_it_does_not_know(
    shell: Shell, folders: tuple[Path, Path]
) -> None:
    told = shell.nearfield("wake", "tune", "--phrase", "alexa", "--positives", folders[0]).out
    assert "hears 0 of 3" in told
    assert told.count("misses ") == 3
    assert "--negatives" in told
