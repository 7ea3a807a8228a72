"""Speech to meaning in one step: the grammar searched with the recogniser's own encoder and decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol

import numpy as np

from nearfield_models.asr.engine import Hypothesis
from nearfield_models.asr.utterance import checked, is_silent
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.beam import Draft, Found, Search, SearchSettings
from nearfield_models.decoding.calibration import Calibration
from nearfield_models.decoding.drafts import Begun, begun
from nearfield_models.decoding.engine import EncodedT, PastT, SpeechDecoder, TokenTable
from nearfield_models.decoding.inner_language import InnerLanguage
from nearfield_models.decoding.lexicon import WordTokens
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.decoding.places import GrammarWalk
from nearfield_models.decoding.readings import Reading, readings_of
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.decoding.suppression import quietened
from nearfield_models.grammar.grammar import Grammar
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples

LONGEST_SECONDS: Final = 20.0
"""A longer utterance is no command: it is only transcribed."""
SHORTEST_SAMPLES: Final = SAMPLE_RATE_HZ // 10
MOST_READINGS: Final = 3
_SURE: Final = 0.9
"""Confidence with which a reading is believed that came of an earlier search."""
_FAR: Final = 0.05
"""Confidence below which what was said is no sentence at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """A search of the beginning of an utterance; its listener alone can read it."""

    begun: Begun[Any]
    asked: tuple[object, ...]
    """All that it depended on, besides the sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """What an utterance may have been."""

    transcript: Hypothesis
    """Without any grammar."""
    readings: tuple[Reading, ...]
    """Sentences of the grammar, each of another meaning, the best first; empty where none comes near."""
    so_far: SoFar | None = None
    """Saves most of the next search, where that is of more of the same sound."""
    is_other: bool = False
    """Whether it is no sentence; the transcript then went on from an earlier one, and may be better anew."""


class SentenceListener(Protocol):
    """Listens for the sentences of a grammar; used by one thread at a time."""

    def change(self, grammar: Grammar) -> None:
        """Listen for the sentences of another grammar from the next utterance on."""
        ...

    def listen(
        self,
        samples: Samples,
        contexts: Sequence[Mapping[str, str]] = ({},),
        *,
        so_far: SoFar | None = None,
        is_whole: bool = True,
        is_other: Callable[[str], bool] = lambda _: False,
        cancellation: Cancellation | None = None,
    ) -> Listened | None:
        """Search ``float32[n]`` at 16 kHz; None where it is too long for a command.

        Args:
            samples: The utterance.
            contexts: What is known of the conversation's threads, the latest first.
            so_far: Of a call for the beginning of the same sound: it saves most of the search.
            is_whole: Whether the utterance may be over; if not, it need not be heard as surely as can be.
            is_other: Whether words that come near no sentence are something else, so that no sentence need be
                looked for in them a second time.
            cancellation: Looked at between decoder steps.

        Raises:
            EngineError: The model failed, or the samples are no such array.
            CancelledWorkError: ``cancellation`` was set.
        """
        ...

    def warm_up(self) -> None:
        """Listen once to noise, so that the first real call is as fast as the others."""
        ...


class GrammarRecogniser(Generic[EncodedT, PastT]):
    """The listener on a recogniser's own encoder and decoder; see `SentenceListener`.

    Args:
        decoder: Encoder and decoder of a recogniser.
        table: Its tokens.
        grammar: What can be said.
        calibration: How scores become probabilities.
        settings: Of the search.
    """

    def __init__(
        self,
        decoder: SpeechDecoder[EncodedT, PastT],
        table: TokenTable,
        grammar: Grammar,
        calibration: Calibration,
        settings: SearchSettings | None = None,
    ) -> None:
        self._decoder = decoder
        self._table = table
        self._marks = TokenMarks(table)
        self._inner = InnerLanguage(decoder, self._marks)
        self._spoken = SpokenGrammar(grammar, WordTokens(table))
        self._calibration = calibration
        self._settings = settings or SearchSettings()

    def change(self, grammar: Grammar) -> None:
        """Listen for the sentences of another grammar from the next utterance on.

        What has not changed is not spelled again.
        """
        if grammar is not self._spoken.grammar:
            self._spoken = self._spoken.changed(grammar)

    def listen(
        self,
        samples: Samples,
        contexts: Sequence[Mapping[str, str]] = ({},),
        *,
        so_far: SoFar | None = None,
        is_whole: bool = True,
        is_other: Callable[[str], bool] = lambda _: False,
        cancellation: Cancellation | None = None,
    ) -> Listened | None:
        """Search ``float32[n]`` at 16 kHz; see `SentenceListener`.

        A search that went on from an earlier one and is not sure of what it found begins anew, unless it
        found something else.
        """
        sound = checked(samples)
        if sound.size > LONGEST_SECONDS * SAMPLE_RATE_HZ:
            return None
        if sound.size < max(SHORTEST_SAMPLES, self._decoder.shortest_samples) or is_silent(sound):
            return Listened(transcript=Hypothesis(text="", stopped_by="silence"), readings=())
        spoken, quiet = self._spoken, quietened(sound)
        settings = self._settings if quiet is sound else self._settings.in_noise
        asked = (spoken, tuple(tuple(sorted(known.items())) for known in contexts), settings)
        before = so_far.begun if so_far is not None and so_far.asked == asked else None
        draft = None if before is None else before.draft
        encoded = self._decoder.encode(quiet)
        cancellation = cancellation or Cancellation()

        def search(draft: Draft[PastT] | None) -> tuple[Found[PastT], tuple[Reading, ...]]:
            walk = GrammarWalk(spoken, contexts)
            found = Search(
                self._decoder,
                encoded,
                walk,
                self._marks,
                self._inner,
                settings,
                cancellation,
                draft,
                () if before is None else before.free,
            ).run()
            return found, readings_of(
                found, spoken.grammar, self._table, self._calibration, contexts, limit=MOST_READINGS
            )

        found, readings = search(draft)
        other = False
        if draft is not None and is_whole and not _is_sure(found, readings):
            far = found.free_complete and all(reading.confidence < _FAR for reading in readings[:1])
            other = far and is_other(self._free_text(found).text)
            if not other:
                found, readings = search(None)
        kept = begun(found, ahead=settings.ahead)
        return Listened(
            transcript=self._free_text(found),
            readings=readings,
            so_far=None if kept is None else SoFar(begun=kept, asked=asked),
            is_other=other,
        )

    def warm_up(self) -> None:
        """Listen once to noise, so that the first real call is as fast as the others."""
        noise = np.random.default_rng(0).normal(0.0, 0.01, SAMPLE_RATE_HZ)
        self.listen(noise.astype(np.float32))

    def _free_text(self, found: Found[PastT]) -> Hypothesis:
        return Hypothesis(
            text=self._table.decode(step.token for step in found.free).strip(),
            tokens=tuple(step.token for step in found.free),
            log_probabilities=tuple(step.score for step in found.free),
            stopped_by="end" if found.free_complete else "length",
        )


def _is_sure(found: Found[Any], readings: Sequence[Reading]) -> bool:
    """Whether a search that went on from an earlier one is believed: where that was misled, it shows."""
    return found.free_complete and bool(readings) and readings[0].confidence >= _SURE
