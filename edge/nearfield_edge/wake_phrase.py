"""Taking the wake phrase off the front of a request that was said in one breath with it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_LEAST_LIKENESS = 0.66
_WORDS_BEFORE = 3
_WORD = re.compile(r"\S+")


def without_wake_phrase(text: str, phrase: str) -> str:
    """Give what follows the wake phrase, or the whole text where nothing in front resembles it.

    The recogniser spells a wake phrase as it hears it ("Okay, Naboo."), and may have caught the end of what
    was said before; so the likest stretch among the first words counts.
    """
    words = list(_WORD.finditer(text))
    wanted = _letters(phrase)
    longest = len(phrase.split()) + 1
    best, cut = _LEAST_LIKENESS, 0
    for start in range(min(_WORDS_BEFORE + 1, len(words))):
        for stop in range(start + 1, min(start + longest, len(words)) + 1):
            spoken = _letters(text[words[start].start() : words[stop - 1].end()])
            likeness = SequenceMatcher(None, spoken, wanted, autojunk=False).ratio()
            if likeness > best:
                best, cut = likeness, words[stop - 1].end()
    return text[cut:].lstrip(" ,.!?-")


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
