"""Speech put together from pieces: phrases of a voice, silences, recordings, and marks between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.pieces import Mark, Piece, Silence, Sound, Utterance

_CHUNK_MS: Final = 500
_LOUD: Final = 0.8
"""Above this a louder sound is rounded off instead of cut."""


class SoundSource(Protocol):
    """Knows recordings by name; what a name means, and whether it is a file, is the caller's affair."""

    def __call__(self, source: str, rate_hz: int) -> Samples | None:
        """Give a recording as ``float32[n]`` in -1..1 at ``rate_hz``, or None where there is none.

        Raises:
            AudioFormatError: The recording cannot be read.
        """
        ...


def no_sounds(source: str, rate_hz: int) -> Samples | None:
    """Know no recording."""
    return None


def speak(
    voice: TtsEngine,
    pieces: Sequence[Piece],
    *,
    sounds: SoundSource = no_sounds,
    on_mark: Callable[[str, int], None] | None = None,
    cancellation: Cancellation | None = None,
) -> Iterator[Samples]:
    """Yield ``float32[n]`` chunks at the voice's rate; the first comes as soon as the voice gives it.

    Args:
        voice: Speaks the phrases.
        pieces: What to put together, in order.
        sounds: Knows the recordings.
        on_mark: Called with a mark's name and the number of samples before it, when the chunks before it
            have been asked for.
        cancellation: Stops before the next chunk.

    Raises:
        EngineError: The voice failed.
        AudioFormatError: A recording cannot be read.
        CancelledWorkError: ``cancellation`` was set.
    """
    cancellation = cancellation or Cancellation()
    at = 0
    for piece in pieces:
        if isinstance(piece, Mark):
            if on_mark is not None:
                on_mark(piece.name, at)
            continue
        for chunk in _sounding(voice, piece, sounds, on_mark, at, cancellation):
            at += chunk.size
            yield chunk


def _sounding(
    voice: TtsEngine,
    piece: Utterance | Silence | Sound,
    sounds: SoundSource,
    on_mark: Callable[[str, int], None] | None,
    at: int,
    cancellation: Cancellation,
) -> Iterator[Samples]:
    rate_hz = voice.capabilities.sample_rate_hz
    if isinstance(piece, Utterance):
        for chunk in voice.synthesise(piece.phrase, cancellation=cancellation):
            yield louder(chunk, piece.gain)
    elif isinstance(piece, Silence):
        silence: Samples = np.zeros(piece.duration_ms * rate_hz // 1000, np.float32)
        yield from _in_chunks(silence, rate_hz, cancellation)
    else:
        recording = sounds(piece.source, rate_hz)
        if recording is not None:
            yield from _in_chunks(louder(recording, piece.gain), rate_hz, cancellation)
            return
        yield from speak(
            voice,
            piece.instead,
            sounds=sounds,
            on_mark=None if on_mark is None else lambda name, inside: on_mark(name, at + inside),
            cancellation=cancellation,
        )


def louder(sound: Samples, gain: float) -> Samples:
    """Multiply a sound; where that would leave -1..1 it is rounded off."""
    if gain == 1.0:
        return sound
    scaled: Samples = sound * np.float32(gain)
    if gain < 1.0:
        return scaled
    excess = np.maximum(np.abs(scaled) - _LOUD, 0.0)
    rounded = np.minimum(np.abs(scaled), _LOUD) + (1 - _LOUD) * np.tanh(excess / (1 - _LOUD))
    return np.copysign(rounded, scaled).astype(np.float32)


def _in_chunks(sound: Samples, rate_hz: int, cancellation: Cancellation) -> Iterator[Samples]:
    step = rate_hz * _CHUNK_MS // 1000
    for begin in range(0, sound.size, step):
        cancellation.check()
        yield sound[begin : begin + step]
