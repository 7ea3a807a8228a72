"""A sentence that says what was guessed, so that the device can ask whether it was meant.

What was said is no sentence; but of the skill's own sentences some mean the guess. Of these the shortest is
told, with words that were said where there is a choice. Said in its place it would be understood as the guess
and nothing else: so a "yes" to it confirms what will be done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import islice
from typing import Final

from nearfield_models.grammar import Grammar, GrammarMatch, match_text
from nearfield_models.grammar.automaton import START, Automaton
from nearfield_models.grammar.conditions import possible_blocks
from nearfield_models.grammar.grammar import SkillGrammar
from nearfield_models.grammar.lists import PhraseList
from nearfield_models.grammar.sampling import written
from nearfield_models.grammar.words import split_words
from nearfield_sync.messages.turn_record import Alternative, Json, Understanding

Context = Mapping[str, str]
Words = tuple[str, ...]
Way = tuple[int, ...]
"""Which arc was taken at each step: of what costs the same, what the author wrote first goes first."""
_SAID_COST: Final = 1
"""Of a word that was said too: to read all of them back would bring in some that mean nothing here."""
_ADDED_COST: Final = 4
_MOST_STEPS: Final = 50_000
_MOST_TRIES: Final = 8


def told(
    grammar: Grammar, guess: Understanding, said: str, contexts: Sequence[Context]
) -> Alternative | None:
    """Give a sentence that means a guess; takes some milliseconds, more where it has many values.

    Args:
        grammar: What can be said at the moment.
        guess: With the values as a sentence gives them, before the conversation is asked what they stand for.
        said: The transcript, whose words are preferred.
        contexts: What is known of the conversation, the latest thread first.

    Returns:
        None where no sentence means just that: one would need a word that is in no list, or another value.
    """
    skill = next(known for known in grammar.skills if known.skill == guess.skill)
    heard = tuple(word.text for word in split_words(said, skill.language))
    for context in contexts:
        sentences = _Sentences(skill, guess, heard, context).cheapest_first()
        for words in islice(sentences, _MOST_TRIES):
            text = _for_reading(words, skill.language)
            match = _understood(grammar, text, contexts)
            if match is not None and _means(match, guess):
                return Alternative(
                    intent=match.intent,
                    skill=match.skill,
                    said=text,
                    slots=dict(guess.slots),
                    words={name: slot.text for name, slot in match.slots.items() if slot.text},
                    confidence=guess.confidence,
                )
    return None


def _understood(grammar: Grammar, text: str, contexts: Sequence[Context]) -> GrammarMatch | None:
    """What a sentence would be understood as, by whoever says it now."""
    for context in contexts:
        matches = match_text(grammar, text, context=context, limit=1)
        if matches:
            return matches[0]
    return None


def _means(match: GrammarMatch, guess: Understanding) -> bool:
    slots = {name: slot.value for name, slot in match.slots.items()}
    same = (match.skill, match.intent, slots) == (guess.skill, guess.intent, guess.slots)
    return same and match.is_as_expected


def _for_reading(words: Words, language: str) -> str:
    english = language.split("-")[0] == "en"
    return written("I" if english and word == "i" else word for word in words)


class _Sentences:
    """The sentences of one intent that read given values, by a search for the cheapest way.

    Args:
        skill: Whose sentences.
        guess: Its intent, and the values that a sentence must read or fix.
        heard: The words that were said.
        context: What is known of the conversation.
    """

    def __init__(self, skill: SkillGrammar, guess: Understanding, heard: Words, context: Context) -> None:
        self._skill = skill
        self._wanted = guess.slots
        self._heard = heard
        self._said = frozenset(heard)
        self._context = context
        possible = possible_blocks(skill, context)
        self._blocks = sum(
            1 << number
            for number, block in enumerate(skill.blocks)
            if block.intent == guess.intent and possible >> number & 1
        )
        self._values: dict[tuple[int, str], Words | None] = {}

    def cheapest_first(self) -> Iterator[Words]:
        """Give the words of sentences."""
        waiting: list[tuple[int, Way, int, frozenset[str], Words]] = [(0, (), START, frozenset(), ())]
        seen: set[tuple[int, frozenset[str]]] = set()
        for _ in range(_MOST_STEPS):
            if not waiting:
                return
            cost, way, state, filled, words = heappop(waiting)
            if (state, filled) in seen:
                continue
            seen.add((state, filled))
            if self._is_whole(state, filled):
                yield words
            for number, (more, target, slot) in enumerate(self._steps(state, filled)):
                after = filled if slot is None else filled | {slot}
                reached = cost + sum(_SAID_COST if word in self._said else _ADDED_COST for word in more)
                heappush(waiting, (reached, (*way, number), target, after, words + more))

    def _steps(self, state: int, filled: frozenset[str]) -> Iterator[tuple[Words, int, str | None]]:
        automaton, open_blocks = self._skill.automaton, self._skill.open_blocks
        for word, target in automaton.words[state].items():
            contracted = "'" in word.removeprefix("'")  # the whole words can be read as well, and read better
            if open_blocks[target] & self._blocks and not contracted:
                yield (word,), target, None
        for reference, target in automaton.lists[state]:
            place = self._skill.references[reference]
            if place.slot in self._wanted and place.slot not in filled and open_blocks[target] & self._blocks:
                value = self._value(place.list_index, place.slot)
                if value is not None:
                    yield value, target, place.slot

    def _is_whole(self, state: int, filled: frozenset[str]) -> bool:
        """Whether some sentence ends here that gives all that is wanted, by its words or of itself."""
        for template in self._skill.automaton.endings[state]:
            number = self._skill.templates[template].block
            block = self._skill.blocks[number]
            known = {slot: self._context.get(key) for slot, key in block.context_slots.items()}
            fixed = {**block.slots, **known}
            read = {slot: self._wanted[slot] for slot in filled}
            if self._blocks >> number & 1 and {**fixed, **read} == self._wanted:
                return True
        return False

    def _value(self, list_index: int, slot: str) -> Words | None:
        key = (list_index, slot)
        if key not in self._values:
            phrases, value = self._skill.lists[list_index], self._wanted[slot]
            self._values[key] = words_for(phrases, value, self._heard, self._skill.language)
        return self._values[key]


def words_for(phrases: PhraseList, value: Json, heard: Words, language: str) -> Words | None:
    """What is said for a value of a list: what was said, or its own name, or else the fewest words.

    Args:
        phrases: The list.
        value: What the slot holds.
        heard: The words that were said.
        language: Of the sentences.

    Returns:
        None where the list has no such value, and where it takes any words: those were checked by nothing.
    """
    automaton = phrases.automaton
    meanings = frozenset(
        number
        for number, meaning in enumerate(phrases.meanings)
        if type(meaning.value) is type(value) and meaning.value == value
    )
    if automaton is None or not meanings:
        return None
    name = tuple(word.text for word in split_words(str(value), language))
    known = [_read(automaton, words, meanings) for words in (*(heard[at:] for at in range(len(heard))), name)]
    return max(known[:-1], key=len, default=()) or known[-1] or _shortest(automaton, meanings)


def _read(automaton: Automaton, words: Words, meanings: frozenset[int]) -> Words:
    """The most words, from the first on, that say one of the meanings; none if they do not."""
    state, longest = START, 0
    for place, word in enumerate(words):
        if word not in automaton.words[state]:
            break
        state = automaton.words[state][word]
        if not meanings.isdisjoint(automaton.endings[state]):
            longest = place + 1
    return words[:longest]


def _shortest(automaton: Automaton, meanings: frozenset[int]) -> Words | None:
    ways: dict[int, Words] = {START: ()}
    for state in (waiting := [START]):  # grows while it is read
        if not meanings.isdisjoint(automaton.endings[state]):
            return ways[state]
        for word, target in automaton.words[state].items():
            if target not in ways:
                ways[target] = (*ways[state], word)
                waiting.append(target)
    return None
