"""Whether the loudspeaker's echo is taken out of the microphone's sound, and why not where it is not."""

from __future__ import annotations

import structlog

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.reference import PlaybackReference, ReferenceReader
from nearfield_edge.cleaning import MicrophoneCleaning
from nearfield_edge.composition.surroundings import Surroundings
from nearfield_models.errors import RuntimeMissingError
from nearfield_sync.telemetry import Log


def microphone_cleaning(
    place: Surroundings, reference: PlaybackReference, time: PlaybackClock, *, loudspeaker: bool
) -> MicrophoneCleaning | None:
    """What cleans the microphone's sound; None where nothing does.

    Args:
        place: With the configuration, which may leave the choice to what is there.
        reference: What the sink tells.
        time: The sink's clock.
        loudspeaker: Whether anything is heard of the sink at all.

    Raises:
        RuntimeMissingError: Cancelling is asked for by name, and the extra ``echo`` is not installed.
    """
    wanted = place.configuration.front_end.echo
    if wanted == "none" or (wanted == "auto" and not loudspeaker):
        return None
    from nearfield_models.frontend.cancelling import EchoCancellingFrontEnd

    try:
        front_end = EchoCancellingFrontEnd()
    except RuntimeMissingError as error:
        if wanted == "cancel":
            raise
        log: Log = structlog.get_logger()
        log.info("echo_not_cancelled", reason=str(error))
        return None
    return MicrophoneCleaning(front_end, ReferenceReader(reference, time), place.counters)
