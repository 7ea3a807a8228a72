"""The sound borders that the configuration names."""

from __future__ import annotations

import sys

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.audio.stdin_source import StdinSource
from nearfield_edge.configuration import AudioSection
from nearfield_edge.errors import ConfigurationError


def open_borders(audio: AudioSection, time: PlaybackClock) -> tuple[AudioSource, AudioSink]:
    """Open the source and the sink.

    Raises:
        SourceError: Sound cannot be had.
        SinkError: Sound cannot be played.
        ConfigurationError: The two do not go together.
    """
    source: AudioSource = StdinSource(
        sys.stdin.buffer,
        rate_hz=audio.stdin.rate_hz,
        channels=audio.stdin.channels,
        width_bits=audio.stdin.bits,
    )
    return source, PacedSink(time)
