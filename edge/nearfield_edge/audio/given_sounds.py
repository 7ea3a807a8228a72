"""Recordings that somebody has named, for speech that plays them by their names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import soundfile

from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import Samples
from nearfield_models.resampling import mix_down, resample

LONGEST_SECONDS: Final = 60.0


class GivenSounds:
    """Reads a recording when it is played; a name that was not given has none, whatever it looks like."""

    def __init__(self, files: Mapping[str, Path], *, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._files = dict(files)
        self._longest_seconds = longest_seconds

    def __call__(self, source: str, rate_hz: int) -> Samples | None:
        """Give a recording as ``float32[n]`` in -1..1 at ``rate_hz``, or None where there is none.

        Raises:
            AudioFormatError: The file cannot be read, or is too long.
        """
        path = self._files.get(source)
        if path is None:
            return None
        try:
            with soundfile.SoundFile(path) as file:
                if file.frames > self._longest_seconds * file.samplerate:
                    raise AudioFormatError(
                        f"the sound {path} is longer than {self._longest_seconds:g} seconds: shorten it"
                    )
                from_hz = file.samplerate
                read = file.read(dtype="float32", always_2d=True)
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise AudioFormatError(
                f"the sound {path} cannot be read: expected WAV, FLAC, Ogg, MP3 or AIFF"
            ) from error
        return resample(mix_down(read), from_hz, rate_hz)
