"""Whether the words so far are a sentence: what the end of a turn is judged by, among other things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nearfield_edge.turn.content import Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.understanding.questions import is_question
from nearfield_models.grammar import Grammar, match_text, may_go_on

Context = Mapping[str, str]


def sentence_in(
    transcript: Transcript, grammar: Grammar, contexts: Sequence[Context], *, sure: float, near: float
) -> Sentence:
    """What the words of an utterance that may be over are to the grammar.

    Args:
        transcript: What was heard so far.
        grammar: What can be said.
        contexts: What is known of the conversation, the latest thread first.
        sure: The confidence from which a reading is taken for what was said.
        near: That from which it may have been.
    """
    found = _found(transcript, grammar, contexts, sure)
    if found is None:
        readings = transcript.readings or ()
        far = all(reading.confidence < near for reading in readings[:1])
        return Sentence.QUESTION if far and is_question(transcript.text) else Sentence.NONE
    skill, text, context = found
    return Sentence.OPEN if may_go_on(grammar, skill, text, context=context) else Sentence.WHOLE


def _found(
    transcript: Transcript, grammar: Grammar, contexts: Sequence[Context], sure: float
) -> tuple[str, str, Context] | None:
    if transcript.readings is not None:
        best = transcript.readings[0] if transcript.readings else None
        if best is None or best.confidence < sure:
            return None
        return best.match.skill, best.text, contexts[min(best.context, len(contexts) - 1)]
    for context in contexts:
        for match in match_text(grammar, transcript.text, context=context, limit=1):
            return match.skill, transcript.text, context
    return None
