"""Dates of birth: a date after words that say whose birth it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nearfield_sync.redaction.sentence import Sentence
from nearfield_sync.redaction.spans import Found
from nearfield_sync.redaction.tokens import piece_at
from nearfield_sync.redaction.vocabulary import MONTHS, ORDINALS, PUBLIC_CUES, words_of

_BORN: Final = frozenset({"born", "birthday", "dob", "birthdate", "birth"})
_PUBLIC: Final = frozenset({"who", "who's", "whose", "which", "when"})
_FILLING: Final = words_of(
    """
    on the of in is was it's 's : date at , a back and it
    """
)
_INSIDE: Final = words_of(
    """
    the of in , / - . and day year
    """
)


def find_birth_dates(sentence: Sentence) -> Iterator[Found]:
    """Dates of birth of people who are no public figures."""
    for at, token in enumerate(sentence.tokens):
        if token.text not in _BORN or not _is_somebodys(sentence, at):
            continue
        first = at + 1
        while sentence.word(first) in _FILLING:
            first += 1
        end = _date_end(sentence, first)
        if end:
            yield sentence.found("birth_date", first - (sentence.word(first - 1) == "the"), end)
        elif (span := _date_before(sentence, at)) is not None:
            yield sentence.found("birth_date", *span)


def _is_somebodys(sentence: Sentence, at: int) -> bool:
    """Whether it is not asked about somebody whom the world knows."""
    words = sentence.words(0, len(sentence.tokens))
    asks = words[0] in _PUBLIC or bool(PUBLIC_CUES.intersection(words))
    return not asks or "my" in words[:at] or "i" in words[:at]


def _date_end(sentence: Sentence, first: int) -> int:
    """The token after the date that begins at ``first``; 0 where there is none."""
    place, end, parts, month = first, 0, 0, False
    while place < len(sentence.tokens):
        word = sentence.word(place)
        piece = piece_at(sentence.tokens, place, letters=False, inside="1" if parts else "")
        if word in MONTHS:
            month, parts, place = True, parts + 1, place + 1
        elif word in ORDINALS:
            parts, place = parts + 1, place + 1
        elif piece is not None:
            parts, place = parts + 1 + (len(piece.characters) > 3), piece.end
        elif word in _INSIDE and parts and place - end <= 1:
            place += 1
            continue
        else:
            break
        end = place
    return end if parts >= 2 or (month and parts) else 0


def _date_before(sentence: Sentence, at: int) -> tuple[int, int] | None:
    """``the third of may nineteen ninety is my birthday``."""
    if sentence.words(at - 2, at) not in (("is", "my"), ("is", "her"), ("is", "his")):
        return None
    for first in range(max(0, at - 10), at - 2):
        end = _date_end(sentence, first)
        if end == at - 2:
            return first, end
    return None
