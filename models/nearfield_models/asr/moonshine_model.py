"""Moonshine's encoder and decoder as functions: sound to frames, tokens to logits.

Searches are built on this (greedy in ``moonshine_greedy``; a beam works the same way with more rows):
``encode`` once, ``begin`` once, then ``extend`` with one or more tokens a row, re-ordering rows with
`DecoderPast.take` and dropping tokens with `DecoderPast.cut`.

The weights of the default packs are quantised, and activations are scaled over the whole of one call. So a
row's logits depend a little on what shares the call: a token fed in a block or beside other rows gets a
score that differs by 0.07 nats on average, by up to 0.2, from the same token fed alone. ``begin`` feeds the
start token alone because its activations are so large that they would coarsen all others (with it in the
block: up to 0.5 nats).

Source: Moonshine (Jeffries et al., 2024), tensors as in the ``moonshine-voice`` wheel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.asr.tokens import START
from nearfield_models.errors import EngineError
from nearfield_models.pcm import Samples
from nearfield_models.runtime.session import Array, Session

_HEADS: Final = 8

Floats = NDArray[np.float32]
TokenIds = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An utterance after the encoder."""

    frames: Floats
    """``float32[1, t, width]``, about 42 frames a second."""
    sample_count: int
    """Samples of the utterance: the decoder's mask counts samples, not frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderPast:
    """What the decoder remembers of the tokens fed so far, one row a hypothesis; never changed in place."""

    own: tuple[Floats, ...]
    """Keys and values of the tokens, ``float32[rows, heads, tokens, head width]`` in the model's order."""
    sound: tuple[Floats, ...]
    """Keys and values of the utterance, ``float32[rows, heads, t, head width]``; all rows are alike."""
    mask: TokenIds
    """``int64[rows, samples]``, all ones."""

    @property
    def rows(self) -> int:
        """Hypotheses side by side."""
        return int(self.mask.shape[0])

    @property
    def tokens(self) -> int:
        """Tokens fed so far, with the start token."""
        return int(self.own[0].shape[2])

    def take(self, rows: Sequence[int]) -> DecoderPast:
        """Make row ``i`` a copy of the present row ``rows[i]``; a row may be taken often or not at all."""
        sound, mask = self.sound, self.mask
        if len(rows) < self.rows:
            sound, mask = tuple(array[: len(rows)] for array in sound), mask[: len(rows)]
        elif len(rows) > self.rows:
            sound = tuple(np.repeat(array[:1], len(rows), axis=0) for array in sound)
            mask = np.repeat(mask[:1], len(rows), axis=0)
        chosen = np.asarray(rows, dtype=np.intp)
        return DecoderPast(own=tuple(array[chosen] for array in self.own), sound=sound, mask=mask)

    def after(self, earlier: DecoderPast, tokens: int) -> DecoderPast:
        """Remember of this utterance the first ``tokens`` tokens of ``earlier``, row by row."""
        rows = [0] * earlier.rows
        fresh = self.take(rows)
        return DecoderPast(own=earlier.cut(tokens).own, sound=fresh.sound, mask=fresh.mask)

    def cut(self, tokens: int) -> DecoderPast:
        """Forget all but the first ``tokens`` tokens of every row, the start token counted."""
        own = tuple(np.ascontiguousarray(array[:, :, :tokens]) for array in self.own)
        return DecoderPast(own=own, sound=self.sound, mask=self.mask)


class MoonshineModel:
    """Encoder and merged decoder of one pack."""

    shortest_samples: Final = 895
    """The encoder's smallest window: less gives no frame."""

    def __init__(self, encoder: Session, decoder: Session) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._own = _past_names(decoder, "decoder")
        self._sound = _past_names(decoder, "encoder")
        if not self._own or len(self._own) != len(self._sound):
            raise EngineError("the decoder is no merged Moonshine decoder: its past inputs are missing")

    def encode(self, samples: Samples) -> Encoded:
        """Run the encoder over ``float32[n]`` at 16 kHz, ``n`` at least ``shortest_samples``.

        Raises:
            EngineError: The sound is too short, or the model failed.
        """
        if samples.size < self.shortest_samples:
            raise EngineError(
                f"the encoder takes {self.shortest_samples} samples or more, not {samples.size}"
            )
        mask = np.ones((1, samples.size), np.int64)
        feeds: dict[str, Array] = {"input_values": samples[np.newaxis], "attention_mask": mask}
        frames = self._encoder.run(("last_hidden_state",), feeds)["last_hidden_state"]
        return Encoded(frames=frames, sample_count=samples.size)

    def begin(self, encoded: Encoded) -> tuple[Floats, DecoderPast]:
        """Feed the start token.

        Returns:
            ``float32[vocabulary]``, the first token's logits, and a past of one row.

        Raises:
            EngineError: The model failed.
        """
        head_width = encoded.frames.shape[2] // _HEADS
        nothing = np.zeros((1, _HEADS, 0, head_width), np.float32)
        mask = np.ones((1, encoded.sample_count), np.int64)
        feeds: dict[str, Array] = {
            "input_ids": np.array([[START]], np.int64),
            "encoder_hidden_states": encoded.frames,
            "encoder_attention_mask": mask,
            "use_cache_branch": np.array([False]),
        }
        feeds.update(dict.fromkeys((*self._own, *self._sound), nothing))
        found = self._decoder.run(None, feeds)
        past = DecoderPast(
            own=tuple(found[_present(name)] for name in self._own),
            sound=tuple(found[_present(name)] for name in self._sound),
            mask=mask,
        )
        return found["logits"][0, 0], past

    def extend(self, past: DecoderPast, tokens: TokenIds) -> tuple[Floats, DecoderPast]:
        """Feed ``int64[rows, k]`` tokens after ``past``.

        Returns:
            ``float32[rows, k, vocabulary]``, the logits after each of the tokens, and the past with them.

        Raises:
            EngineError: The model failed, or the rows differ from those of ``past``.
        """
        if tokens.ndim != 2 or tokens.shape[0] != past.rows:
            raise EngineError(f"the decoder remembers {past.rows} rows and was fed tokens of {tokens.shape}")
        # This branch has the utterance's keys and values already: the frames themselves are not looked at.
        unread = np.zeros((past.rows, 1, past.own[0].shape[3] * _HEADS), np.float32)
        feeds: dict[str, Array] = {
            "input_ids": tokens,
            "encoder_hidden_states": unread,
            "encoder_attention_mask": past.mask,
            "use_cache_branch": np.array([True]),
        }
        feeds.update(zip((*self._own, *self._sound), (*past.own, *past.sound), strict=True))
        found = self._decoder.run(("logits", *map(_present, self._own)), feeds)
        own = tuple(found[_present(name)] for name in self._own)
        return found["logits"], DecoderPast(own=own, sound=past.sound, mask=past.mask)


def log_probabilities(logits: Floats) -> Floats:
    """Natural logarithm of the softmax over the last axis, of the same shape."""
    shifted: Floats = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def _past_names(decoder: Session, side: str) -> tuple[str, ...]:
    return tuple(
        name for name in decoder.input_names if name.startswith("past_key_values.") and f".{side}." in name
    )


def _present(past_name: str) -> str:
    return past_name.replace("past_key_values", "present")
