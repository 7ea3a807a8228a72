"""Passwords that are words: what follows ``my password is``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nearfield_sync.redaction.sentence import Sentence
from nearfield_sync.redaction.spans import Found
from nearfield_sync.redaction.tokens import piece_at

_SECRETS: Final = frozenset("password passphrase passcode passwords pin".split())
_SAYS: Final = frozenset(("is", "'s", "was", ":", "=", "to"))
_NO_SECRET: Final = frozenset(
    """
    not wrong expired incorrect required the a an too still being no never missing invalid weak strong correct right
    reset locked blocked unknown needed compromised changed working on in for and or what asked used your my something
    old new safe secure it that this there please rejected stolen lost different same only case about supposed going
    longer short long hard easy written stored accepted refused forgotten unlock log login join enter
    """.split()
)
_ENDS: Final = frozenset(
    "and but can could please is why so because for on in what does do i it when where how it's . ? ! ; , the".split()
)
_LONGEST: Final = 8


def find_secrets(sentence: Sentence) -> Iterator[Found]:
    """Passwords and passphrases that somebody tells."""
    for at, token in enumerate(sentence.tokens):
        if token.text not in _SECRETS:
            continue
        says = at + 1 + (sentence.word(at + 1) in ("for", "of") and 2)
        while sentence.word(says) in ("number", "code", "phrase", "wifi"):
            says += 1
        if sentence.word(says) not in _SAYS or _asks(sentence, at):
            continue
        first = says + 1
        if sentence.word(first) in _NO_SECRET or not sentence.word(first)[:1].isalnum():
            continue
        end = _end(sentence, first)
        if end > first:
            yield sentence.found("secret", first, end)


def _asks(sentence: Sentence, at: int) -> bool:
    words = sentence.words(max(0, at - 4), at)
    return any(word in ("what", "what's", "which", "whose", "how") for word in words)


def _end(sentence: Sentence, first: int) -> int:
    end = first
    while end < len(sentence.tokens) and end - first < _LONGEST:
        word = sentence.word(end)
        piece = piece_at(sentence.tokens, end, letters=True, inside=end > first)
        if piece is not None:
            end = piece.end
        elif word in _ENDS or (word == "'s"):
            break
        else:
            end += 1
    return end
