"""From sound to what was said: sentences of the grammar where the recogniser can be searched, else text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nearfield_edge.turn.content import Transcript
from nearfield_edge.understanding.questions import is_question
from nearfield_edge.wake_phrase import without_wake_phrase
from nearfield_models.asr.engine import AsrEngine, Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.recogniser import SentenceListener, SoFar
from nearfield_models.grammar import Grammar
from nearfield_models.pcm import Samples

Contexts = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What may be said next."""

    grammar: Grammar
    """One and the same object until something else can be said."""
    contexts: Contexts
    """What is known of the conversation, the latest thread first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSoFar:
    """What is known of an utterance that goes on."""

    hypothesis: Hypothesis
    sentences: SoFar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An utterance that was recognised, and what that is worth if it goes on."""

    transcript: Transcript
    so_far: HeardSoFar


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A recogniser and what it listens for."""

    asr: AsrEngine
    sentences: SentenceListener | None
    """None where only the recogniser's text can be matched."""
    expected: Callable[[], Expected]
    """What may be said at the moment."""

    def hear(
        self,
        samples: Samples,
        expected: Expected,
        *,
        so_far: HeardSoFar | None,
        is_whole: bool,
        wake_phrase: str | None,
        cancellation: Cancellation,
    ) -> Heard:
        """Recognise ``float32[n]`` at 16 kHz; on the one thread where models compute.

        Args:
            samples: The utterance.
            expected: What may be said in it.
            so_far: Of the beginning of the same utterance, which saves time.
            is_whole: Whether it may be over.
            wake_phrase: Set where the utterance may begin with it.
            cancellation: Looked at between decoder steps.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        found = None
        if self.sentences is not None:
            self.sentences.change(expected.grammar)
            found = self.sentences.listen(
                samples,
                expected.contexts,
                so_far=None if so_far is None else so_far.sentences,
                is_whole=is_whole,
                is_other=is_question,
                cancellation=cancellation,
            )
        if found is None or found.is_other:
            before = None if so_far is None or found is not None else so_far.hypothesis
            hypothesis = self.asr.transcribe(samples, earlier=before, cancellation=cancellation)
        else:
            hypothesis = found.transcript
        text = hypothesis.text
        if wake_phrase is not None:
            text = without_wake_phrase(text, wake_phrase)
        transcript = Transcript(
            text=text,
            mean_log_probability=hypothesis.mean_log_probability,
            readings=None if found is None else found.readings,
        )
        sentences = None if found is None else found.so_far
        return Heard(transcript=transcript, so_far=HeardSoFar(hypothesis=hypothesis, sentences=sentences))
