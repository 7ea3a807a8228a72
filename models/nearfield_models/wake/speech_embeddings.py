"""Google's speech embedding as a stream: 96 numbers for each 80 ms, which the heads of wake words work on.

Every 80 ms a mel spectrogram of the latest sound grows by eight frames, and the embedding network turns the
last 76 frames into one embedding.

Source: dscripka/openWakeWord, for the sizes and the scaling between the two networks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_SAMPLES
from nearfield_models.runtime.session import Array, RuntimeOptions, Session, open_session

EMBEDDING_SIZE: Final = 96
_STEP_SAMPLES: Final = 8 * HOP_SAMPLES
_OVERLAP_SAMPLES: Final = 3 * HOP_SAMPLES
"""What a mel window needs of the sound before the step."""
_MEL_FRAMES: Final = 76
_MEL_BANDS: Final = 32


class SpeechEmbeddings:
    """From hops to embeddings, one every 80 ms, as if there had always been silence before."""

    def __init__(self, mel: Path, embedding: Path, runtime: RuntimeOptions) -> None:
        """Load the two networks, ``.tflite`` or ``.onnx``.

        Args:
            mel: The mel spectrogram.
            embedding: The embedding network.
            runtime: Hardware and threads of what is ``.onnx``.

        Raises:
            RuntimeMissingError: What runs them is not installed.
            PackDamagedError: A file is missing.
            EngineError: A file is no such network.
        """
        self._mel = open_session(mel, runtime)
        self._embedding = open_session(embedding, runtime)
        silence = self._mel_frames(np.zeros(_STEP_SAMPLES + _OVERLAP_SAMPLES, np.float32))
        if silence.ndim != 2 or silence.shape[1] != _MEL_BANDS:
            raise EngineError(
                f"{mel} is no openWakeWord mel spectrogram: it gives {list(silence.shape)} instead of "
                f"[8, {_MEL_BANDS}]"
            )
        self._silent_frames = np.tile(silence, (-(-_MEL_FRAMES // len(silence)), 1))[-_MEL_FRAMES:]
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._pcm = bytes(_OVERLAP_SAMPLES * 2)
        self._frames = self._silent_frames

    def of_silence(self) -> NDArray[np.float32]:
        """What endless silence gives: ``float32[96]``."""
        return self._embedded(self._silent_frames)

    def accept(self, hop: bytes) -> NDArray[np.float32] | None:
        """Take 160 samples of int16 little-endian; with every eighth hop give the last 775 ms' embedding.

        Returns:
            ``float32[96]``, None between.

        Raises:
            EngineError: A network failed.
        """
        self._pcm += hop
        if len(self._pcm) < (_STEP_SAMPLES + _OVERLAP_SAMPLES) * 2:
            return None
        # The spectrogram was trained on sound in int16's range.
        sound = np.frombuffer(self._pcm, "<i2").astype(np.float32)
        self._pcm = self._pcm[-_OVERLAP_SAMPLES * 2 :]
        self._frames = np.concatenate([self._frames, self._mel_frames(sound)])[-_MEL_FRAMES:]
        return self._embedded(self._frames)

    def _mel_frames(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        given = only_output(self._mel, sound[np.newaxis])
        # What the embedding network was trained on.
        return (given.reshape(-1, given.shape[-1]) / 10 + 2).astype(np.float32)

    def _embedded(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        image = np.ascontiguousarray(frames[np.newaxis, :, :, np.newaxis])
        given = only_output(self._embedding, image).ravel()
        if given.size != EMBEDDING_SIZE:
            raise EngineError(
                f"the embedding network gives {given.size} numbers instead of {EMBEDDING_SIZE}: "
                "take that of the pack speech-embedding"
            )
        return given


def only_output(session: Session, values: NDArray[np.float32]) -> Array:
    """Run a network of one input and one output on the one, and give the other."""
    given = session.run(None, {session.input_names[0]: values})
    return given[session.output_names[0]]
