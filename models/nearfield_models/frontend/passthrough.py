"""No front end: for devices without a loudspeaker, and for microphones that cancel the echo themselves."""

from __future__ import annotations

from nearfield_models.frontend.engine import CleanedHop, FrontEndCapabilities
from nearfield_models.pcm import Samples


class Passthrough:
    """Both signals are the microphone's."""

    @property
    def capabilities(self) -> FrontEndCapabilities:
        """Nothing."""
        return FrontEndCapabilities(cancels_echo=False)

    def accept(self, microphone: Samples, reference: Samples) -> CleanedHop:
        """Give the microphone's ``float32[160]`` twice."""
        del reference
        return CleanedHop(suppressed=microphone, recogniser=microphone)

    def reset(self) -> None:
        """Nothing is remembered."""
