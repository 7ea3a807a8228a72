"""Greedy decoding: the likeliest token at each step, bounded, and quicker with a guess.

A guess (the tokens of an earlier partial) is fed in one block, and what agrees with the sound is kept. A
block's logits differ a little from those of single steps (see ``moonshine_model``), so a choice between two
nearly equal tokens could fall the other way. As soon as one comes up, the guess is given up and the
utterance decoded step by step: the text is that of decoding without a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from nearfield_models.asr.engine import Hypothesis
from nearfield_models.asr.moonshine_model import DecoderPast, Encoded, Floats, MoonshineModel
from nearfield_models.asr.tokens import END, Tokens
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import SAMPLE_RATE_HZ

_TOKENS_PER_SECOND: Final = 12
"""Twice the fastest speech among the recordings this was measured on."""
_TOKENS_AT_LEAST: Final = 12
_NEAR_TIE_NATS: Final = 0.4
"""A smaller lead may be another token's when fed step by step: of 5307 choices on real orders 48 were, the
largest lead among them 0.31."""

_LONGEST_PERIOD_TOKENS: Final = 12
_LOOP_REPEATS: Final = 6
_LOOP_TOKENS: Final = 24


def decode_greedily(
    model: MoonshineModel,
    tokens: Tokens,
    encoded: Encoded,
    *,
    guess: Sequence[int] = (),
    cancellation: Cancellation | None = None,
) -> Hypothesis:
    """Write down what was said.

    Args:
        model: Encoder and decoder.
        tokens: The pack's token table.
        encoded: The utterance.
        guess: Tokens that the text probably begins with; they change the time, never the text.
        cancellation: Looked at before each step.

    Raises:
        EngineError: The model failed.
        CancelledWorkError: ``cancellation`` was set.
    """
    search = _Search(model, encoded, cancellation)
    found = search.follow(guess) if guess else None
    chosen, scores, stopped_by = found or search.step_by_step()
    return Hypothesis(
        text=tokens.decode(chosen).strip(),
        tokens=tuple(chosen),
        log_probabilities=tuple(scores),
        stopped_by=stopped_by,
    )


def loop_length(tokens: Sequence[int] | Sequence[str]) -> int:
    """How many tokens (or words) at the end are repetitions too many; 0 while it can still be speech.

    People do repeat themselves, so a loop is only what comes six times and makes two dozen tokens. Of a
    loop the first round is left standing.
    """
    for period in range(1, min(_LONGEST_PERIOD_TOKENS, len(tokens) // _LOOP_REPEATS) + 1):
        repeats = max(_LOOP_REPEATS, math.ceil(_LOOP_TOKENS / period))
        tail = tokens[-period * repeats :]
        if len(tail) == period * repeats and all(
            tail[i] == tail[i - period] for i in range(period, len(tail))
        ):
            return period * (repeats - 1)
    return 0


_Found = tuple[list[int], list[float], str]


class _Search:
    """One utterance being decoded."""

    def __init__(self, model: MoonshineModel, encoded: Encoded, cancellation: Cancellation | None) -> None:
        self._model = model
        self._cancellation = cancellation or Cancellation()
        self._limit = _TOKENS_AT_LEAST + int(encoded.sample_count / SAMPLE_RATE_HZ * _TOKENS_PER_SECOND)
        self._cancellation.check()
        self._first, self._start = model.begin(encoded)

    def step_by_step(self) -> _Found:
        """Decode one token at a time: this defines the result."""
        chosen: list[int] = []
        scores: list[float] = []
        row, past = self._first, self._start
        while True:
            stopped_by = self._choose(row, chosen, scores)
            if stopped_by:
                return chosen, scores, stopped_by
            row, past = self._step(past, chosen[-1])

    def follow(self, guess: Sequence[int]) -> _Found | None:
        """Decode along a guess as far as it holds, then step by step; None where it comes to a near tie."""
        guess = guess[: self._limit]
        self._cancellation.check()
        block, past = self._model.extend(self._start, np.array([guess], np.int64))
        chosen: list[int] = []
        scores: list[float] = []
        row, on_guess = self._first, True
        while _lead(row) >= _NEAR_TIE_NATS:
            stopped_by = self._choose(row, chosen, scores)
            if stopped_by:
                return chosen, scores, stopped_by
            at = len(chosen) - 1
            if on_guess and at < len(guess) and chosen[at] == guess[at]:
                row = block[0, at]
                continue
            if on_guess:
                past, on_guess = past.cut(1 + at), False
            row, past = self._step(past, chosen[at])
        return None

    def _choose(self, row: Floats, chosen: list[int], scores: list[float]) -> str | None:
        """Append the likeliest token, or say what ends the text."""
        best = int(row.argmax())
        if best == END:
            return "end"
        chosen.append(best)
        peak = row[best]
        scores.append(-math.log(float(np.exp(row - peak).sum())))
        if surplus := loop_length(chosen):
            del chosen[-surplus:], scores[-surplus:]
            return "repetition"
        return "length" if len(chosen) == self._limit else None

    def _step(self, past: DecoderPast, token: int) -> tuple[Floats, DecoderPast]:
        self._cancellation.check()
        logits, past = self._model.extend(past, np.array([[token]], np.int64))
        return logits[0, 0], past


def _lead(row: Floats) -> float:
    """By how much the likeliest token leads the next one, in nats."""
    best = int(row.argmax())
    second = max(row[:best].max(initial=-np.inf), row[best + 1 :].max(initial=-np.inf))
    return float(row[best] - second)
