"""The sound borders that the configuration names, and a page's beside them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.live import PolledSound
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.reference import PlaybackReference
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.audio.socket_sound import AHEAD_MS, SocketSound
from nearfield_edge.audio.sound_card import SoundCard
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.audio.switched import SwitchedSink, SwitchedSource
from nearfield_edge.configuration import AudioSection, WebSocketSection
from nearfield_edge.errors import ConfigurationError, SinkError, SourceError
from nearfield_edge.page.messages import Microphone
from nearfield_sync.telemetry import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Where sound comes from and goes to."""

    source: AudioSource
    sink: AudioSink
    own_microphone: bool
    """Whether there is one besides a page's."""
    hears_itself: bool
    """Whether that may hear what the device says."""
    line: SocketSound | None = None
    """Where a page's sound comes in; None where nothing but the source is listened to."""

    @property
    def microphone(self) -> Microphone:
        """Which one is listened to now."""
        if self.line is not None and self.line.connected:
            return "page"
        return "device" if self.own_microphone else "none"

    async def close(self) -> None:
        """Let go of everything; a second time does nothing."""
        await self.source.close()
        await self.sink.close()


class _PolledSource(PolledSound, AudioSource, Protocol):
    """Live sound that is followed alone, or switched with a page's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What the device has without a page; no loudspeaker means a sink that only keeps time."""

    source: _PolledSource | None
    sink: AudioSink
    loudspeaker: bool


async def open_borders(
    audio: AudioSection,
    time: PlaybackClock,
    reference: PlaybackReference | None = None,
    *,
    line: SocketSound | None = None,
) -> Borders:
    """Open the source and the sink, which tells the reference what it plays.

    Args:
        audio: The configuration.
        time: Paces live sound and replies.
        reference: Of echo cancellation.
        line: Where a page's sound comes in; None where there is no page.

    Raises:
        SourceError: Sound cannot be had.
        SinkError: Sound cannot be played.
        ConfigurationError: The two do not go together, or the token cannot be read.
    """
    _refuse_what_does_not_fit(audio, with_page=line is not None)
    if audio.source == "stdin":
        sink = PacedSink(time) if audio.sink == "none" else _speaker(audio, time, _sound_card(), reference)
        return Borders(
            source=_stdin(audio, time), sink=sink, own_microphone=True, hears_itself=audio.sink != "none"
        )
    if audio.source == "websocket":
        own = await _web_socket(audio, time, reference)
    elif audio.source == "microphone" or audio.sink == "speaker":
        own = _by_card(audio, time, reference, with_page=line is not None)
    else:
        own = _Own(source=None, sink=PacedSink(time), loudspeaker=False)
    if line is not None:
        return Borders(
            source=SwitchedSource(own.source, line, time),
            sink=SwitchedSink(own.sink, line, time),
            own_microphone=own.source is not None,
            hears_itself=own.source is not None and own.loudspeaker,
            line=line,
        )
    if own.source is None:
        raise SourceError("the device's page cannot be served, and there is no other source of sound")
    return Borders(source=own.source, sink=own.sink, own_microphone=True, hears_itself=own.loudspeaker)


def _refuse_what_does_not_fit(audio: AudioSection, *, with_page: bool) -> None:
    if audio.sink == "websocket" and audio.source != "websocket":
        raise ConfigurationError(
            'audio.sink = "websocket" needs audio.source = "websocket": they share a client'
        )
    if audio.source == "websocket" and audio.sink == "speaker":
        raise ConfigurationError(
            'audio.source = "websocket" goes with audio.sink = "websocket", "page" or "none"'
        )
    if audio.source == "stdin" and audio.sink == "page":
        raise ConfigurationError(
            'audio.source = "stdin" leaves no microphone to a page: not with sink "page"'
        )
    if "page" in (audio.source, audio.sink) and not with_page:
        raise SourceError('audio.source or audio.sink is "page", and the device has no page here')


def _stdin(audio: AudioSection, time: PlaybackClock) -> AudioSource:
    from nearfield_edge.audio.stdin_source import StdinSource

    stdin = audio.stdin
    # Unbuffered: the source reads the descriptor itself.
    raw = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
    return StdinSource(raw, rate_hz=stdin.rate_hz, channels=stdin.channels, width_bits=stdin.bits, pace=time)


def _by_card(
    audio: AudioSection, time: PlaybackClock, reference: PlaybackReference | None, *, with_page: bool
) -> _Own:
    """Microphone and loudspeaker; where there is none and none is named, a page stands in."""
    from nearfield_edge.audio.device import Microphone

    log: Log = structlog.get_logger()
    try:
        # One for both: looking for new devices restarts PortAudio under whoever else uses it.
        card = _sound_card()
    except SourceError as error:
        if not with_page or audio.microphone is not None:
            raise
        log.warning("no_sound_card", reason=str(error), instead="a page in a browser")
        return _Own(source=None, sink=PacedSink(time), loudspeaker=False)
    source = None
    if audio.source == "microphone":
        try:
            source = Microphone(audio.microphone, clock=time, card=card)
        except SourceError as error:
            if not with_page or audio.microphone is not None:
                raise
            log.warning("no_microphone", reason=str(error), instead="a page in a browser")
    loudspeaker = audio.sink == "speaker" and (source is not None or _plays(card, audio.speaker, log))
    sink = _speaker(audio, time, card, reference) if loudspeaker else PacedSink(time)
    return _Own(source=source, sink=sink, loudspeaker=loudspeaker)


def _sound_card() -> SoundCard:
    from nearfield_edge.audio.sound_card import PortAudioCard

    return PortAudioCard()


def _plays(card: SoundCard, name: str | None, log: Log) -> bool:
    """Whether there is a loudspeaker; a named one must be."""
    try:
        card.open_output(name).close()
    except SinkError as error:
        if name is not None:
            raise
        log.warning("no_loudspeaker", reason=str(error), instead="a page in a browser")
        return False
    return True


def _speaker(
    audio: AudioSection, time: PlaybackClock, card: SoundCard, reference: PlaybackReference | None
) -> AudioSink:
    from nearfield_edge.audio.device import Speaker

    return Speaker(audio.speaker, clock=time, card=card, reference=reference)


async def _web_socket(audio: AudioSection, time: PlaybackClock, reference: PlaybackReference | None) -> _Own:
    from nearfield_edge.audio.websocket_source import WebSocketAudio, WebSocketSettings

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
    if audio.sink != "websocket":
        return _Own(source=both, sink=PacedSink(time), loudspeaker=False)
    sink = PacedSink(time, both, ahead_ms=AHEAD_MS, reference=reference)
    return _Own(source=both, sink=sink, loudspeaker=True)


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
