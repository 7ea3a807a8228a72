"""Words as phones: gruut's lexicon, its guess for words that it lacks, and letters where it has no data.

The lexicon is copied into memory with an index, since its table has none and a look-up scans it all (11 ms
here; a third of a second and some 10 MB for the copy). ``load_pronunciations`` does so before anybody speaks.

Source: rhasspy/gruut 2.4.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import apsw

from nearfield_models.errors import RuntimeMissingError
from nearfield_models.phonetics.phones import Phone, plain_phones

MOST_REMEMBERED_WORDS: Final = 65_536
_DIALECTS: Final = {"en": "en-us"}


def load_pronunciations(language: str) -> None:
    """Load what ``phones_of`` needs for a language, once; takes about two seconds for English.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    _lexicon(language.casefold().replace("_", "-").split("-")[0])


@lru_cache(maxsize=MOST_REMEMBERED_WORDS)
def phones_of(word: str, language: str) -> tuple[Phone, ...]:
    """Say how a word is pronounced; a word without any letter gives nothing.

    A language for which gruut has no data is spelled: its letters are taken for phones.

    Args:
        word: Normalised, as ``split_words`` gives it.
        language: Code such as ``en``.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    lexicon = _lexicon(language.casefold().replace("_", "-").split("-")[0])
    phones = lexicon.phones(word) if lexicon is not None and not word.startswith("'") else ()
    return phones or _letters(word)


def is_in_lexicon(word: str, language: str) -> bool:
    """Whether somebody has written down how a word is pronounced; in a language without a lexicon none is.

    Args:
        word: Normalised, as ``split_words`` gives it.
        language: Code such as ``en``.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    lexicon = _lexicon(language.casefold().replace("_", "-").split("-")[0])
    return lexicon is not None and lexicon.has(word)


def _letters(word: str) -> tuple[Phone, ...]:
    plain = unicodedata.normalize("NFD", word.casefold())
    return tuple(letter for letter in plain if letter.isalnum())


@cache  # large, and always the same
def _lexicon(language: str) -> _Lexicon | None:
    """The pronunciations of a language, None where gruut has no data for it."""
    try:
        from gruut.g2p import GraphemesToPhonemes
        from gruut.utils import find_lang_dir
    except ImportError as error:
        raise RuntimeMissingError(
            "gruut is not installed: install the extra with `pip install 'nearfield[models]'`"
        ) from error
    found = find_lang_dir(_DIALECTS.get(language, language))
    if found is None:
        return None
    espeak = Path(found) / "espeak"
    folder = espeak if espeak.is_dir() else Path(found)
    try:
        return _Lexicon(folder / "lexicon.db", GraphemesToPhonemes(folder / "g2p" / "model.crf"))
    except (apsw.Error, OSError) as error:
        raise RuntimeMissingError(f"gruut's data in {folder} cannot be read: install it again") from error


class _Lexicon:
    """Pronunciations in memory, and a guesser; for use by any thread."""

    def __init__(self, path: Path, guesser: Any) -> None:
        self._guesser = guesser
        self._lock = threading.Lock()
        self._words = apsw.Connection(":memory:", flags=_FLAGS)
        self._words.execute("ATTACH DATABASE ? AS gruut", (f"{path.resolve().as_uri()}?mode=ro",))
        self._words.execute(
            "CREATE TABLE words (word TEXT PRIMARY KEY, phonemes TEXT) WITHOUT ROWID;"
            "INSERT OR IGNORE INTO words SELECT word, phonemes FROM gruut.word_phonemes ORDER BY pron_order;"
            "DETACH DATABASE gruut"
        )

    def has(self, word: str) -> bool:
        """Whether a word need not be guessed."""
        with self._lock:
            return self._written(word) is not None

    def phones(self, word: str) -> tuple[Phone, ...]:
        """Look a word up, or guess it."""
        with self._lock:
            written = self._written(word)
            if written is not None:
                return plain_phones(written.split())
            return plain_phones(self._guesser(word.replace("'", "")))

    def _written(self, word: str) -> str | None:
        for form in (word, word.replace("'", "")):
            for (phonemes,) in self._words.execute("SELECT phonemes FROM words WHERE word = ?", (form,)):
                return str(phonemes)
        return None


_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
