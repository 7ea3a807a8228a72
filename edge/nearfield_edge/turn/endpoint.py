"""The end of a turn, as one pure function of what was heard so far.

Silence alone cannot tell whether somebody has finished: people pause longer within an order than between two
turns. So the silence that ends a turn depends on what else is known of it: whether the words so far are a
sentence, whether sentences go on behind them, and how finished the person sounds. All of it is evidence of
the moment; what is not known counts as such, and silence alone decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EndReason(StrEnum):
    """Why nobody is listened to any longer."""

    SILENCE = "silence"
    """Speech, then long enough nothing."""
    RELEASED = "released"
    """The talk button came up."""
    LONGEST = "longest"
    """The turn reached its greatest length."""
    NO_SPEECH = "no_speech"
    """Nobody said anything."""


class Sentence(StrEnum):
    """What the words before a silence are to the grammar."""

    UNKNOWN = "unknown"
    """They are not known yet."""
    NONE = "none"
    """No sentence, or not surely one: a beginning, or talk of another kind."""
    QUESTION = "question"
    """No sentence and near none, but what may be a whole question."""
    OPEN = "open"
    """A sentence that others go on behind."""
    WHOLE = "whole"
    """A sentence that none goes on behind."""


_BIAS: Final = 0.9
_BY_SENTENCE: Final[Mapping[Sentence, float]] = {
    Sentence.UNKNOWN: -2.0,
    Sentence.NONE: -3.5,
    Sentence.QUESTION: -1.5,
    Sentence.OPEN: 0.0,
    Sentence.WHOLE: 1.5,
}
_COMMA: Final = -1.75
_SOUND: Final = 0.4
"""Of the logarithm of the odds that the end-of-turn detector gives."""
_LEAST_SURE: Final = 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What the decision looks at."""

    has_speech: bool
    trailing_silence_ms: int
    """Since speech was last heard, or since listening began."""
    turn_ms: int
    """Since the turn was opened."""
    talk_held: bool
    talk_released: bool
    sentence: Sentence = Sentence.UNKNOWN
    comma: bool = False
    """Whether the recogniser wrote a comma behind the last word: it heard that the sentence goes on."""
    completeness: float | None = None
    """How finished the person sounds in the present silence, 0..1; None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """The limits of patience, in milliseconds."""

    end_silence_ms: int = 500
    """Silence that ends a turn of which nothing else is known."""
    steps: tuple[tuple[float, int], ...] = ((1.65, 180), (0.3, 400))
    """Odds that the person has finished (natural logarithm), and the silence that is enough with them; the
    best first."""
    longest_silence_ms: int = 1_300
    """Silence that ends every turn: longer than most people pause within one."""
    question_silence_ms: int = 800
    """Silence that ends every turn whose words may be a whole question."""
    patience: float = 1.0
    """Factor of all silences that end a turn."""
    no_speech_ms: int = 5_000
    longest_turn_ms: int = 20_000


def end_of_turn(heard: Listening, settings: EndpointSettings) -> EndReason | None:
    """Say whether listening ends now, and why; None means go on listening."""
    if heard.talk_released:
        return EndReason.RELEASED if heard.has_speech else EndReason.NO_SPEECH
    if heard.turn_ms >= settings.longest_turn_ms:
        return EndReason.LONGEST if heard.has_speech else EndReason.NO_SPEECH
    if heard.talk_held:
        return None
    if heard.has_speech and heard.trailing_silence_ms >= silence_needed_ms(heard, settings):
        return EndReason.SILENCE
    if not heard.has_speech and heard.trailing_silence_ms >= settings.no_speech_ms:
        return EndReason.NO_SPEECH
    return None


def silence_needed_ms(heard: Listening, settings: EndpointSettings) -> float:
    """How much silence ends the turn, by what is known of it now."""
    odds = finished_odds(heard)
    if odds is None:
        return settings.end_silence_ms * settings.patience
    enough = (silence_ms for least, silence_ms in settings.steps if odds >= least)
    longest_ms = settings.longest_silence_ms
    if heard.sentence is Sentence.QUESTION and not heard.comma:
        longest_ms = min(longest_ms, settings.question_silence_ms)
    return next(enough, longest_ms) * settings.patience


def finished_odds(heard: Listening) -> float | None:
    """The logarithm of the odds that the person has finished; None where neither words nor sound tell.

    Source: logistic regressions over ends of orders and pauses put into them, which ``python -m tools.bench
    turns --fit`` makes for one condition. The weights are rounded, between that of clean sound and one of
    development with kitchen noise at 6 dB in it. ``WHOLE``, ``QUESTION`` and
    ``UNKNOWN`` were chosen.
    """
    if heard.sentence is Sentence.UNKNOWN and heard.completeness is None:
        return None
    odds = _BIAS + _BY_SENTENCE[heard.sentence]
    if heard.comma:
        odds += _COMMA
    if heard.completeness is not None:
        share = min(max(heard.completeness, _LEAST_SURE), 1 - _LEAST_SURE)
        odds += _SOUND * math.log(share / (1 - share))
    return odds
