"""From sound to what was said: sentences of the grammar where the recogniser can be searched, else text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nearfield_edge.turn.content import Transcript
from nearfield_edge.wake_phrase import without_wake_phrase
from nearfield_models.asr.engine import AsrEngine, Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.recogniser import SentenceListener
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
        earlier: Hypothesis | None,
        wake_phrase: str | None,
        cancellation: Cancellation,
    ) -> Transcript:
        """Recognise ``float32[n]`` at 16 kHz; on the one thread where models compute.

        Args:
            samples: The utterance.
            expected: What may be said in it.
            earlier: A partial of the same utterance, which may save time.
            wake_phrase: Set where the utterance may begin with it.
            cancellation: Looked at between decoder steps.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        found = None
        if self.sentences is not None:
            self.sentences.change(expected.grammar)
            found = self.sentences.listen(samples, expected.contexts, cancellation=cancellation)
        if found is None:
            hypothesis = self.asr.transcribe(samples, earlier=earlier, cancellation=cancellation)
        else:
            hypothesis = found.transcript
        text = hypothesis.text
        if wake_phrase is not None:
            text = without_wake_phrase(text, wake_phrase)
        return Transcript(
            text=text,
            mean_log_probability=hypothesis.mean_log_probability,
            readings=None if found is None else found.readings,
        )
