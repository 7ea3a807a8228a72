"""Passwords that are words: what follows ``my password is``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nearfield_sync.redaction.sentence import Sentence
from nearfield_sync.redaction.spans import Found
from nearfield_sync.redaction.tokens import piece_at
from nearfield_sync.redaction.vocabulary import words_of

_SECRETS: Final = frozenset({"password", "passphrase", "passcode", "passwords"})
_SAYS: Final = frozenset(("is", "'s", "was", ":", "=", "to", "used"))
_NO_SECRET: Final = words_of(
    """
    not expired incorrect required the a an too still being no never missing invalid reset locked
    blocked unknown needed compromised changed working on in for and or what asked used your my
    something secure it that this there please rejected stolen lost only case about supposed going
    empty blank gone down case kept expires longer written stored accepted refused forgotten unlock
    log login join enter
    """
)
_ONLY_FIRST: Final = words_of(
    """
    wrong weak strong correct right old new safe different same short long hard easy
    """
)
"""No secret where nothing follows: ``my password is wrong``."""
_GIVES: Final = frozenset(["use", "enter", "with", "try", "type", "using", "say"])
_ENDS: Final = words_of(
    """
    and but can could please why so because what does when where how it's . ? ! ; ,
    """
)
_LONGEST: Final = 8
_FAR: Final = 6
"""Words from ``password`` to ``is``: ``the password for the wifi at home is …``."""


def find_secrets(sentence: Sentence) -> Iterator[Found]:
    """Passwords and passphrases that somebody tells."""
    for at, token in enumerate(sentence.tokens):
        if token.text not in _SECRETS:
            continue
        says = at + 1
        while (
            sentence.word(says) not in _SAYS - {"to"}
            and says - at < _FAR
            and sentence.word(says) not in _ENDS
        ):
            says += 1
        if sentence.word(says) not in _SAYS:
            says = at + 1  # "change it to", "use the password"
        given = says == at + 1 and bool(_GIVES.intersection(sentence.words(at - 2, at)))
        if not (sentence.word(says) in _SAYS or given) or _asks(sentence, at):
            continue
        first = says + (sentence.word(says) in _SAYS)
        if sentence.words(says, says + 3) == ("used", "to", "be"):
            first = says + 3
        if not _may_be_secret(sentence, first):
            continue
        end = _end(sentence, first)
        if end > first:
            yield sentence.found("secret", first, end)


def _may_be_secret(sentence: Sentence, first: int) -> bool:
    word, after = sentence.word(first), sentence.word(first + 1)
    if word in _ONLY_FIRST and (not after[:1].isalnum() or after in _ENDS):
        return False
    return word not in _NO_SECRET and word not in _ENDS and word[:1].isalnum()


def _asks(sentence: Sentence, at: int) -> bool:
    words = sentence.words(max(0, at - 4), at)
    return any(word in ("what", "what's", "which", "whose", "how") for word in words)


def _end(sentence: Sentence, first: int) -> int:
    end = first
    while end < len(sentence.tokens) and end - first < _LONGEST:
        word = sentence.word(end)
        piece = piece_at(sentence.tokens, end, letters=True, inside="1" if end > first else "")
        if piece is not None:
            end = piece.end
        elif word in _ENDS or word in ("is", "'s"):
            break
        else:
            end += 1
    return end
