from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_edge.audio.given_sounds import GivenSounds
from nearfield_models.errors import AudioFormatError


@pytest.fixture
def chime(tmp_path: Path) -> Path:
    path = tmp_path / "chime.wav"
    soundfile.write(path, np.full((8_000, 2), 0.5), 8_000)
    return path


def test_a_recording_comes_at_the_rate_that_is_asked_for_in_one_channel(chime: Path) -> None:
    sound = GivenSounds({"chime": chime})("chime", 22_050)
    assert sound is not None
    assert sound.shape == (22_050,)
    assert sound.dtype == np.float32
    assert np.abs(sound[5_000:-5_000] - 0.5).max() < 0.01


def test_only_what_was_given_can_be_played_even_where_there_is_a_file_of_that_name(chime: Path) -> None:
    assert GivenSounds({"chime": chime})(str(chime), 22_050) is None
    assert GivenSounds({})("chime", 22_050) is None


def test_a_file_that_is_too_long_or_no_sound_is_told_by_name(chime: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioFormatError, match=r"chime\.wav is longer than 0\.5 seconds"):
        GivenSounds({"chime": chime}, longest_seconds=0.5)("chime", 22_050)
    (tmp_path / "text.wav").write_text("no sound")
    for path in (tmp_path / "text.wav", tmp_path / "missing.wav"):
        with pytest.raises(AudioFormatError, match=f"{path.name} cannot be read"):
            GivenSounds({"it": path})("it", 22_050)
