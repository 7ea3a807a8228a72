"""WebRTC's audio processing, as the ``livekit`` wheel brings it: echo canceller and noise suppression.

Only the processing is used. The library starts threads of its own, which open no connection: the test of the
restricted site runs it.

Source: WebRTC's AudioProcessing (AEC3), behind livekit's ``rtc.AudioProcessingModule``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples, to_bytes

if TYPE_CHECKING:
    from livekit import rtc


class WebRtcSuppressor:
    """Turns down what is left of the echo, and steady noise."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            RuntimeMissingError: ``livekit`` is not installed.
        """
        try:
            from livekit import rtc
        except (ImportError, OSError) as error:
            raise RuntimeMissingError(
                "livekit is not installed: install the extra with `pip install 'nearfield[echo]'`"
            ) from error
        self._library = rtc
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._module = self._library.AudioProcessingModule(
            echo_cancellation=True, noise_suppression=True, high_pass_filter=True, auto_gain_control=False
        )

    def accept(self, microphone: Samples, reference: Samples) -> Samples:
        """Give ``float32[160]`` for ``float32[160]`` of each, the reference as late as it is heard.

        Raises:
            EngineError: The library refused the sound.
        """
        played, heard = self._frame(reference), self._frame(microphone)
        try:
            self._module.process_reverse_stream(played)
            self._module.set_stream_delay_ms(0)
            self._module.process_stream(heard)
        except RuntimeError as error:
            raise EngineError(f"WebRTC's audio processing failed: {error}") from error
        return np.frombuffer(heard.data, dtype="<i2").astype(np.float32) / 32768.0

    def _frame(self, samples: Samples) -> rtc.AudioFrame:
        return self._library.AudioFrame(to_bytes(samples), SAMPLE_RATE_HZ, 1, HOP_SAMPLES)
