"""A transcript as it sounds: one string of phones that remembers the words it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from nearfield_models.grammar.variants import spoken_forms_of
from nearfield_models.grammar.words import Word, split_words
from nearfield_models.phonetics.phones import Phone
from nearfield_models.phonetics.pronunciation import phones_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PronouncedText:
    """A text in words and in phones. A *place* is the number of a phone, or of the end."""

    text: str
    words: tuple[Word, ...]
    phones: tuple[Phone, ...]
    places: tuple[int, ...]
    """Where each word begins, and at last the end."""

    def spoken(self, first: int, last: int) -> str:
        """The text between two places."""
        inside = self._between(first, last)
        return self.text[inside[0].start : inside[-1].end] if inside else ""

    def words_between(self, first: int, last: int) -> frozenset[str]:
        """The words between two places."""
        return frozenset(word.text for word in self._between(first, last))

    def _between(self, first: int, last: int) -> list[Word]:
        """The words of which at least half lies between two places, or those that they are in."""
        spans = list(zip(self.words, self.places[:-1], self.places[1:], strict=True))
        return [
            word
            for word, begin, end in spans
            if end > begin and 2 * (min(end, last) - max(begin, first)) >= end - begin
        ] or [word for word, begin, end in spans if begin < last and end > first]


def pronounced(text: str, language: str) -> PronouncedText:
    """Pronounce a text.

    Contractions and the like sound as they are written, although their words are others ("I'd").

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    words = split_words(text, language)
    phones: list[Phone] = []
    places: list[int] = []
    for (start, end), group in groupby(words, key=lambda word: (word.start, word.end)):
        written = tuple(group)
        form = text[start:end].casefold().replace("\u2019", "'")
        if form in _forms(written, language):
            sound = phones_of(form, language)
            places += [len(phones) + len(sound) * number // len(written) for number in range(len(written))]
            phones += sound
        else:
            for word in written:
                places.append(len(phones))
                phones += phones_of(word.text, language)
    return PronouncedText(text=text, words=words, phones=tuple(phones), places=(*places, len(phones)))


def _forms(words: Sequence[Word], language: str) -> frozenset[str]:
    return frozenset(form for _, form in spoken_forms_of(language).get(words[0].text, ()))
