# ruff: noqa: RUF001, RUF002 (phonemes are spelt in the International Phonetic Alphabet)
"""A site's own pronunciations: names and words that the voice would say wrongly.

A TOML file of one word, or several, a line::

    Nguyen = "wˈɪn"                          # phonemes, in the International Phonetic Alphabet
    nearfield = { say = "near field" }       # other words, that sound so
    "St Ives" = { say = "Saint Ives" }

Case does not matter. A word is also found before ``'s``. It is looked for in the text as it is written,
before digits and abbreviations are read, and where two entries could begin at the same place the longer one
is taken.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import LexiconError
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsCapabilities, TtsEngine
from nearfield_models.tts.phrase import Phrase, Pronounced

MOST_BYTES: Final = 1_000_000
LONGEST_ENTRY: Final = 200

_SOUNDS: Final = re.compile(r"[^\W\d_A-Z]")
_SIGNS: Final = "ˈˌːˑ ̩̃͡"
_HISSING: Final = ("s", "z", "ʃ", "ʒ")
_VOICELESS: Final = ("p", "t", "k", "f", "θ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How one word, or several, are said: by phonemes, or else by other words."""

    phonemes: str = ""
    say: str = ""


class Lexicon:
    """Finds its words in a text."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        """Take the entries.

        Args:
            entries: By the word or words they are for.
        """
        self._entries = {_plain(words): entry for words, entry in entries.items()}
        longest_first = sorted(self._entries, key=len, reverse=True)
        anyone = "|".join(re.escape(words).replace(r"\ ", r"\s+") for words in longest_first)
        self._pattern = re.compile(rf"(?<!\w)({anyone})(['’]s)?(?!\w)" if anyone else r"(?!)", re.IGNORECASE)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def digest(self) -> str:
        """Names what it says, for records: another lexicon has another."""
        told = "\n".join(f"{words}\t{self._entries[words]}" for words in sorted(self._entries))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def applied(self, text: str | Phrase) -> str | Phrase:
        """Give a text with its words as they are said; the same text where it has none of them."""
        phrase = Phrase(runs=(text,)) if isinstance(text, str) else text
        runs: list[str | Pronounced] = []
        for run in phrase.runs:
            for part in self._parts(run) if isinstance(run, str) else (run,):
                if isinstance(part, str) and runs and isinstance(runs[-1], str):
                    runs[-1] += part
                else:
                    runs.append(part)
        return text if tuple(runs) == phrase.runs else Phrase(runs=tuple(runs), rate=phrase.rate)

    def _parts(self, text: str) -> Iterator[str | Pronounced]:
        end = 0
        for match in self._pattern.finditer(text):
            if match.start() > end:
                yield text[end : match.start()]
            end = match.end()
            entry = self._entries.get(_plain(match[1]))
            if entry is None:  # letters that a pattern takes for each other, and lower case does not
                yield match.group()
            elif entry.say:
                yield entry.say + (match[2] or "")
            else:
                yield Pronounced(text=match.group(), phonemes=_possessive(entry.phonemes, match[2]))
        if end < len(text) or not end:
            yield text[end:]


class LexiconVoice:
    """A voice that says a site's words as the site says them."""

    def __init__(self, voice: TtsEngine, lexicon: Lexicon) -> None:
        self._voice = voice
        self._lexicon = lexicon

    @property
    def capabilities(self) -> TtsCapabilities:
        """What the voice is; its fingerprint knows the lexicon."""
        own = self._voice.capabilities
        if not own.fingerprint:
            return own
        return replace(own, fingerprint=f"{own.fingerprint} lexicon {self._lexicon.digest}")

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        """As the voice does."""
        return self._voice.synthesise(self._lexicon.applied(text), cancellation=cancellation)

    def warm_up(self) -> None:
        """As the voice does."""
        self._voice.warm_up()


def read_lexicon(path: Path) -> Lexicon:
    """Read a site's file.

    Raises:
        LexiconError: It cannot be read, or an entry is wrong; the message names the line.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise LexiconError(f"the lexicon {path} is longer than {MOST_BYTES} bytes: shorten it")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LexiconError(f"the lexicon {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LexiconError(
            f"the lexicon {path} is not UTF-8 at byte {error.start}: save it as such"
        ) from error
    return parse_lexicon(text, where=str(path))


def parse_lexicon(text: str, *, where: str) -> Lexicon:
    """Read the text of a file; ``where`` names it in messages.

    Raises:
        LexiconError: It is no TOML, or an entry is wrong; the message names the line.
    """
    try:
        told: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"the lexicon {where} is not valid TOML: {error}") from error
    entries: dict[str, Entry] = {}
    known: set[str] = set()
    for words, value in told.items():
        try:
            if _plain(words) in known:
                raise ValueError("is there twice, since case does not matter: leave one out")
            known.add(_plain(words))
            entries[words] = _entry(words, value)
        except ValueError as error:
            raise LexiconError(
                f"the lexicon {where}, line {_line(text, words)}: '{words}' {error}"
            ) from error
    return Lexicon(entries)


def _entry(words: str, value: Any) -> Entry:
    if not words.strip() or not (words[0].isalnum() and words[-1].isalnum()) or len(words) > LONGEST_ENTRY:
        raise ValueError("is no word: expected letters or digits at both ends")
    match value:
        case {"say": str(say)} if len(value) == 1:
            if not any(letter.isalnum() for letter in say) or len(say) > LONGEST_ENTRY:
                raise ValueError('has nothing to say: expected words, such as { say = "near field" }')
            return Entry(say=say)
        case str(phonemes):
            return Entry(phonemes=_checked(phonemes))
        case _:
            raise ValueError('expected phonemes, such as "wˈɪn", or { say = "win" }')


def _checked(phonemes: str) -> str:
    decomposed = unicodedata.normalize("NFD", phonemes).strip()
    wrong = next(
        (
            sign
            for sign in decomposed
            if not _SOUNDS.match(sign) and sign not in _SIGNS and not unicodedata.combining(sign)
        ),
        None,
    )
    if wrong is not None:
        raise ValueError(
            f"has '{wrong}' in its phonemes, which is no sound: write other words as {{ say = … }}"
        )
    if not decomposed or len(decomposed) > LONGEST_ENTRY:
        raise ValueError("has no phonemes, or too many")
    return decomposed


def _possessive(phonemes: str, ending: str | None) -> str:
    """Add the English ending, as it sounds after the last phoneme."""
    if not ending:
        return phonemes
    if phonemes.endswith(_HISSING):
        return f"{phonemes}ɪz"
    return f"{phonemes}{'s' if phonemes.endswith(_VOICELESS) else 'z'}"


def _plain(words: str) -> str:
    return " ".join(words.lower().split())


def _line(text: str, words: str) -> int:
    """The line of an entry; TOML that was parsed does not tell."""
    for number, line in enumerate(text.splitlines(), 1):
        if (
            line.partition("=")[0].strip().strip("\"'") == words
            or line.strip().strip("[]").strip("\"' ") == words
        ):
            return number
    return 1
