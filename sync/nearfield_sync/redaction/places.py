"""Postal addresses: a house number and a street, or what somebody says of where they live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nearfield_sync.redaction.ordinary_words import ORDINARY
from nearfield_sync.redaction.sentence import Sentence
from nearfield_sync.redaction.spans import Found
from nearfield_sync.redaction.tokens import Run
from nearfield_sync.redaction.vocabulary import FUNCTION_WORDS, STREETS, SURE_STREETS, UNITS

_BETWEEN: Final = 3
_PARTS: Final = frozenset(["apartment", "flat", "unit", "suite", "apt", "floor"])
_HOME: Final = (
    ("i", "live", "at"), ("i", "live", "on"), ("we", "live", "at"), ("we", "live", "on"),
    ("i'm", "at"), ("address", "is"), ("my", "house", "is", "on"), ("lives", "at"), ("lives", "on"),
    ("moved", "to"), ("deliver", "it", "to"), ("deliver", "to"), ("ship", "it", "to"),
    ("send", "it", "to"), ("home", "is", "at"), ("living", "at"), ("living", "on"), ("taxi", "to"),
    ("cab", "to"), ("resident", "of"), ("live", "at"),
)  # fmt: skip
_NOT_BETWEEN: Final = (
    UNITS | (FUNCTION_WORDS - {"the", "of", "all"}) | frozenset(["way", "tickets", "for", "exit"])
)
_GOES_ON: Final = frozenset(["north", "south", "east", "west"])


def find_addresses(sentence: Sentence) -> Iterator[Found]:
    """Postal addresses."""
    for run in sentence.numbers:
        street = _street_after(sentence, run)
        if street:
            yield sentence.found("address", _begin(sentence, run), _continued(sentence, street))
    for at, token in enumerate(sentence.tokens):
        if token.text in SURE_STREETS:
            first = _told_home(sentence, at)
            if first is not None:
                yield sentence.found("address", first, _continued(sentence, at + 1))


def _street_after(sentence: Sentence, run: Run) -> int:
    """The token after the street's word; 0 where no street follows the number."""
    if len(run.characters) > 5:
        return 0
    place = run.end
    if len(sentence.word(place)) == 1 and sentence.word(place).isalpha() and sentence.word(place) != "a":
        place += 1  # 221 b
    for at in range(place, place + _BETWEEN + 1):
        word = sentence.word(at)
        if word in STREETS and at > place:
            if word not in SURE_STREETS and not _is_named(sentence, place, at):
                return 0
            # "saint james street": the last of the words counts
            return at + 2 if sentence.word(at + 1) in SURE_STREETS else at + 1
        if not word[:1].isalpha() or (word in _NOT_BETWEEN and word != "st"):
            return 0
    return 0


def _is_named(sentence: Sentence, first: int, street: int) -> bool:
    """Whether the words between are a name, and not ``twenty large drive``."""
    return all(word not in ORDINARY for word in sentence.words(first, street))


def _begin(sentence: Sentence, run: Run) -> int:
    first = run.first
    if sentence.word(first - 1) == ",":
        first -= 1
    if sentence.word(first - 2) in _PARTS:
        return first - 2
    return first + (sentence.word(first) == ",")


def _told_home(sentence: Sentence, street: int) -> int | None:
    """Where an address without a number begins, after words such as ``i live on``."""
    for first in range(street - 1, max(0, street - _BETWEEN - 1), -1):
        before = sentence.words(first - 4, first)
        if any(before[-len(cue) :] == cue for cue in _HOME):
            return first
    return None


def _continued(sentence: Sentence, end: int) -> int:
    """With flat, town and postcode, as far as they follow."""
    if sentence.word(end) in _GOES_ON:
        end += 1
    after = end + (sentence.word(end) == ",")
    if sentence.word(after) in _PARTS:
        run = next((run for run in (*sentence.spelled, *sentence.numbers) if run.first == after + 1), None)
        end = run.end if run else end
    return _with_town(sentence, end)


def _with_town(sentence: Sentence, end: int) -> int:
    """A town of one to three words counts before a postcode, or after a comma or ``in``."""
    place = end
    announced = sentence.word(place) in (",", "in")
    place += announced
    words = 0
    while words < 3 and sentence.word(place)[:1].isalpha() and sentence.word(place) not in ORDINARY:
        if any(run.first == place for run in sentence.spelled):
            break
        place, words = place + 1, words + 1
        if sentence.word(place) == "," and sentence.word(place + 1)[:1].isalnum():
            place += 1
    code = next((run for run in (*sentence.spelled, *sentence.numbers) if run.first == place), None)
    if code is not None and 5 <= len(code.characters) <= 9 and (words or announced or place == end):
        return code.end
    if announced and words:
        return place - (sentence.word(place - 1) == ",")
    return end
