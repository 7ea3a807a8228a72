"""The part of a Piper voice that makes sound of frames, piece by piece: its flow and its vocoder.

Both are chains of convolutions that look a fixed number of frames to either side. So pieces that overlap by
as much equal the whole (within 1e-5), and the first is heard while the rest is not yet computed.

Source: jaywalnut310/vits (``ResidualCouplingBlock``, ``Generator``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import EngineError
from nearfield_models.pcm import Samples
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import InstalledPack

FRAME_SAMPLES: Final = 256
_VOCODER_REACH: Final = 12
"""Frames that the vocoder looks to either side, as the flow looks below."""
_FLOW_REACH: Final = 32
_FIRST_CHUNKS: Final = (24, 40)
"""Frames of the first chunks: early sound first, then ever less work done twice."""
_CHUNK: Final = 80
_FLOW_FRAMES: Final = 160
"""Frames that the flow is computed for at once, from the third chunk on."""


class PiperSound:
    """Makes sound of the frames of one sentence."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        """Load ``flow.onnx`` and ``vocoder.onnx``.

        Raises:
            EngineError: A part of the graph cannot be loaded.
            RuntimeMissingError: The runtime is not installed.
        """
        self._flow = open_session(pack.file("flow.onnx"), runtime)
        self._vocoder = open_session(pack.file("vocoder.onnx"), runtime)
        self._frames, self._mask = self._flow.input_names
        (self._latent,) = self._vocoder.input_names

    def chunks(self, frames: NDArray[np.float32], cancellation: Cancellation) -> Iterator[Samples]:
        """Yield the sound of ``float32[1, channels, frames]``, chunk by chunk.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        count = frames.shape[2]
        latent = np.empty_like(frames)
        known = 0
        for begin, end in chunks(count):
            cancellation.check()
            needed = min(end + _VOCODER_REACH, count)
            if needed > known:
                ahead = needed if begin < sum(_FIRST_CHUNKS) else max(needed, known + _FLOW_FRAMES)
                ahead = min(ahead, count)
                latent[:, :, known:ahead] = self.latent(frames, known, ahead)
                known = ahead
                cancellation.check()
            left = max(0, begin - _VOCODER_REACH)
            piece = self._vocoded(latent[:, :, left:needed])
            yield piece[(begin - left) * FRAME_SAMPLES : (end - left) * FRAME_SAMPLES]

    def whole(self, frames: NDArray[np.float32]) -> Samples:
        """Give the same sound in one piece.

        Raises:
            EngineError: The model failed.
        """
        return self._vocoded(self.latent(frames, 0, frames.shape[2]))

    def latent(self, frames: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
        """Give what the flow makes of the frames from ``begin`` to ``end``, for the vocoder.

        Raises:
            EngineError: The model failed.
        """
        left = max(0, begin - _FLOW_REACH)
        seen = np.ascontiguousarray(frames[:, :, left : end + _FLOW_REACH])
        feeds: dict[str, NDArray[Any]] = {
            self._frames: seen,
            self._mask: np.ones((1, 1, seen.shape[2]), np.float32),
        }
        return self._flow.run((self._latent,), feeds)[self._latent][:, :, begin - left : end - left]

    def _vocoded(self, latent: NDArray[np.float32]) -> Samples:
        (made,) = self._vocoder.run(None, {self._latent: np.ascontiguousarray(latent)}).values()
        sound: Samples = np.clip(made.ravel(), -1.0, 1.0)
        if sound.size != latent.shape[2] * FRAME_SAMPLES:
            raise EngineError(
                f"the voice's vocoder gave {sound.size} samples for {latent.shape[2]} frames: "
                f"expected {FRAME_SAMPLES} a frame"
            )
        return sound


def chunks(frames: int) -> Iterator[tuple[int, int]]:
    """Yield where the chunks of a sentence begin and end, in frames."""
    begin = 0
    for length in _FIRST_CHUNKS:
        if begin < frames:
            yield begin, min(begin + length, frames)
            begin += length
    for start in range(begin, frames, _CHUNK):
        yield start, min(start + _CHUNK, frames)


def first_frames() -> int:
    """How many frames the flow is computed for before the first sound of a longer sentence."""
    return _FIRST_CHUNKS[0] + _VOCODER_REACH
