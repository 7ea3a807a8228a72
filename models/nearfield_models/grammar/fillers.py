"""What people wrap around a command without meaning anything by it.

At the ends whole phrases are absorbed ("hi, could I please ...", "... thanks"), in the middle only sounds of
hesitation and politeness. A language without a table has only the phrases that a skill's ``skip_words`` add.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

ANYWHERE: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset({"please", "um", "umm", "uh", "uhm", "er", "erm", "hmm", "mm"}),
}
"""By language: single words that may stand between any two others."""

AT_THE_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "hi", "hello", "hey", "hi there", "hello there", "hey there", "good morning", "good afternoon",
        "good evening", "excuse me", "okay", "all right", "right", "so", "well", "oh", "ah", "yes", "yeah",
        "and", "also", "plus", "actually", "just", "then", "now", "can you", "could you", "would you",
        "will you", "can i", "could i", "may i", "i want to", "i would like to", "we would like to",
        "i need to", "let me", "let 's", "if you can", "if possible", "for me", "for us", "thanks",
        "thank you",
        "thank you very much", "thanks a lot", "many thanks", "cheers",
    ),
}  # fmt: skip
"""By language: phrases before or after a command, in normalised words."""


def hesitation_words(language: str) -> frozenset[str]:
    """Words that may stand between any two others."""
    return ANYWHERE.get(language.split("-")[0], frozenset())


def filler_phrases(language: str, also: Iterable[tuple[str, ...]] = ()) -> frozenset[tuple[str, ...]]:
    """Phrases that are absorbed at the ends, and those of a skill's own."""
    usual = (tuple(phrase.split()) for phrase in AT_THE_ENDS.get(language.split("-")[0], ()))
    return frozenset([*usual, *((word,) for word in hesitation_words(language)), *also])


def between_fillers(
    words: Sequence[str], phrases: Collection[tuple[str, ...]]
) -> tuple[frozenset[int], frozenset[int]]:
    """Where a sentence may begin and where it may end: places with nothing but phrases before, or behind.

    A place is the number of the words before it.
    """
    longest = max(map(len, phrases), default=0)

    def behind(place: int) -> set[int]:
        lengths = range(1, min(longest, len(words) - place) + 1)
        return {place + length for length in lengths if tuple(words[place : place + length]) in phrases}

    begins, ends = {0}, {len(words)}
    for place in range(len(words)):
        if place in begins:
            begins |= behind(place)
    for place in reversed(range(len(words))):
        if ends & behind(place):
            ends.add(place)
    return frozenset(begins), frozenset(ends)
