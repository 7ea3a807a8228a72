"""A decoder whose every score is made up: the same for the same tokens, whatever else is asked."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_models.asr.tokens import END
from nearfield_models.decoding.engine import Floats, TokenIds
from nearfield_models.pcm import Samples

_HEARD: Final = 12.0
"""What the next token of the script is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedSound:
    """An utterance, or silence."""

    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedPast:
    """The tokens fed so far, row by row."""

    sound: ScriptedSound
    rows: tuple[tuple[int, ...], ...]

    def take(self, rows: Sequence[int]) -> ScriptedPast:
        return ScriptedPast(sound=self.sound, rows=tuple(self.rows[row] for row in rows))

    def after(self, earlier: ScriptedPast, tokens: int) -> ScriptedPast:
        return ScriptedPast(sound=self.sound, rows=earlier.cut(tokens).rows)

    def cut(self, tokens: int) -> ScriptedPast:
        return ScriptedPast(sound=self.sound, rows=tuple(row[: tokens - 1] for row in self.rows))


class ScriptedDecoder:
    """Hears a script, or whatever its seed makes of the tokens fed.

    Args:
        vocabulary: How many tokens there are.
        script: The tokens that are heard, one after another, then the end; in silence nothing is.
        seed: Of everything else.
        unlikely: Tokens that are never heard, ``int64[n]``.
        before_call: Called with the number of each ``extend``.
    """

    shortest_samples: Final = 100

    def __init__(
        self,
        vocabulary: int,
        script: Sequence[int] | None = None,
        *,
        seed: int = 0,
        unlikely: TokenIds | None = None,
        before_call: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._vocabulary = vocabulary
        self.script = None if script is None else (*script, END)
        self._seed = seed
        self._unlikely = np.zeros(0, np.int64) if unlikely is None else unlikely
        self._before_call = before_call
        self.rows: list[int] = []
        """Of each ``extend`` over sound."""
        self.silent_calls = 0

    def encode(self, samples: Samples) -> ScriptedSound:
        return ScriptedSound(silent=not samples.any())

    def begin(self, encoded: ScriptedSound) -> tuple[Floats, ScriptedPast]:
        return self._logits(encoded, ()), ScriptedPast(sound=encoded, rows=((),))

    def extend(self, past: ScriptedPast, tokens: TokenIds) -> tuple[Floats, ScriptedPast]:
        assert tokens.shape[0] == len(past.rows)
        if past.sound.silent:
            self.silent_calls += 1
        else:
            self._before_call(len(self.rows))
            self.rows.append(len(past.rows))
        fed = [(*row, *map(int, more)) for row, more in zip(past.rows, tokens, strict=True)]
        count = tokens.shape[1]
        logits = np.stack(
            [
                np.stack([self._logits(past.sound, row[: len(row) - count + at + 1]) for at in range(count)])
                for row in fed
            ]
        )
        return logits, ScriptedPast(sound=past.sound, rows=tuple(fed))

    def _logits(self, sound: ScriptedSound, fed: tuple[int, ...]) -> Floats:
        key = zlib.crc32(repr((self._seed, sound.silent, fed)).encode())
        logits = np.random.default_rng(key).normal(size=self._vocabulary).astype(np.float32)
        logits[self._unlikely] -= 30.0
        logits[END] += len(fed) / 4 - 2  # every text comes to an end
        script = self.script
        if script is not None and not sound.silent and fed == script[: len(fed)] and len(fed) < len(script):
            logits[script[len(fed)]] += _HEARD
        return logits
