"""The seam of the front end: two signals out of the microphone and what is being played.

Contract for implementers: fed 10 ms hops in order, the microphone's and the samples that were handed to the
loudspeaker for the same positions (silence where nothing plays). How much later they come back is the front
end's business to find out, and so is a loudspeaker's clock that runs a little faster or slower. Both signals
have the microphone's positions: none is delayed by as much as a hop. ``reset`` forgets all sound and
everything that was learnt of the room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEndCapabilities:
    """What a front end does."""

    cancels_echo: bool
    """Whether somebody can be heard while the loudspeaker plays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedHop:
    """10 ms of both signals, each ``float32[160]``."""

    suppressed: Samples
    """For wake words, voice detection and interruptions: all that is not near speech is turned down, whatever
    that does to speech."""
    recogniser: Samples
    """For the recogniser: only what a linear filter explains by the loudspeaker is taken away."""


class FrontEnd(Protocol):
    """Makes two signals of one microphone."""

    @property
    def capabilities(self) -> FrontEndCapabilities:
        """What this one can do."""
        ...

    def accept(self, microphone: Samples, reference: Samples) -> CleanedHop:
        """Take ``float32[160]`` of each and give both signals for the same 10 ms.

        Raises:
            EngineError: A library failed, or a hop has another length.
        """
        ...

    def reset(self) -> None:
        """Forget everything heard."""
        ...
