"""Finds what is personal in what was said, and masks it. Pure but for its making, which reads lists of names.

The rules are English, as are the skills that come with the device; written addresses, account numbers and
check digits are found in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import phonenumbers

from nearfield_sync.errors import RedactionError
from nearfield_sync.redaction.dates import find_birth_dates
from nearfield_sync.redaction.name_lists import NameLists, plain, read_name_lists
from nearfield_sync.redaction.names import find_names
from nearfield_sync.redaction.passwords import find_secrets
from nearfield_sync.redaction.personal_numbers import find_numbers
from nearfield_sync.redaction.places import find_addresses
from nearfield_sync.redaction.sentence import Sentence, read
from nearfield_sync.redaction.spans import Found, Masks, Redacted, masked
from nearfield_sync.redaction.spoken_addresses import find_spoken_addresses
from nearfield_sync.redaction.tokens import tokens_of
from nearfield_sync.redaction.written import find_written

_MOST_PHRASES: Final = 16_384
"""Names of a site that are kept split into words."""
_SIGNS: Final = re.compile(r"[^a-z0-9@+]+")


class KnownNames(Protocol):
    """What this device knows of names: from its site, its skills' slots and the turn's own meaning."""

    def people(self) -> Iterable[str]:
        """Names of persons as they are said, masked wherever they stand: ``Maria Lopez``, ``Maria``."""
        ...

    def things(self) -> Iterable[str]:
        """What is never a person or an address: places, products, rooms; ``Monet``, ``earl grey``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesKnown:
    """Names by value."""

    persons: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def people(self) -> Iterable[str]:
        """Names of persons."""
        return self.persons

    def things(self) -> Iterable[str]:
        """Names of anything else."""
        return self.others


NOBODY: Final = NamesKnown()
_WARM_UP: Final = (
    "my account is d e eight nine three seven zero four zero zero four four zero five three two zero"
)
"""Whoever is asked of it reads its tables."""


class Redactor:
    """Masks personal data; one for a process, safe from any thread.

    Making one reads all that is ever needed (about 150 ms), so that `redact` never waits for a file.
    """

    def __init__(
        self,
        *,
        regions: Sequence[str] = ("US", "GB"),
        longest_characters: int = 8_000,
        lists: NameLists | None = None,
    ) -> None:
        """Get ready.

        Args:
            regions: Whose telephone numbers are known without a country code, the likeliest first.
            longest_characters: No longer text is taken.
            lists: Of names; those of the package ``mimesis`` if None.

        Raises:
            RedactionError: The lists cannot be read, or a region is none.
        """
        unknown = [region for region in regions if region not in phonenumbers.SUPPORTED_REGIONS]
        if unknown:
            raise RedactionError(f"{unknown[0]!r} is no region: write two capital letters, such as 'US'")
        self._regions = tuple(regions)
        self._longest = longest_characters
        self._lists = read_name_lists() if lists is None else lists
        self._split = lru_cache(maxsize=_MOST_PHRASES)(_split)
        phonenumbers.PhoneMetadata.load_all()
        self.redact(_WARM_UP)

    def redact(self, text: str, known: KnownNames = NOBODY, earlier: Masks | None = None) -> Redacted:
        """Mask all that is personal.

        Args:
            text: As a person said or typed it.
            known: Names of this site and this turn.
            earlier: What the conversation's earlier texts gave, so that the same thing gets the same mask.

        Raises:
            RedactionError: The text is too long, or too much was masked in the conversation: then nothing of
                it may leave.
        """
        if len(text) > self._longest:
            raise RedactionError(f"a text of {len(text)} characters is not redacted, at most {self._longest}")
        sentence = read(text)
        chosen = _without_overlaps(self._all(sentence, known))
        keys = tuple(_key(one, text) for one in chosen)
        return masked(text, chosen, earlier or Masks(), keys)

    def _all(self, sentence: Sentence, known: KnownNames) -> Iterator[Found]:
        """What is found, the surest first: what overlaps something surer is dropped."""
        things = tuple(self._phrases(sentence, known.things()))
        people = tuple(self._phrases(sentence, known.people()))
        yield from find_written(sentence.text)
        yield from find_spoken_addresses(sentence)
        addresses = [one for one in find_addresses(sentence) if not _within(one, things)]
        yield from addresses
        yield from find_numbers(sentence, self._regions)
        yield from find_birth_dates(sentence)
        yield from find_secrets(sentence)
        guessed = [one for one in find_names(sentence.tokens, self._lists) if not _within(one, things)]
        yield from _joined(guessed, people)

    def _phrases(self, sentence: Sentence, phrases: Iterable[str]) -> Iterator[Found]:
        """Where these phrases stand, word by word, the longest first."""
        words = tuple(plain(token.text) for token in sentence.tokens)
        there = frozenset(words)
        split = {self._split(phrase) for phrase in phrases}
        taken = [False] * len(words)
        for phrase in sorted(
            (one for one in split if one and there.issuperset(one)), key=lambda one: (-len(one), one)
        ):
            for at in range(len(words) - len(phrase) + 1):
                end = at + len(phrase)
                if words[at:end] == phrase and not any(taken[at:end]):
                    taken[at:end] = [True] * len(phrase)
                    yield sentence.found("name", at, end)


def _joined(guessed: Iterable[Found], people: Sequence[Found]) -> Iterator[Found]:
    """Names by cue and list, and the site's own; where both overlap, all that either covers."""
    left = list(people)
    for one in guessed:
        touching = [other for other in left if other.start < one.end and one.start < other.end]
        left = [other for other in left if other not in touching]
        start = min([one.start, *(other.start for other in touching)])
        yield Found(kind="name", start=start, end=max([one.end, *(other.end for other in touching)]))
    yield from left


def _without_overlaps(found: Iterable[Found]) -> tuple[Found, ...]:
    chosen: list[Found] = []
    for one in found:
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return tuple(sorted(chosen, key=lambda one: one.start))


def _split(phrase: str) -> tuple[str, ...]:
    return tuple(plain(token.text) for token in tokens_of(phrase))


def _within(one: Found, others: Iterable[Found]) -> bool:
    return any(other.start <= one.start and one.end <= other.end for other in others)


def _key(one: Found, text: str) -> tuple[str, ...]:
    """What makes two values the same."""
    value = plain(text[one.start : one.end])
    if one.kind == "name":
        return tuple(dict.fromkeys(word for word in _SIGNS.split(value) if word))
    return (_SIGNS.sub(" ", value).strip(),)
