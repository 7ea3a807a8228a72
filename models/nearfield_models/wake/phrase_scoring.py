"""How much of a phrase a stretch of sound explains.

The recogniser's decoder is made to write the phrase, and its log-probability is compared with the one it has
on silence, where only the language speaks for it. The *evidence* is the share of that improbability which
the sound takes away::

    evidence = 1 - log P(phrase | sound) / log P(phrase | silence)

1 means that the sound leaves no doubt, 0 that it says nothing. Because the measure is relative to the
phrase's own rarity, one threshold serves short and long, common and made-up phrases.

All spellings of a phrase count together. Each must be followed by the end of a word, so that "computers" is
no "computer". A phrase of several words is only as good as its worst rare word: "hello" alone is half of
"hello nearfield", and not enough.

A phrase need not come first: the sound is also decoded freely, and the phrase tried after each word at which
its beginning is not hopeless, against what the same words lead to in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.asr.moonshine_model import DecoderPast, Floats, log_probabilities
from nearfield_models.asr.tokens import END
from nearfield_models.errors import WakePhraseError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.wake.phrase_spelling import Spelling, spellings

_TOKENS_PER_SECOND: Final = 6.0
"""Text that comes faster than this before the phrase was not said, but made up over noise."""
_SHORTEST_PHRASE_SECONDS: Final = 0.35
"""Speech that must remain for the phrase itself after what was said before it."""
_HOPELESS_NATS: Final = -5.0
"""A place where the phrase's first token is less likely than this is not tried."""
_DISCOUNT_LATER: Final = 0.1
"""Evidence taken off for a phrase after other words: of so many places, one will fit by chance."""
_DISCOUNT_TORN: Final = 0.2
"""Evidence taken off for a phrase that a stretch begins with, when it begins in the middle of speech."""
_PLAIN: Final = 0.9
"""Evidence that no later place could better by much."""
_RARE_NATS: Final = -4.0
"""A word likelier than this even in silence tells nothing."""
_PUNCTUATION: Final = frozenset((b".", b",", b"!", b"?", b";", b":", b"-", b"..."))
_SPACE: Final = "▁".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseScore:
    """How well one phrase fits a stretch of sound."""

    phrase: str
    evidence: float
    """At most 1; about 0 where the sound says nothing, negative where it speaks against the phrase."""
    tokens_before: int = 0
    """Tokens of what was said before it in the same stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a phrase may begin: the next token's logits, and the decoder's past."""

    logits: Floats
    past: DecoderPast


