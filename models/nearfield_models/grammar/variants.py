"""Words that are said or written in more than one way and mean the same: one table a language.

``READ_AS`` gives a written form its plain words: ``I'd`` is ``i would``, ``cannot`` is ``can not``,
``minutes`` is ``minute``. Normalisation replaces the form by its words in templates, list values and
transcripts alike, so that no template need list them. A speech decoder and a comparison by sound need the
forms themselves, since ``I'd`` is not spoken like ``I would``: where an automaton reads the words, it reads
the spoken form as well (``spoken_forms_of``). That takes arcs, but no states.

A noun outside the table keeps its number: which list values are counted only their author knows
(``countable``), and ``plural`` says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

Words = tuple[str, ...]

_CLITICS: Final[Mapping[str, tuple[str, str]]] = {
    "'m": ("am", "i"),
    "'re": ("are", "you we they what where who there"),
    "'s": ("is", "what who where when how why that it there here he she"),
    "'ve": ("have", "i you we they would could should might"),
    "'ll": ("will", "i you he she it we they that there what who"),
    "'d": ("would", "i you he she it we they that there who what"),
    "n't": ("not", "do does did is are was were would could should have has had must need"),
}
"""An ending, the word that it stands for, and the words that it is written with. After other words ``'s`` is
a possessive, and a word of its own."""

_OTHERS: Final[Mapping[str, Words]] = {
    "can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"),
    "gonna": ("going", "to"), "wanna": ("want", "to"), "gotta": ("got", "to"), "gimme": ("give", "me"),
    "lemme": ("let", "me"), "ok": ("okay",), "alright": ("all", "right"), "anyone": ("any", "one"),
    "everyone": ("every", "one"), "someone": ("some", "one"), "goodbye": ("good", "bye"),
}  # fmt: skip

_UNITS: Final = "second minute hour day week month year degree percent ounce dollar pound euro cent".split()  # noqa: SIM905
"""Units of measure: "two minute", "a two minutes timer" and "two minutes" are the same."""

_WRITTEN_ONLY: Final[Mapping[str, Words]] = {
    "oz": ("ounce",), "whats": ("what", "is"), "wheres": ("where", "is"), "hows": ("how", "is"),
    "thats": ("that", "is"), "dont": ("do", "not"), "cant": ("can", "not"), "im": ("i", "am"),
}  # fmt: skip
"""Forms that are not heard: abbreviations, and contractions without their apostrophe."""


def _plural_of(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


_SPOKEN: Final[Mapping[str, Words]] = {
    **{host + ending: (host, word) for ending, (word, hosts) in _CLITICS.items() for host in hosts.split()},
    **_OTHERS,
    **{_plural_of(unit): (unit,) for unit in _UNITS},
}

READ_AS: Final[Mapping[str, Mapping[str, Words]]] = {"en": {**_SPOKEN, **_WRITTEN_ONLY}}
"""By language: the plain words of a written form, in normalised letters. No form is among the words."""


@cache  # a table of constants
def spoken_forms_of(language: str) -> Mapping[str, tuple[tuple[Words, str], ...]]:
    """Give the forms that sound unlike their words, by the first of these words: the words, and the form."""
    found: dict[str, tuple[tuple[Words, str], ...]] = {}
    if language.split("-")[0] == "en":
        for form, words in _SPOKEN.items():
            found[words[0]] = (*found.get(words[0], ()), (words, form))
    return found


def read_as(language: str) -> Mapping[str, Words]:
    """The plain words of each written form of a language; empty where there is no table."""
    return READ_AS.get(language.split("-")[0], {})


def plural(word: str, language: str) -> str | None:
    """A noun's regular plural; None for what seems to be one, or where the language has no rule here."""
    if not language.startswith("en") or len(word) < 3 or (word.endswith("s") and not word.endswith("ss")):
        return None
    return _plural_of(word)
