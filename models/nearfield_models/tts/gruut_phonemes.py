"""Phonemes from gruut: MIT, in Python, with a lexicon that spells as espeak-ng does.

gruut looks each word up by a scan of its whole lexicon, since the table has no index; so an index of it is
made in memory when a language is loaded.

Source: rhasspy/gruut 2.4.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import apsw

from nearfield_models.errors import EngineError, RuntimeMissingError

_MIXED: Final = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d_])(?!\d+(?:st|nd|rd|th|am|pm|s)\b)\w+\b", re.IGNORECASE)
_PART: Final = re.compile(r"\d+|[^\W\d_]+")
_HALF_DAY: Final = re.compile(r"(?<=\d)\s+(?=[ap]m\b)", re.IGNORECASE)
_LONGEST_WHOLE_NUMBER: Final = 3
_PAUSES: Final = (",", ";", ":")
_ENDS: Final = (".", "!", "?")


class GruutPhonemiser:
    """Pronounces by lexicon, and guesses words that it lacks."""

    def __init__(self, language: str = "en-us") -> None:
        """Load the language; its larger parts are loaded when first needed.

        Raises:
            RuntimeMissingError: gruut, or its data for this language, is not installed.
        """
        try:
            from gruut.lang import get_settings
            from gruut.text_processor import TextProcessor
            from gruut.utils import find_lang_dir
        except ImportError as error:
            raise RuntimeMissingError(
                "gruut is not installed: install the extra with `pip install 'nearfield[models]'`"
            ) from error
        folder = find_lang_dir(language)
        if folder is None:
            raise RuntimeMissingError(
                f"gruut has no data for {language}: install it with `pip install gruut-lang-{language[:2]}`"
            )
        self._language = language
        lexicon = _Lexicon(Path(folder) / "espeak" / "lexicon.db")
        settings = get_settings(language, model_prefix="espeak", lookup_phonemes=lexicon)
        self._processor: Any = TextProcessor(
            default_lang=language, model_prefix="espeak", settings={language: settings}
        )

    def sentences(self, text: str) -> Iterator[tuple[str, ...]]:
        """Yield the phonemes of one sentence after the other; text without a word yields nothing.

        Raises:
            EngineError: gruut failed on the text.
        """
        try:
            graph, root = self._processor(spell_out(text), lang=self._language)
            spoken = list(self._processor.sentences(graph, root))
        except Exception as error:  # gruut raises what its many parts raise
            raise EngineError(f"gruut cannot pronounce a text of {len(text)} characters: {error}") from error
        for sentence in spoken:
            phonemes = _joined(sentence.words)
            if any(phoneme.isalpha() for phoneme in phonemes):
                yield phonemes


def spell_out(text: str) -> str:
    """Part letters from digits in what mixes them (``B2``, ``guest1234``), which gruut cannot guess.

    Longer runs of digits in such a word are read digit by digit, and its capitals letter by letter. Times
    of day are joined (``3 pm``), as gruut knows them.
    """
    return _MIXED.sub(lambda match: " ".join(_parts(match.group())), _HALF_DAY.sub("", text))


def _parts(word: str) -> Iterator[str]:
    for part in _PART.findall(word):
        if part.isdigit() and (len(part) > _LONGEST_WHOLE_NUMBER or part.startswith("0")):
            yield from part
        elif part.isupper():
            yield " ".join(part)
        else:
            yield part


def _joined(words: Iterable[Any]) -> tuple[str, ...]:
    spelt: list[str] = []
    for word in words:
        if word.is_break:
            mark = word.text.strip()[:1]
            spelt.append(mark if mark in _PAUSES + _ENDS else "")
        elif word.phonemes:
            spelt += [" " if spelt else "", *word.phonemes]
    return tuple(unicodedata.normalize("NFD", "".join(spelt)))


class _Lexicon:
    """gruut's ``lookup_phonemes``: an index of words in memory, their pronunciations in gruut's file."""

    def __init__(self, path: Path) -> None:
        self._database = apsw.Connection(":memory:", flags=_FLAGS)
        try:
            self._database.execute("ATTACH DATABASE ? AS gruut", (f"{path.resolve().as_uri()}?mode=ro",))
            self._database.execute(
                "CREATE TABLE places (word TEXT, id INTEGER, PRIMARY KEY (word, id)) WITHOUT ROWID;"
                "INSERT INTO places SELECT word, id FROM gruut.word_phonemes"
            )
        except apsw.Error as error:
            raise RuntimeMissingError(
                f"gruut's lexicon {path} cannot be read: install gruut again"
            ) from error

    def __call__(self, word: str, role: str | None = None, do_transforms: bool = True) -> list[str] | None:
        """Give a word's phonemes in a role, in any role, or None where the lexicon lacks it."""
        forms = [word]
        if do_transforms:
            forms += [word.lower(), re.sub(r"\W+", "", word), re.sub(r"\W+", "", word.lower())]
        for form in dict.fromkeys(forms):
            if roles := self._roles(form):
                return (roles.get(role or "") or roles.get("") or next(iter(roles.values()))).split()
        return None

    def _roles(self, word: str) -> dict[str, str]:
        """The likeliest pronunciation in each role, the role of the likeliest first."""
        roles: dict[str, str] = {}
        for role, phonemes in self._database.execute(_PRONUNCIATIONS, (word,)):
            roles.setdefault(str(role), str(phonemes))
        return roles


_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
_PRONUNCIATIONS: Final = (
    "SELECT role, phonemes FROM places JOIN gruut.word_phonemes AS told ON told.id = places.id "
    "WHERE places.word = ? ORDER BY pron_order"
)
