"""openWakeWord-format models: one small head for each phrase over Google's speech embedding.

Every 80 ms each head turns the last embeddings into a probability. A head is a ``.tflite`` file and runs on
LiteRT; the two networks below it are shared, and may be ``.tflite`` or ``.onnx``, such as those of the pack
``speech-embedding``. openWakeWord's own heads are not free for commercial use, and packs of them are refused
by the shipped licence policies; a head that a site has trained itself is its own.

Source: dscripka/openWakeWord.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.runtime.lite_rt import LiteRtSession
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack
from nearfield_models.wake.engine import WakeCapabilities, WakeDetection
from nearfield_models.wake.refractory import REFRACTORY_MS, Refractory
from nearfield_models.wake.speech_embeddings import EMBEDDING_SIZE, SpeechEmbeddings, only_output

THRESHOLD: Final = 0.5
"""The probability that counts as the phrase, as openWakeWord advises."""
_MEL: Final = "melspectrogram"
_EMBEDDING: Final = "embedding_model"


class OpenWakeWord:
    """Waits for one or several phrases."""

    def __init__(
        self,
        pack: InstalledPack,
        runtime: RuntimeOptions,
        *,
        also: Sequence[InstalledPack] = (),
        threshold: float = THRESHOLD,
        refractory_ms: int = REFRACTORY_MS,
    ) -> None:
        """Load the networks.

        Args:
            pack: Has one head or several; the two shared networks lie in it or in one of ``also``.
            runtime: Hardware of the shared networks where they are ``.onnx``.
            also: Further packs, for their heads or for the shared networks.
            threshold: 0..1; a probability above it is a detection.
            refractory_ms: How long nothing is reported after a detection.

        Raises:
            RuntimeMissingError: LiteRT is not installed.
            EngineError: The packs hold no head or lack a shared network, or a network is of another kind.
        """
        files = [one.file(name) for one in (pack, *also) for name in one.names]
        heads = [file for file in files if file.suffix == ".tflite" and file.stem not in (_MEL, _EMBEDDING)]
        if not heads:
            raise EngineError(f"pack {pack.id} has no head of an openWakeWord model: expected a .tflite file")
        self._embeddings = SpeechEmbeddings(_shared(files, _MEL), _shared(files, _EMBEDDING), runtime)
        silence = self._embeddings.of_silence()
        self._heads = [_Head(file, runtime, silence) for file in heads]
        self._threshold = threshold
        self._refractory = Refractory(refractory_ms)

    @property
    def capabilities(self) -> WakeCapabilities:
        """The phrases, as the names of the heads' files spell them."""
        return WakeCapabilities(
            phrases=tuple(head.phrase for head in self._heads), refractory_ms=self._refractory.refractory_ms
        )

    def accept(self, hop: bytes) -> WakeDetection | None:
        """Take 160 samples of int16 little-endian and say whether a phrase was just completed.

        Raises:
            EngineError: The hop has another length, or a network failed.
        """
        if len(hop) != HOP_BYTES:
            raise EngineError(f"a hop of {len(hop)} bytes was given to the wake word: expected {HOP_BYTES}")
        embedding = self._embeddings.accept(hop)
        return self._refractory.admit(None if embedding is None else self._heard(embedding))

    def reset(self) -> None:
        """Forget everything heard."""
        self._embeddings.reset()
        self._refractory.reset()
        for head in self._heads:
            head.reset()

    def _heard(self, embedding: NDArray[np.float32]) -> WakeDetection | None:
        heard: WakeDetection | None = None
        for head in self._heads:
            score = head.accept(embedding)
            begins = score > self._threshold and not head.is_hearing
            # The phrase stays in sight of a head for longer than nothing is reported: it counts once.
            head.is_hearing = score > self._threshold
            if begins and (heard is None or score > heard.score):
                heard = WakeDetection(phrase=head.phrase, score=min(1.0, score))
        return heard


def phrase_of(file: Path) -> str:
    """The phrase that a head's file is named after: ``hey_jarvis_v0.1.tflite`` waits for "Hey Jarvis"."""
    return re.sub(r"_v[0-9.]+$", "", file.stem).replace("_", " ").replace("-", " ").title()


class _Head:
    """One phrase's network and the embeddings that it looks at."""

    def __init__(self, file: Path, runtime: RuntimeOptions, silence: NDArray[np.float32]) -> None:
        self.phrase = phrase_of(file)
        self._session = LiteRtSession(file, runtime)
        shape = self._session.input_shape(self._session.input_names[0])
        if len(shape) != 3 or shape[1] < 1 or shape[2] != EMBEDDING_SIZE:
            raise EngineError(
                f"{file} is no head of an openWakeWord model: it takes {list(shape)} instead of "
                f"[1, embeddings, {EMBEDDING_SIZE}]"
            )
        self._silence: NDArray[np.float32] = np.tile(silence, (shape[1], 1))
        self._latest: NDArray[np.float32] = self._silence
        self.is_hearing = False

    def accept(self, embedding: NDArray[np.float32]) -> float:
        """The probability that the phrase ends about now."""
        self._latest = np.concatenate([self._latest[1:], embedding[np.newaxis]])
        return float(only_output(self._session, self._latest[np.newaxis]).flat[0])

    def reset(self) -> None:
        self._latest = self._silence
        self.is_hearing = False


def _shared(files: Iterable[Path], stem: str) -> Path:
    """The file of a shared network, whichever runtime it is for.

    Raises:
        EngineError: No pack has it.
    """
    for file in files:
        if file.stem == stem and file.suffix in (".tflite", ".onnx"):
            return file
    raise EngineError(
        f"no pack brings {stem}.tflite or {stem}.onnx, which openWakeWord models need: add the pack "
        "speech-embedding to wake.packs"
    )
