"""The front end of a device with a loudspeaker.

The linear canceller's output is the recogniser's signal. The other signal goes on from there: WebRTC's
canceller and noise suppression, which find little left to do and so do little harm to near speech, and a gate
that is closed while nothing but the rest of the echo is there. Before the delay of the echo is found, nobody
can be heard over the loudspeaker in it.

While nothing has been played for a while, both signals are the microphone's as it is, at no cost: what is
known of wake words and voice detection then holds.
"""

from __future__ import annotations

from typing import Final

from nearfield_models.errors import EngineError
from nearfield_models.frontend.aligned import AlignedCanceller
from nearfield_models.frontend.delay import LONGEST_DELAY_MS
from nearfield_models.frontend.engine import CleanedHop, FrontEndCapabilities
from nearfield_models.frontend.gate import ResidualGate
from nearfield_models.frontend.webrtc import WebRtcSuppressor
from nearfield_models.pcm import HOP_MS, HOP_SAMPLES, Samples

_LEARNING_HOPS: Final = 100
"""Of played sound after the delay is found, until the echo path is known well enough."""
_UNHEARD_HOPS: Final = 500
"""Of played sound without finding a delay, until it is taken that the microphone does not hear it."""
_LONGEST_ECHO_HOPS: Final = LONGEST_DELAY_MS // HOP_MS + 30
"""After the last sound until nothing of it is heard."""
_SILENT_POWER: Final = 1e-7
"""-70 dBFS."""


class EchoCancellingFrontEnd:
    """Two signals of one microphone beside one loudspeaker."""

    def __init__(self) -> None:
        """Prepare.

        Raises:
            RuntimeMissingError: ``livekit`` is not installed.
        """
        self._suppressor = WebRtcSuppressor()
        self._canceller = AlignedCanceller()
        self._gate = ResidualGate()
        self._learnt_hops, self._unheard_hops = 0, 0
        self._quiet_hops = _LONGEST_ECHO_HOPS

    @property
    def capabilities(self) -> FrontEndCapabilities:
        """Somebody can be heard while the loudspeaker plays."""
        return FrontEndCapabilities(cancels_echo=True)

    @property
    def delay_samples(self) -> float | None:
        """At which sound comes back; None until it is found."""
        return self._canceller.delay_samples

    @property
    def drift_ppm(self) -> float:
        """By how much the loudspeaker's clock runs faster than the microphone's, as far as is known."""
        return self._canceller.drift_ppm

    def reset(self) -> None:
        """Forget everything heard, and the room."""
        self._suppressor.reset()
        self._canceller.reset()
        self._gate.reset()
        self._learnt_hops, self._unheard_hops = 0, 0
        self._quiet_hops = _LONGEST_ECHO_HOPS

    def accept(self, microphone: Samples, reference: Samples) -> CleanedHop:
        """Take ``float32[160]`` of each and give both signals for the same 10 ms.

        Raises:
            EngineError: The library failed, or a hop has another length.
        """
        if microphone.shape != (HOP_SAMPLES,) or reference.shape != (HOP_SAMPLES,):
            shapes = f"{microphone.shape} and {reference.shape}"
            raise EngineError(
                f"hops of shape {shapes} were given to the front end: expected ({HOP_SAMPLES},)"
            )
        self._quiet_hops = self._quiet_hops + 1 if _is_silent(reference) else 0
        if self._quiet_hops > _LONGEST_ECHO_HOPS:
            self._canceller.skip()
            return CleanedHop(suppressed=microphone, recogniser=microphone)
        cleaned, late = self._canceller.accept(microphone, reference)
        suppressed = self._suppressor.accept(cleaned, late)
        self._learn(late)
        gated = self._gate.accept(
            suppressed, echo=microphone - cleaned, cleaned=cleaned, may_open=self._is_known
        )
        return CleanedHop(suppressed=gated, recogniser=cleaned)

    @property
    def _is_known(self) -> bool:
        if self._canceller.delay_samples is None:
            return self._unheard_hops >= _UNHEARD_HOPS  # there is no echo to speak of: headphones
        return self._learnt_hops >= _LEARNING_HOPS

    def _learn(self, late: Samples) -> None:
        if self._canceller.delay_samples is None:
            self._unheard_hops += not _is_silent(late)
        elif not self._is_known:
            self._learnt_hops += not _is_silent(late)


def _is_silent(samples: Samples) -> bool:
    return float(samples @ samples) < _SILENT_POWER * HOP_SAMPLES
