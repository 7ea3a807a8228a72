"""E-mail, web and network addresses as they are said: ``anna dot smith at example dot com``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nearfield_sync.redaction.ordinary_words import ORDINARY
from nearfield_sync.redaction.sentence import Sentence
from nearfield_sync.redaction.spans import Found, Kind
from nearfield_sync.redaction.tokens import piece_at
from nearfield_sync.redaction.vocabulary import FUNCTION_WORDS, PERSON_VERBS, TOP_DOMAINS, words_of

_JOINING: Final = words_of(
    """
    dot point . underscore _ dash - hyphen minus plus +
    """
)
_DOTS: Final = frozenset(("dot", ".", "point"))
_STOPS: Final = (
    FUNCTION_WORDS
    | PERSON_VERBS
    | words_of(
        """
    email emails mail mails address send write wrote contact reach use used enter type emailed
    forward copy cc under account username login called letter confirm invoice receipt report
    invitation everything link again , : ; ! ?
    """
    )
)
_LONGEST: Final = 14
_HOST_WORDS: Final = 4
_MAILBOX_WORDS: Final = 2
"""That follow each other with nothing between: ``anna smith at``."""
_TELEPHONE: Final = 6
"""As many digits before a mailbox are no part of it."""
_NEVER_INSIDE: Final = frozenset({"is", "to", "at", "'s"})


def find_spoken_addresses(sentence: Sentence) -> Iterator[Found]:
    """Addresses of mailboxes, pages and machines."""
    at = 0
    while at < len(sentence.tokens):
        found = _email_at(sentence, at) or _page_at(sentence, at)
        if found is None:
            at += 1
        else:
            kind, first, at = found
            yield sentence.found(kind, first, at)
    yield from _machines(sentence)


def _email_at(sentence: Sentence, at: int) -> tuple[Kind, int, int] | None:
    """The mailbox whose ``at`` stands there: its kind, first token and the one after the last."""
    if sentence.word(at) not in ("at", "@") or sentence.word(at + 1) == "www":
        return None
    end = _domain_end(sentence, at + 1)
    first = _mailbox(sentence, at) if end else at
    return ("email", first, end) if first < at else None


def _page_at(sentence: Sentence, dot: int) -> tuple[Kind, int, int] | None:
    """The page whose first dot stands there."""
    first = _host(sentence, dot) if sentence.word(dot) in _DOTS else None
    end = 0 if first is None else _domain_end(sentence, first)
    return None if first is None or not end else ("url", first, _path_end(sentence, end))


def _domain_end(sentence: Sentence, at: int) -> int:
    """The token after a domain that begins at ``at``; 0 where none does."""
    end, place, dots = 0, at, 0
    while place < min(len(sentence.tokens), at + _LONGEST):
        word = sentence.word(place)
        if word in _DOTS:
            last = sentence.word(place + 1)
            if place == at or not last[:1].isalnum() or (word == "." and not _touches(sentence, place)):
                break
            dots += 1
            place += 1
            if last in TOP_DOMAINS and not _goes_on(sentence, place):
                return place + 1
            if last in TOP_DOMAINS:
                end = place + 1
        elif (dots == 0 and place - at >= _HOST_WORDS * 3) or not _may_be_inside(sentence, place):
            break
        place += 1
    return end


def _goes_on(sentence: Sentence, place: int) -> bool:
    """Whether another part follows: ``co dot uk``."""
    return sentence.word(place + 1) in _DOTS and sentence.word(place + 2) in TOP_DOMAINS


def _may_be_inside(sentence: Sentence, place: int) -> bool:
    word = sentence.word(place)
    return word in _JOINING or (
        word[0].isalnum() and (word not in _STOPS or word in ("me", "the", "my", "mail"))
    )


def _mailbox(sentence: Sentence, at: int) -> int:
    """Where what stands before ``at`` begins."""
    first, words = at, 0
    taken = {
        place
        for run in sentence.numbers
        if len(run.characters) >= _TELEPHONE
        for place in range(run.first, run.end)
    }
    while first > 0 and at - first < _LONGEST and first - 1 not in taken:
        if not _may_be_mailbox(sentence, first - 1):
            break
        words += _is_plain(sentence, first - 1)
        if words > _MAILBOX_WORDS:
            break
        first -= 1
    while first < at and sentence.word(first) in _JOINING:
        first += 1
    return first


def _may_be_mailbox(sentence: Sentence, at: int) -> bool:
    """Whether the word is part of a mailbox: a name, a number, a letter, or what a sign joins to one."""
    word = sentence.word(at)
    if len(word) == 1 or _is_number(sentence, at):
        return word.isalnum() or word in _JOINING
    if word in _JOINING:
        return True
    if _is_joined(sentence, at):
        return word.isalnum() and word not in _NEVER_INSIDE
    return word[0].isalnum() and word not in _STOPS and word not in ORDINARY


def _is_joined(sentence: Sentence, at: int) -> bool:
    return sentence.word(at + 1) in _JOINING or sentence.word(at - 1) in _JOINING


def _is_plain(sentence: Sentence, at: int) -> bool:
    """A word with no sign beside it."""
    word = sentence.word(at)
    alone = not _is_joined(sentence, at) and not _is_number(sentence, at)
    return alone and len(word) > 1 and word not in _JOINING


def _is_number(sentence: Sentence, at: int) -> bool:
    return piece_at(sentence.tokens, at, letters=False, inside="") is not None


def _host(sentence: Sentence, dot: int) -> int | None:
    """Where the domain begins whose first dot is at ``dot``."""
    if sentence.word(dot) == "." and not _touches(sentence, dot):
        return None
    first = dot
    while first > 0 and dot - first < _HOST_WORDS:
        word = sentence.word(first - 1)
        letter = piece_at(sentence.tokens, first - 1, letters=True, inside="a") is not None
        if not word[0].isalnum() or word in _STOPS or (first < dot and not letter):
            break
        first -= 1
    return first if first < dot else None


def _touches(sentence: Sentence, at: int) -> bool:
    tokens = sentence.tokens
    return 0 < at < len(tokens) - 1 and tokens[at].end == tokens[at + 1].start


def _path_end(sentence: Sentence, end: int) -> int:
    while sentence.word(end) in ("slash", "/") and sentence.word(end + 1)[:1].isalnum():
        end += 2
        while sentence.word(end) in ("dash", "-", "hyphen", "underscore") and sentence.word(end + 1):
            end += 2
    return end


def _machines(sentence: Sentence) -> Iterator[Found]:
    """``one nine two dot one six eight dot one dot one``."""
    at = 0
    while at < len(sentence.tokens):
        end = _machine_end(sentence, at)
        if end:
            yield sentence.found("ip", at, end)
        at = max(at + 1, end)


def _machine_end(sentence: Sentence, at: int) -> int:
    groups, digits, place = 0, "", at
    while (piece := piece_at(sentence.tokens, place, letters=False, inside=digits)) is not None:
        digits += piece.characters
        place = piece.end
        if len(digits) > 3:
            return 0
        if sentence.word(place) in _DOTS and groups < 3:
            if int(digits) > 255:
                return 0
            groups, digits, place = groups + 1, "", place + 1
    return place if groups == 3 and digits and int(digits) <= 255 else 0
