"""The sound formats of Realtime events: to 16 kHz for the ears, from the voice's rate for the client."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import numpy as np
from av import AudioFrame, CodecContext
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet

from nearfield_cloud.errors import SoundError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples, to_bytes, to_float
from nearfield_models.resampling import StreamResampler
from nearfield_sync.messages.realtime.session import AudioFormat

_PCM_HZ: Final = 24_000
_G711_HZ: Final = 8_000
_CODECS: Final = {"audio/pcmu": "pcm_mulaw", "audio/pcma": "pcm_alaw"}


def from_base64(audio: str) -> bytes:
    """Give the bytes.

    Raises:
        SoundError: It is no base64.
    """
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SoundError(f"the sound of an event is no base64: {error}") from error


class SoundReader:
    """Turns a client's bytes into ``float32[n]`` at 16 kHz, wherever they were cut."""

    def __init__(self, format: AudioFormat) -> None:  # noqa: A002 - the protocol's word
        self._codec = _codec(format, "r")
        self._resampler = StreamResampler(_PCM_HZ if self._codec is None else _G711_HZ)
        self._kept = b""

    def accept(self, raw: bytes) -> Samples:
        """Take bytes and give what is ready."""
        if self._codec is not None:
            return self._resampler.accept(_decoded(self._codec, raw))
        raw = self._kept + raw
        whole = len(raw) - len(raw) % 2
        self._kept = raw[whole:]
        return self._resampler.accept(to_float(raw[:whole]))


class SoundWriter:
    """Turns ``float32[n]`` at the voice's rate into base64 of a client's format."""

    def __init__(self, format: AudioFormat, from_hz: int) -> None:  # noqa: A002 - the protocol's word
        self._codec = _codec(format, "w")
        self._resampler = StreamResampler(from_hz, _PCM_HZ if self._codec is None else _G711_HZ)

    def accept(self, samples: Samples) -> str:
        """Take sound and give what is ready; may be empty."""
        return self._written(self._resampler.accept(samples))

    def finish(self) -> str:
        """Give the rest."""
        return self._written(self._resampler.finish())

    def _written(self, samples: Samples) -> str:
        if not samples.size:
            return ""
        pcm = to_bytes(samples)
        raw = pcm if self._codec is None else _encoded(self._codec, pcm)
        return base64.b64encode(raw).decode("ascii")


def _codec(format: AudioFormat, mode: str) -> AudioCodecContext | None:  # noqa: A002 - the protocol's word
    name = _CODECS.get(format.type)
    if name is None:
        return None
    codec = CodecContext.create(name, "r" if mode == "r" else "w")
    if not isinstance(codec, AudioCodecContext):
        raise SoundError(f"there is no codec for {format.type} on this machine")
    codec.layout = "mono"
    codec.sample_rate = _G711_HZ
    codec.format = "s16"
    return codec


def _decoded(codec: AudioCodecContext, raw: bytes) -> Samples:
    if not raw:
        return np.zeros(0, np.float32)
    frames = codec.decode(Packet(raw))
    return np.concatenate([to_float(frame.to_ndarray().tobytes()) for frame in frames])


def _encoded(codec: AudioCodecContext, pcm: bytes) -> bytes:
    frame = AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = _G711_HZ
    return b"".join(bytes(packet) for packet in codec.encode(frame))


class TrackReader:
    """Turns frames of a track, as WebRTC gives them, into ``float32[n]`` at 16 kHz."""

    def __init__(self) -> None:
        self._resampler: StreamResampler | None = None
        self._rate_hz = 0

    def accept(self, frame: AudioFrame) -> Samples:
        """Take one frame.

        Raises:
            SoundError: It is of another sample format than decoders of calls give.
        """
        if frame.format.name != "s16":
            raise SoundError(f"a frame of {frame.format.name}: expected s16")
        if self._resampler is None or frame.sample_rate != self._rate_hz:
            self._rate_hz = frame.sample_rate
            self._resampler = StreamResampler(frame.sample_rate, SAMPLE_RATE_HZ)
        channels = len(frame.layout.channels)
        sound = frame.to_ndarray().reshape(-1, channels).astype(np.float32) / 32768.0
        return self._resampler.accept(sound.mean(axis=1, dtype=np.float32))
