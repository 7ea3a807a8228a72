"""Whether the site's own wake phrases can be heard, and told from other talk."""

from __future__ import annotations

import unicodedata
from typing import Final

from nearfield_edge.configuration import Configuration
from nearfield_edge.doctor.findings import Finding
from nearfield_models.grammar.words import split_words
from nearfield_models.phonetics.pronunciation import is_in_lexicon
from nearfield_models.wake.phrase_spelling import is_short

LANGUAGE: Final = "en"
"""Of the recogniser that phrases are asked of."""
_SHORTEST_HALF: Final = 3
_TRY: Final = "`nearfield wake try` shows what it scores when it is said"


def wake_phrases(configuration: Configuration) -> list[Finding]:
    """Look at each phrase that is to wake the device; the first thing wrong with it is told.

    Raises:
        RuntimeMissingError: The lexicon is not installed.
    """
    wake = configuration.wake
    if wake.mode != "wake":
        return []
    return [_wake_phrase(phrase, configuration.engines.asr_engine) for phrase in wake.phrase]


def _wake_phrase(phrase: str, asr_engine: str) -> Finding:
    name = f"wake phrase {phrase!r}"
    if asr_engine != "moonshine":
        return Finding(
            name=name,
            status="fail",
            found=f"the recogniser {asr_engine} cannot be asked for a phrase",
            mend='set engines.asr_engine = "moonshine", or wake by wake.packs',
        )
    if is_short(phrase):
        return Finding(
            name=name,
            status="warn",
            found="so short a phrase is heard in many other words and in noise",
            mend="take two words or a longer one; `nearfield wake try` shows what it scores in other talk",
        )
    foreign = [word for word in phrase.split() if not _is_latin(word)]
    if foreign:
        return Finding(
            name=name,
            status="warn",
            found=f"an English recogniser hardly ever writes {_listed(foreign)}",
            mend=f"write it in Latin letters, as an English speaker would; {_TRY}",
        )
    unknown = [word.text for word in split_words(phrase, LANGUAGE) if not _is_english(word.text)]
    if unknown:
        return Finding(
            name=name,
            status="warn",
            found=f"no English lexicon has {_listed(unknown)}, so the recogniser may write something else",
            mend=f"take words that people know, or be sure that it is heard; {_TRY}",
        )
    return Finding(name=name, status="ok", found="needs no model of its own")


def _is_latin(word: str) -> bool:
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in word if letter.isalpha())


def _is_english(word: str) -> bool:
    """Whether a word is in the lexicon, accents aside, or made of two that are and may be written so."""
    decomposed = unicodedata.normalize("NFD", word)
    word = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    places = range(_SHORTEST_HALF, len(word) - _SHORTEST_HALF + 1)
    halves = ((word[:place], word[place:]) for place in places)
    return is_in_lexicon(word, LANGUAGE) or any(
        is_in_lexicon(left, LANGUAGE) and is_in_lexicon(right, LANGUAGE) for left, right in halves
    )


def _listed(words: list[str]) -> str:
    return " and ".join(f"'{word}'" for word in words)
