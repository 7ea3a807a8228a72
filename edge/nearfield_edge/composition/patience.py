"""How patient the device is: the turn engine's limits out of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nearfield_edge.configuration import Configuration
from nearfield_edge.turn.endpoint import EndpointSettings
from nearfield_edge.turn.state import Mode, TurnSettings
from nearfield_edge.turn.stop_words import spelled

_PATIENCE: Final[Mapping[str, float]] = {"patient": 1.5, "normal": 1.0, "brisk": 0.75}
_JUDGE_AT_MS: Final = (100, 350, 700)
"""Silence after which it is judged how finished somebody sounds: the longer it is, the surer that is."""


_ECHO_MS: Final = 200
"""The longest stretch of speech that is heard in what is left of an echo; decision 0015 says where."""


def turn_settings(
    configuration: Configuration, *, loudspeaker: bool, cancels_echo: bool = False
) -> TurnSettings:
    """The turn engine's limits.

    With a loudspeaker the device is half duplex, unless its echo is cancelled: then what is said over a reply
    must last longer than what may be left of it.
    """
    turn = configuration.turn
    deaf = loudspeaker and not cancels_echo
    return TurnSettings(
        mode=Mode(configuration.wake.mode),
        endpoint=EndpointSettings(
            end_silence_ms=turn.end_silence_ms,
            patience=_PATIENCE[turn.profile],
            no_speech_ms=turn.no_speech_ms,
            longest_turn_ms=turn.longest_turn_ms,
        ),
        pre_roll_ms=turn.pre_roll_ms,
        post_roll_ms=turn.post_roll_ms,
        judge_at_ms=_JUDGE_AT_MS if turn.pack else (),
        answer_ahead=turn.answer_ahead,
        most_guesses=turn.most_guesses,
        partial_every_ms=turn.partial_every_ms,
        reopen_ms=turn.reopen_ms,
        follow_up_ms=turn.follow_up_ms,
        think_ms=turn.think_ms,
        longest_reply_ms=turn.longest_reply_ms,
        barge_in=turn.barge_in,
        join_ms=_ECHO_MS if loudspeaker else 0,
        overlap_ms=_ECHO_MS,
        stop_words=tuple(spelled(word) for word in turn.stop_words),
        half_duplex=deaf if turn.half_duplex is None else turn.half_duplex,
    )
