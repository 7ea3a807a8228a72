"""Porcupine, Picovoice's wake-word engine, with the customer's own key and keyword files.

Its first use on a machine, and some later ones, contacts the vendor to have the key accepted: whoever
composes the engines must refuse it where no connection is allowed. It hears in frames of its own length and
gives no scores. It has never been run here with a key that the vendor accepts; its interface is that of the
package.

Source: Picovoice/porcupine, ``pvporcupine`` 4.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES, SAMPLE_RATE_HZ
from nearfield_models.wake.engine import WakeCapabilities, WakeDetection
from nearfield_models.wake.refractory import REFRACTORY_MS, Refractory

_NOTHING: Final = -1
_BYTES_PER_SAMPLE: Final = 2
_FORGETTING_SECONDS: Final = 2
"""Silence that is fed to it in place of a reset, which it does not have; longer than any phrase."""


class PorcupineWake:
    """Waits for one or several phrases."""

    def __init__(
        self,
        keywords: Sequence[Path],
        *,
        access_key: str,
        sensitivity: float = 0.5,
        language_model: Path | None = None,
        refractory_ms: int = REFRACTORY_MS,
    ) -> None:
        """Load the keyword files; may contact the vendor.

        Args:
            keywords: Files (``.ppn``) for this kind of machine, one a phrase.
            access_key: The customer's, from the vendor's console.
            sensitivity: 0..1; higher misses less and alarms more.
            language_model: The ``.pv`` file of the keywords' language; None means English.
            refractory_ms: How long nothing is reported after a detection.

        Raises:
            RuntimeMissingError: ``pvporcupine`` is not installed, or there is none for this machine.
            EngineError: The key or a file is not accepted.
        """
        self._library = _import_pvporcupine()
        try:
            self._detector: Any = self._library.create(
                access_key=access_key,
                keyword_paths=[str(path) for path in keywords],
                sensitivities=[sensitivity] * len(keywords),
                model_path=None if language_model is None else str(language_model),
                device="cpu:1",
            )
        except (self._library.PorcupineError, ValueError, OSError, NotImplementedError) as error:
            raise EngineError(
                "Porcupine cannot be started: see that the key is the vendor's, that the vendor can be "
                "reached for its first use, and that the keyword files are for this machine and this version "
                f"({_told(error, access_key)})"
            ) from None  # the error itself repeats the key
        if self._detector.sample_rate != SAMPLE_RATE_HZ:
            raise EngineError(f"Porcupine wants {self._detector.sample_rate} Hz instead of {SAMPLE_RATE_HZ}")
        self._frame_bytes = int(self._detector.frame_length) * _BYTES_PER_SAMPLE
        self._phrases = tuple(phrase_of(path) for path in keywords)
        self._refractory = Refractory(refractory_ms)
        self._pcm = b""

    @property
    def capabilities(self) -> WakeCapabilities:
        """The phrases, as the names of the keyword files spell them."""
        return WakeCapabilities(phrases=self._phrases, refractory_ms=self._refractory.refractory_ms)

    def accept(self, hop: bytes) -> WakeDetection | None:
        """Take 160 samples of int16 little-endian and say whether a phrase was just completed.

        Raises:
            EngineError: The hop has another length, or the library failed.
        """
        if len(hop) != HOP_BYTES:
            raise EngineError(f"a hop of {len(hop)} bytes was given to the wake word: expected {HOP_BYTES}")
        self._pcm += hop
        heard: WakeDetection | None = None
        while len(self._pcm) >= self._frame_bytes:
            index = self._process(self._pcm[: self._frame_bytes])
            self._pcm = self._pcm[self._frame_bytes :]
            if index != _NOTHING:
                heard = WakeDetection(phrase=self._phrases[index], score=1.0)
        return self._refractory.admit(heard)

    def reset(self) -> None:
        """Forget everything heard."""
        self._pcm = b""
        self._refractory.reset()
        for _ in range(_FORGETTING_SECONDS * SAMPLE_RATE_HZ * _BYTES_PER_SAMPLE // self._frame_bytes):
            self._process(bytes(self._frame_bytes))

    def _process(self, frame: bytes) -> int:
        try:
            return int(self._detector.process(np.frombuffer(frame, "<i2").tolist()))
        except (self._library.PorcupineError, ValueError) as error:
            raise EngineError(f"Porcupine failed: {' '.join(str(error).split())}") from error


def phrase_of(keyword: Path) -> str:
    """The phrase of a keyword file as the vendor names it: ``hey-computer_en_linux_v4_0_0.ppn``."""
    return keyword.stem.partition("_")[0].replace("-", " ").title()


def _import_pvporcupine() -> Any:
    try:
        import pvporcupine
    except ImportError as error:
        raise RuntimeMissingError(
            "pvporcupine is not installed: install the extra with `pip install 'nearfield[porcupine]'`"
        ) from error
    except (NotImplementedError, RuntimeError) as error:  # it looks at the processor when it is imported
        raise RuntimeMissingError(f"Porcupine has no library for this machine ({error})") from error
    return pvporcupine


def _told(error: Exception, access_key: str) -> str:
    """What the library says, on one line and without the key, which it repeats."""
    told = " ".join(str(error).split())
    return told.replace(access_key, "…") if access_key else told
