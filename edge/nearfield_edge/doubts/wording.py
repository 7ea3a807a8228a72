"""The question, in the words that were heard: only those that the skill's sentences expect, and not many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from nearfield_edge import phrases
from nearfield_edge.doubts.asking import Inquiry
from nearfield_edge.doubts.doubt import Doubt, Meaning
from nearfield_edge.skills.conversation import PREVIOUS
from nearfield_models.grammar import Grammar, GrammarMatch, match_text
from nearfield_models.grammar.fillers import between_fillers, filler_phrases, hesitation_words
from nearfield_models.grammar.grammar import SkillGrammar
from nearfield_models.grammar.words import Word, split_words
from nearfield_sync.messages.turn_record import Alternative

MOST_WORDS: Final = 20
"""Of a sentence that is read back; nobody listens to more."""
MOST_VALUE_WORDS: Final = 6
_MOST_TRIES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuestion:
    """What the device asks because it is not sure."""

    text: str
    """To be spoken."""
    source: str
    """Which phrase it is: ``did_you_say`` or ``did_you_mean``."""
    doubt: Doubt
    """To be remembered."""


def question_about(
    inquiry: Inquiry, grammar: Grammar, contexts: Sequence[Mapping[str, str]]
) -> OwnQuestion | None:
    """Word a question; takes a few milliseconds.

    Free text is never read aloud, for it was checked against nothing, nor is a sentence that corrects itself.

    Args:
        inquiry: What to ask.
        grammar: In which it was understood.
        contexts: What was known of the conversation.

    Returns:
        None where there is nothing to ask, or it cannot be put in a few words.
    """
    skills = {skill.skill: skill for skill in grammar.skills}
    if not inquiry.candidates or inquiry.candidates[0].skill not in skills:
        return None
    skill = skills[inquiry.candidates[0].skill]
    if inquiry.slot is not None and not _is_free(skill, inquiry.slot):
        values = [each.words[inquiry.slot] for each in inquiry.candidates]
        if all(len(split_words(value, skill.language)) <= MOST_VALUE_WORDS for value in values):
            doubt = Doubt(meanings=tuple(map(_meaning, inquiry.candidates, values)))
            text = phrases.did_you_say(*values)
            return OwnQuestion(text=text, source="did_you_say", doubt=doubt)
    best = inquiry.candidates[0]
    sentence = _without_fillers(best, skill, contexts)
    if sentence is None or len(split_words(sentence, skill.language)) > MOST_WORDS:
        return None
    doubt = Doubt(meanings=(_meaning(best, sentence),))
    return OwnQuestion(text=phrases.did_you_mean(sentence), source="did_you_mean", doubt=doubt)


def _meaning(heard: Alternative, words: str) -> Meaning:
    return Meaning(skill=heard.skill, intent=heard.intent, slots=heard.slots, words=words)


def _is_free(skill: SkillGrammar, slot: str) -> bool:
    """Whether a slot takes any words."""
    return any(
        reference.slot == slot and skill.lists[reference.list_index].automaton is None
        for reference in skill.references
    )


def _without_fillers(
    heard: Alternative, skill: SkillGrammar, contexts: Sequence[Mapping[str, str]]
) -> str | None:
    """The sentence without what means nothing; None where some of the rest is expected by no template."""
    words = split_words(heard.said, skill.language)
    hesitations = hesitation_words(skill.language)
    begins, ends = between_fillers(
        [word.text for word in words], filler_phrases(skill.language, skill.skip_phrases)
    )
    stretches = product(sorted(begins, reverse=True), sorted(ends))
    for begin, end in islice(((b, e) for b, e in stretches if b < e), _MOST_TRIES):
        inner = range(begin, end)
        fluent = [at for at in inner if words[at].text not in hesitations]
        for kept in (inner, fluent):
            text = _text_of(heard.said, words, kept)
            if any(_says(match, heard) for match in _matches(skill, text, contexts)):
                return text
    return None


def _matches(skill: SkillGrammar, text: str, contexts: Sequence[Mapping[str, str]]) -> list[GrammarMatch]:
    alone = Grammar(skills=(skill,))
    return [match for context in contexts for match in match_text(alone, text, context=context, limit=1)]


def _says(match: GrammarMatch, heard: Alternative) -> bool:
    """Whether a match says what was heard, and every word of it was expected."""
    words = {name: slot.text for name, slot in match.slots.items() if slot.text}
    if match.intent != heard.intent or words != heard.words or not match.is_as_expected:
        return False
    fixed = {name: slot.value for name, slot in match.slots.items() if slot.value != PREVIOUS}
    return all(heard.slots.get(name) == value for name, value in fixed.items())


def _text_of(said: str, words: Sequence[Word], kept: Sequence[int]) -> str:
    """Some words of a text as they stand there, with what stands between neighbours."""
    text = ""
    for place, at in enumerate(kept):
        word = words[at]
        if place == 0:
            text = said[word.start : word.end]
        elif at - 1 != kept[place - 1]:
            text += " " + said[word.start : word.end]
        else:  # words spelled out of one number share their stretch
            text += said[words[at - 1].end : word.end]
    return text
