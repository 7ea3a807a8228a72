"""Phonemes from espeak-ng, as the ``piper-tts`` package brings it.

Both are GPL-3.0-or-later, which binds whoever passes them on with a device: this is never the default, and
nothing else imports them.

Source: OHF-Voice/piper1-gpl 1.3, ``EspeakPhonemizer``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nearfield_models.errors import EngineError, RuntimeMissingError


class EspeakPhonemiser:
    """Pronounces by espeak-ng's rules; one language at a time in a process, since the library is global."""

    def __init__(self, voice: str = "en-us") -> None:
        """Load espeak-ng.

        Args:
            voice: espeak-ng's name for the language.

        Raises:
            RuntimeMissingError: ``piper-tts`` is not installed.
        """
        try:
            from piper.phonemize_espeak import EspeakPhonemizer
        except ImportError as error:
            raise RuntimeMissingError(
                "piper-tts is not installed: install the extra with `pip install 'nearfield[tts-piper]'`"
            ) from error
        self._voice = voice
        self._espeak: Any = EspeakPhonemizer()

    def sentences(self, text: str) -> Iterator[tuple[str, ...]]:
        """Yield the phonemes of one sentence after the other; text without a word yields nothing.

        Raises:
            EngineError: espeak-ng failed on the text.
        """
        try:
            spoken = self._espeak.phonemize(self._voice, text)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"espeak-ng cannot pronounce with voice {self._voice}: {error}") from error
        for phonemes in spoken:
            if any(phoneme.isalpha() for phoneme in phonemes):
                yield tuple(phonemes)
