"""Piper voices, streamed: a graph gives a sentence's frames, and ``piper_sound`` makes them sound.

A Piper graph draws noise inside, so its melody differs a little from call to call. The build step of its pack
gives the noise a seed: a voice that is loaded anew says the same texts in the same way, and one with
``VoiceScales`` of no noise gives the same sound at every call.

Source: OHF-Voice/piper1-gpl (inputs, scales); jaywalnut310/vits (the model).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import PackDamagedError
from nearfield_models.pcm import Samples
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import InstalledPack
from nearfield_models.tts.engine import TtsCapabilities
from nearfield_models.tts.gruut_phonemes import GruutPhonemiser
from nearfield_models.tts.phonemes import BEGIN, END, PAD, Phonemiser, phoneme_ids, phrase_sentences
from nearfield_models.tts.phrase import Phrase
from nearfield_models.tts.piper_sound import PiperSound
from nearfield_models.validation import first_fault

_SOUNDS: Final = 1
"""Raised whenever the code between a pack and its sound makes the same text sound otherwise."""
_QUIET: Final = 0.01
_LONGEST_LEAD_MS: Final = 80
_KEPT_LEAD_MS: Final = 2
"""These voices say nothing for 0 to 75 ms before a text, depending on its first sound."""
_FIXED_PART: Final = 0.235
"""Of the duration at rate 1, what no length changes: each phoneme takes whole frames. Measured on joe."""
_SHORTEST: Final = 0.1
_MOST_PHONEMES: Final = 600
"""A sentence beyond this is cut; memory grows with the sentence, and nobody can follow one this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceScales:
    """How a voice speaks; the values are factors."""

    noise: float
    """Of the variation in timbre and melody."""
    length: float
    """Of the duration: 1.2 is slower."""
    noise_width: float
    """Of the variation in rhythm."""


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8_000, le=48_000)


class _Espeak(BaseModel):
    voice: str


class _Inference(BaseModel):
    noise_scale: float = 0.667
    length_scale: float = Field(default=1.0, gt=0)
    noise_w: float = 0.8


class _VoiceCard(BaseModel):
    """The voice's JSON file; keys that are of no use here are passed over."""

    audio: _Audio
    espeak: _Espeak
    inference: _Inference
    phoneme_id_map: dict[str, Annotated[list[int], Field(min_length=1)]]
    num_speakers: int = 1


