"""Opus for voice: mono, 24 kbit/s, 20 ms packets, with what helps against loss.

aiortc's own encoder is fixed at stereo and 96 kbit/s; a track may give it finished packets instead, and ours
does (`VoiceTrack`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from av import AudioFrame, CodecContext
from av.audio.codeccontext import AudioCodecContext

from nearfield_cloud.errors import SoundError
from nearfield_models.pcm import Samples, to_bytes
from nearfield_models.resampling import StreamResampler

PACKET_MS: Final = 20
_RATE_HZ: Final = 24_000
_PACKET_SAMPLES: Final = _RATE_HZ * PACKET_MS // 1000
_TAIL_PACKETS: Final = 6
"""Silence behind an answer, which pushes its end through the buffers of receivers that wait for more."""


class OpusWriter:
    """Turns ``float32[n]`` at the voice's rate into packets of 20 ms."""

    def __init__(self, from_hz: int, *, bits_per_second: int) -> None:
        """Begin a stream.

        Raises:
            SoundError: There is no Opus encoder on this machine.
        """
        self._resampler = StreamResampler(from_hz, _RATE_HZ)
        codec = CodecContext.create("libopus", "w")
        if not isinstance(codec, AudioCodecContext):
            raise SoundError("there is no Opus encoder on this machine")
        codec.sample_rate = _RATE_HZ
        codec.layout = "mono"
        codec.format = "s16"
        codec.bit_rate = bits_per_second
        codec.time_base = Fraction(1, _RATE_HZ)
        codec.options = {"application": "voip", "frame_duration": "20", "fec": "1", "packet_loss": "5"}
        self._codec = codec
        self._rest = np.zeros(0, np.float32)
        self._encoded = 0

    def accept(self, samples: Samples) -> list[bytes]:
        """Take sound and give the packets that are ready."""
        return self._packets(self._resampler.accept(samples))

    def finish(self) -> list[bytes]:
        """Give the rest and a little silence; the stream is over."""
        rest = self._resampler.finish()
        missing = -(self._rest.size + rest.size) % _PACKET_SAMPLES
        silence = np.zeros(missing + _TAIL_PACKETS * _PACKET_SAMPLES, np.float32)
        packets = self._packets(np.concatenate((rest, silence)))
        return packets + [bytes(packet) for packet in self._codec.encode(None)]

    def _packets(self, samples: Samples) -> list[bytes]:
        sound = np.concatenate((self._rest, samples))
        whole = sound.size - sound.size % _PACKET_SAMPLES
        self._rest = sound[whole:].copy()
        packets: list[bytes] = []
        for begin in range(0, whole, _PACKET_SAMPLES):
            pcm = np.frombuffer(to_bytes(sound[begin : begin + _PACKET_SAMPLES]), "<i2").reshape(1, -1)
            frame = AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate = _RATE_HZ
            frame.pts = self._encoded
            frame.time_base = Fraction(1, _RATE_HZ)
            self._encoded += _PACKET_SAMPLES
            packets += [bytes(packet) for packet in self._codec.encode(frame)]
        return packets