class PhraseScorer:
    """Scores phrases on stretches of sound. Used by one thread at a time; keeps no state between calls."""

    def __init__(self, asr: MoonshineAsr, phrases: Sequence[str]) -> None:
        """Prepare the phrases.

        Args:
            asr: The recogniser whose decoder judges; it may be shared.
            phrases: One or more.

        Raises:
            WakePhraseError: A phrase is none, or there is none at all.
            EngineError: The model failed.
        """
        if not phrases:
            raise WakePhraseError("there is no wake phrase to listen for")
        self._model = asr.model
        self._spellings = tuple(spellings(phrase, asr.tokens) for phrase in phrases)
        self._word_ends = np.array(
            [piece.startswith(_SPACE) or piece in _PUNCTUATION for piece in asr.tokens.pieces]
        )
        self._word_ends[END] = True
        self._silence = self._begin(np.zeros(SAMPLE_RATE_HZ, np.float32))
        self._first = [one.first for one in self._spellings]
        self._later = [one.later for one in self._spellings]
        self._rarities = self._word_scores(self._silence, self._first)

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases as they were understood."""
        return tuple(one.phrase for one in self._spellings)

    def score(
        self, samples: Samples, speech_seconds: float, *, begins_within_speech: bool = False
    ) -> tuple[PhraseScore, ...]:
        """Say how well each phrase fits ``float32[n]``, at the place where it fits best.

        Args:
            samples: The stretch, at 16 kHz; speech with a little of what was before it.
            speech_seconds: How much of it is speech.
            begins_within_speech: Whether it begins in the middle of what somebody says.

        Raises:
            EngineError: The stretch is shorter than the model's smallest window, or the model failed.
        """
        start = self._begin(samples)
        discount = _DISCOUNT_TORN if begins_within_speech else 0.0
        best = self._compared(self._word_scores(start, self._first), self._rarities, 0, discount)
        if max(score.evidence for score in best) > _PLAIN:
            return tuple(best)
        room = int((speech_seconds - _SHORTEST_PHRASE_SECONDS) * _TOKENS_PER_SECOND)
        for place, text in self._places(start, room):
            rarities = self._word_scores(self._in_silence(text), self._later)
            heard = self._word_scores(place, self._later)
            found = self._compared(heard, rarities, len(text), _DISCOUNT_LATER)
            best = [max(pair, key=lambda score: score.evidence) for pair in zip(best, found, strict=True)]
        return tuple(best)

    def _begin(self, samples: Samples) -> _Place:
        logits, past = self._model.begin(self._model.encode(samples))
        return _Place(logits=logits, past=past)

    def _places(self, start: _Place, room: int) -> Iterator[tuple[_Place, list[int]]]:
        """After which of the first ``room`` freely decoded tokens a phrase may begin, with those tokens."""
        opening = np.array([one.tokens[0] for later in self._later for one in later])
        place, text = start, list[int]()
        for _ in range(room):
            token = int(place.logits.argmax())
            if token == END:
                return
            text.append(token)
            logits, past = self._model.extend(place.past, np.array([[token]], np.int64))
            place = _Place(logits=logits[0, 0], past=past)
            if log_probabilities(place.logits)[opening].max() > _HOPELESS_NATS:
                yield place, list(text)

    def _in_silence(self, text: Sequence[int]) -> _Place:
        logits, past = self._model.extend(self._silence.past, np.array([text], np.int64))
        return _Place(logits=logits[0, -1], past=past)

    def _word_scores(
        self, place: _Place, phrases: Sequence[Sequence[Spelling]]
    ) -> list[list[NDArray[np.float64]]]:
        """For each phrase and spelling the log-probability of each word, the last with its end."""
        rows = [spelling for phrase in phrases for spelling in phrase]
        longest = max(len(spelling.tokens) for spelling in rows)
        fed = np.array([(*row.tokens, *(END,) * (longest - len(row.tokens))) for row in rows], np.int64)
        logits, _ = self._model.extend(place.past.take([0] * len(rows)), fed)
        first = log_probabilities(place.logits)
        found = iter(
            self._by_word(row, first, log_probabilities(logits[at, : len(row.tokens)]))
            for at, row in enumerate(rows)
        )
        return [[next(found) for _ in phrase] for phrase in phrases]

    def _by_word(self, spelling: Spelling, first: Floats, after: Floats) -> NDArray[np.float64]:
        tokens = spelling.tokens
        scores = np.array([first[tokens[0]], *(after[at, token] for at, token in enumerate(tokens[1:]))])
        scores[-1] += np.log(np.exp(after[-1][self._word_ends]).sum())
        return np.add.reduceat(scores.astype(np.float64), spelling.word_starts)

    def _compared(
        self,
        heard: Sequence[Sequence[NDArray[np.float64]]],
        unheard: Sequence[Sequence[NDArray[np.float64]]],
        tokens_before: int,
        discount: float,
    ) -> list[PhraseScore]:
        return [
            PhraseScore(
                phrase=one.phrase,
                evidence=_evidence(with_sound, without) - discount,
                tokens_before=tokens_before,
            )
            for one, with_sound, without in zip(self._spellings, heard, unheard, strict=True)
        ]


def _evidence(heard: Sequence[NDArray[np.float64]], unheard: Sequence[NDArray[np.float64]]) -> float:
    """The evidence of a phrase from the word scores of its spellings, with the sound and without."""
    whole = 1.0 - _together(heard) / _together(unheard)
    likeliest = max(range(len(heard)), key=lambda at: float(heard[at].sum()))
    with_sound, without = heard[likeliest], unheard[likeliest]
    words = [1.0 - with_sound[at] / without[at] for at in range(len(without)) if without[at] < _RARE_NATS]
    return float(min([whole, *words]))


def _together(spelling_scores: Sequence[NDArray[np.float64]]) -> float:
    """The logarithm of the summed probabilities of a phrase's spellings."""
    return float(np.logaddexp.reduce([scores.sum() for scores in spelling_scores]))