class PiperVoice:
    """One voice with one speaker."""

    def __init__(
        self,
        pack: InstalledPack,
        runtime: RuntimeOptions,
        *,
        phonemiser: Phonemiser | None = None,
        scales: VoiceScales | None = None,
    ) -> None:
        """Load the voice.

        Args:
            pack: Holds the voice's JSON file, ``text.onnx``, ``flow.onnx`` and ``vocoder.onnx``.
            runtime: What runs it.
            phonemiser: How text is pronounced; gruut in the voice's language by default.
            scales: Instead of those in the voice's file.

        Raises:
            PackDamagedError: The voice's file cannot be used.
            EngineError: A part of the graph cannot be loaded.
            RuntimeMissingError: The runtime or gruut is not installed.
        """
        card = _read_card(pack)
        self._id_map = card.phoneme_id_map
        self._rate_hz = card.audio.sample_rate
        self._scales = scales or _own_scales(card)
        self._capabilities = TtsCapabilities(
            language=card.espeak.voice,
            sample_rate_hz=self._rate_hz,
            voice=pack.id,
            fingerprint=f"{pack.id} {pack.digest} {self._scales} piper-{_SOUNDS}",
        )
        with ThreadPoolExecutor(1, "phonemes") as pool:
            # Importing gruut takes as long as loading the graphs, and the two need not wait for each other.
            pronouncing = pool.submit(lambda: phonemiser or GruutPhonemiser(card.espeak.voice))
            self._text = open_session(pack.file("text.onnx"), runtime)
            self.sound = PiperSound(pack, runtime)
            self.phonemiser = pronouncing.result()
        self._dropped = 0

    @property
    def capabilities(self) -> TtsCapabilities:
        """What this voice is."""
        return self._capabilities

    @property
    def dropped_phonemes(self) -> int:
        """How many phonemes this voice did not know, and left out, since it was loaded."""
        return self._dropped

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        """Yield ``float32[n]`` chunks in -1..1 at ``capabilities.sample_rate_hz``.

        Text is read as ``reading.spoken`` tells. Empty or unspeakable text yields nothing.

        Raises:
            EngineError: The model failed, or the text cannot be pronounced.
            CancelledWorkError: ``cancellation`` was set.
        """
        cancellation = cancellation or Cancellation()
        cancellation.check()
        begun = False
        phrase = Phrase(runs=(text,)) if isinstance(text, str) else text
        for phonemes in phrase_sentences(phrase, self.phonemiser, self._capabilities.language):
            for begin in range(0, len(phonemes), _MOST_PHONEMES):
                cancellation.check()
                frames = self.frames(phonemes[begin : begin + _MOST_PHONEMES], phrase.rate)
                for chunk in self.sound.chunks(frames, cancellation):
                    yield chunk if begun else without_lead(chunk, self._rate_hz)
                    begun = True

    def warm_up(self) -> None:
        """Speak once into nothing, so that the first real sentence starts as fast as the others."""
        for _ in self.synthesise("Ready."):
            pass

    def frames(self, phonemes: tuple[str, ...], rate: float = 1.0) -> NDArray[np.float32]:
        """Give ``float32[1, channels, frames]`` for one sentence at a rate, 256 samples a frame.

        Raises:
            EngineError: The model failed.
        """
        numbered = phoneme_ids(phonemes, self._id_map)
        self._dropped += numbered.dropped
        ids = np.array([numbered.ids], np.int64)
        feeds: dict[str, NDArray[Any]] = {
            "input": ids,
            "input_lengths": np.array([ids.shape[1]], np.int64),
            "scales": _as_input(replace(self._scales, length=self._scales.length * length_for(rate))),
        }
        (frames,) = self._text.run(None, feeds).values()
        return frames


def length_for(rate: float) -> float:
    """Give the factor of length at which speech is ``rate`` times as fast."""
    return max(_SHORTEST, (1 / rate - _FIXED_PART) / (1 - _FIXED_PART))


def without_lead(sound: Samples, rate_hz: int) -> Samples:
    """Cut the silence before a text, but nothing of its first sound; what is left fades in, 1 ms or more."""
    lead = sound[: rate_hz * _LONGEST_LEAD_MS // 1000]
    loud = np.flatnonzero(np.abs(lead) > _QUIET)
    first = int(loud[0]) if loud.size else lead.size
    begin = max(0, first - rate_hz * _KEPT_LEAD_MS // 1000)
    cut = sound[begin:].copy()
    rise = max(first - begin, rate_hz // 1000)
    cut[:rise] *= np.linspace(0.0, 1.0, rise, endpoint=False, dtype=np.float32)[: cut.size]
    return cut


def _read_card(pack: InstalledPack) -> _VoiceCard:
    path = pack.file(next((name for name in pack.names if name.endswith(".onnx.json")), "voice.onnx.json"))
    try:
        card = _VoiceCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = first_fault(error) if isinstance(error, ValidationError) else error.strerror
        raise PackDamagedError(
            f"the voice's file {path} cannot be read: run `nearfield-models fetch {pack.id}` ({reason})"
        ) from error
    missing = {BEGIN, END, PAD} - card.phoneme_id_map.keys()
    if missing or card.num_speakers != 1:
        raise PackDamagedError(
            f"the voice's file {path} describes no voice of one speaker that knows {BEGIN} {END} {PAD}: "
            "choose another pack"
        )
    return card


def _own_scales(card: _VoiceCard) -> VoiceScales:
    given = card.inference
    return VoiceScales(noise=given.noise_scale, length=given.length_scale, noise_width=given.noise_w)


def _as_input(scales: VoiceScales) -> NDArray[np.float32]:
    return np.array([scales.noise, scales.length, scales.noise_width], np.float32)
