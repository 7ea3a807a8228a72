"""What the recogniser is told to listen for, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nearfield_edge.hearing import Expected, Hearing
from nearfield_models.asr.engine import Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.recogniser import Listened, SoFar
from nearfield_models.grammar import Grammar
from nearfield_models.pcm import Samples
from tests.fakes.asr import ScriptedAsr


class NotingListener:
    """Notes what it is told; hears nothing in particular."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def change(self, grammar: Grammar) -> None:
        self.told.append(grammar)

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
        self.told.append(contexts)
        return Listened(transcript=Hypothesis(text="heard"), readings=())

    def warm_up(self) -> None:
        """Nothing to warm."""


def test_what_may_be_said_is_told_before_the_sound_it_was_expected_for() -> None:
    listener = NotingListener()
    expected = Expected(grammar=Grammar(skills=()), contexts=({"asked": "confirm"},))
    hearing = Hearing(asr=ScriptedAsr(), sentences=listener, expected=lambda: expected)
    heard = hearing.hear(
        np.zeros(1_600, np.float32),
        expected,
        so_far=None,
        is_whole=True,
        wake_phrase=None,
        cancellation=Cancellation(),
    )
    assert heard.transcript.text == "heard"
    assert listener.told == [expected.grammar, expected.contexts]
    assert listener.told[0] is expected.grammar


class OtherListener(NotingListener):
    """Hears something that is no sentence."""

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
        text = "what is the capital of france"
        return Listened(transcript=Hypothesis(text=text), readings=(), is_other=is_other(text))


def test_a_question_that_is_no_sentence_is_written_down_anew_without_a_grammar() -> None:
    expected = Expected(grammar=Grammar(skills=()), contexts=({},))
    asr = ScriptedAsr(["What is the capital of France?"])
    hearing = Hearing(asr=asr, sentences=OtherListener(), expected=lambda: expected)
    heard = hearing.hear(
        np.full(1_600, 0.1, np.float32),
        expected,
        so_far=None,
        is_whole=True,
        wake_phrase=None,
        cancellation=Cancellation(),
    )
    assert heard.transcript.text == "What is the capital of France?"
