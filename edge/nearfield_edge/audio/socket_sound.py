"""The sound of one client at the other end of a socket, whichever kind of socket carries it.

It comes as binary messages of interleaved little-endian PCM. A reply goes back as binary messages (16 kHz,
mono, int16) between the JSON messages ``{"type": "speech.started", "rate_hz": 16000}`` and ``speech.ended``,
or ``speech.stopped``: what the client has not played by then it should drop, and fade out over some 5 ms, so
that it does not click.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

import numpy as np

from nearfield_edge.audio.live import Gap
from nearfield_edge.audio.ring import CaptureRing
from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples, to_bytes
from nearfield_models.resampling import PcmDecoder

AHEAD_MS: Final = 200
"""How much sooner than heard the reply is sent, so that the client has it in time."""
SPEECH_STOPPED: Final = json.dumps({"type": "speech.stopped"})
_SPEECH_ENDED: Final = json.dumps({"type": "speech.ended"})
_SPEECH_STARTED: Final = json.dumps({"type": "speech.started", "rate_hz": SAMPLE_RATE_HZ})
_FORMAT_KEYS: Final = ("rate_hz", "channels", "bits")
_SMALL_NUMBER: Final = re.compile(r"[0-9]{1,6}")

Send = Callable[[str | bytes], Awaitable[None]]
"""Hands one message to the client; does nothing where it has gone."""


def named_format(query: str, *, rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> PcmDecoder:
    """What reads the sound of a client that named its format in a URL's query.

    Args:
        query: ``rate_hz=48000&channels=1&bits=16``; each may be absent.
        rate_hz: Where it is.
        channels: Likewise; bits are then 16.

    Raises:
        AudioFormatError: It names something else, or what cannot be converted.
    """
    given = dict(parse_qsl(query, keep_blank_values=True))
    if given.keys() - set(_FORMAT_KEYS) or not all(map(_SMALL_NUMBER.fullmatch, given.values())):
        raise AudioFormatError(f"the format is given by {', '.join(_FORMAT_KEYS)}, each a whole number")
    return PcmDecoder(
        rate_hz=int(given.get("rate_hz", rate_hz)),
        channels=int(given.get("channels", channels)),
        width_bits=int(given.get("bits", 16)),
    )


class SocketSound:
    """Sound that is polled, and an outlet, which together with a `PacedSink` ahead by ``AHEAD_MS`` is a sink.

    One client at a time; while there is none, there is no sound, and replies go nowhere.
    """

    def __init__(self, queue_ms: int = 2_000) -> None:
        """Prepare.

        Args:
            queue_ms: Sound received but not taken; what is beyond overwrites the oldest, counted as lost.
        """
        self._ring = CaptureRing(queue_ms * SAMPLES_PER_MS)
        self._decoder: PcmDecoder | None = None
        self._send: Send | None = None
        self._muted = False

    @property
    def connected(self) -> bool:
        """Whether there is a client."""
        return self._decoder is not None

    @property
    def lost_samples(self) -> int:
        """Samples that were overwritten before they were taken."""
        return self._ring.lost

    @property
    def muted(self) -> bool:
        """Whether no sound is taken in."""
        return self._muted

    def connect(self, decoder: PcmDecoder, send: Send) -> None:
        """Take sound from a client; the caller has made sure that there is no other."""
        self._decoder, self._send = decoder, send

    def accept(self, message: bytes) -> None:
        """Take a message of it."""
        if self._decoder is not None:
            self._take(self._decoder.accept(message))

    def disconnect(self) -> None:
        """The client has gone."""
        if self._decoder is not None:
            self._take(self._decoder.finish())
        self._decoder = self._send = None

    async def poll(self) -> Samples | Gap:
        """What has come since it was last asked, ``float32[n]`` at 16 kHz; see `PolledSound`."""
        pcm = self._ring.take()
        if len(pcm):
            return pcm[:, 0].astype(np.float32) / 32768.0
        if self._muted or not self.connected:
            return Gap.ABSENT
        return np.zeros(0, np.float32)

    def drop(self) -> None:
        """Forget what came and was not taken."""
        self._ring.drop()

    def mute(self) -> None:
        """Drop what comes, now."""
        self._muted = True
        self._ring.drop()

    def unmute(self) -> None:
        """Take in sound again."""
        self._muted = False

    async def begin(self) -> None:
        """Announce a reply."""
        await self._hand_over(_SPEECH_STARTED)

    async def write(self, at: int, samples: Samples) -> None:
        """Send up to 10 ms of it."""
        del at
        await self._hand_over(to_bytes(samples))

    async def end(self, *, stopped: bool) -> None:
        """Say that it is over, or that the rest is not wanted."""
        await self._hand_over(SPEECH_STOPPED if stopped else _SPEECH_ENDED)

    async def close(self) -> None:
        """Nothing is held: whoever brought the client sends it away."""

    async def _hand_over(self, message: str | bytes) -> None:
        if self._send is not None:  # where nobody listens, a reply takes its time all the same
            await self._send(message)

    def _take(self, samples: Samples) -> None:
        if not self._muted:
            self._ring.write(np.frombuffer(to_bytes(samples), np.int16).reshape(-1, 1))
