"""The sound borders that the configuration names."""

from __future__ import annotations

import sys
from pathlib import Path

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.reference import PlaybackReference
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.audio.sound_card import SoundCard
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.configuration import AudioSection, WebSocketSection
from nearfield_edge.errors import ConfigurationError


async def open_borders(
    audio: AudioSection, time: PlaybackClock, reference: PlaybackReference | None = None
) -> tuple[AudioSource, AudioSink]:
    """Open the source and the sink, which tells the reference what it plays.

    Raises:
        SourceError: Sound cannot be had.
        SinkError: Sound cannot be played.
        ConfigurationError: The two do not go together, or the token cannot be read.
    """
    if audio.source == "websocket":
        return await _web_socket(audio, time, reference)
    if audio.sink == "websocket":
        raise ConfigurationError(
            'audio.sink = "websocket" needs audio.source = "websocket": they share a client'
        )
    card: SoundCard | None = None
    if audio.source == "microphone" or audio.sink == "speaker":
        # One for both: looking for new devices restarts PortAudio under whoever else uses it.
        from nearfield_edge.audio.sound_card import PortAudioCard

        card = PortAudioCard()
    return _source(audio, time, card), _sink(audio, time, card, reference)


def _source(audio: AudioSection, time: PlaybackClock, card: SoundCard | None) -> AudioSource:
    if audio.source == "stdin":
        from nearfield_edge.audio.stdin_source import StdinSource

        stdin = audio.stdin
        # Unbuffered: the source reads the descriptor itself.
        raw = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
        return StdinSource(
            raw, rate_hz=stdin.rate_hz, channels=stdin.channels, width_bits=stdin.bits, pace=time
        )
    from nearfield_edge.audio.device import Microphone

    return Microphone(audio.microphone, clock=time, card=card)


def _sink(
    audio: AudioSection, time: PlaybackClock, card: SoundCard | None, reference: PlaybackReference | None
) -> AudioSink:
    if audio.sink == "none":
        return PacedSink(time)
    from nearfield_edge.audio.device import Speaker

    return Speaker(audio.speaker, clock=time, card=card, reference=reference)


async def _web_socket(
    audio: AudioSection, time: PlaybackClock, reference: PlaybackReference | None
) -> tuple[AudioSource, AudioSink]:
    from nearfield_edge.audio.websocket_source import AHEAD_MS, WebSocketAudio, WebSocketSettings

    if audio.sink == "speaker":
        raise ConfigurationError('audio.source = "websocket" goes with audio.sink = "websocket" or "none"')
    given = audio.websocket
    settings = WebSocketSettings(
        token=_token(given),
        host=given.host,
        port=given.port,
        rate_hz=given.rate_hz,
        channels=given.channels,
    )
    both = WebSocketAudio(settings, time)
    await both.start()
    if audio.sink == "none":
        return both, PacedSink(time)
    return both, PacedSink(time, both, ahead_ms=AHEAD_MS, reference=reference)


def _token(given: WebSocketSection) -> str:
    if given.token_file is None:
        raise ConfigurationError(
            "audio.websocket.token_file is missing: name a file whose first line is the clients' bearer token"
        )
    return _first_line(given.token_file)


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"audio.websocket.token_file {path} cannot be read: {error}") from error
