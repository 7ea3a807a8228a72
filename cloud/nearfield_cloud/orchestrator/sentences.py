"""Cuts a growing text into sentences that can be spoken, as soon as each of them is whole."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(r"(?<=[.!?…])[\"'\u201d\u2019)\]]*\s+|\n+")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|vs|etc|approx|Fig|Inc|Ltd|e\.g|i\.e|a\.m|p\.m|U\.S)\.$"
)
_LIST_NUMBER: Final = re.compile(r"^\s*\d{1,3}\.$")


def cut(text: str) -> tuple[tuple[str, ...], str]:
    """Give the whole sentences of a text that may go on, and the rest of it.

    A sentence is whole when white space follows its full stop, so that "3.5" and "e.g." do not end one.
    """
    sentences: list[str] = []
    begin = 0
    for end in _END.finditer(text):
        sentence = text[begin : end.end()].strip()
        if "\n" not in end.group() and _goes_on(sentence):
            continue
        begin = end.end()
        if sentence:
            sentences.append(sentence)
    return tuple(sentences), text[begin:]


def whole(text: str) -> tuple[str, ...]:
    """Give all sentences of a text that is at its end."""
    sentences, rest = cut(text)
    return (*sentences, rest.strip()) if rest.strip() else sentences


def _goes_on(sentence: str) -> bool:
    return bool(_ABBREVIATION.search(sentence) or _LIST_NUMBER.match(sentence))


class SentenceCutter:
    """Takes pieces of a text and gives its sentences, each at most so long."""

    def __init__(self, *, longest_characters: int = 1_000) -> None:
        self._longest = longest_characters
        self._rest = ""

    def feed(self, piece: str) -> tuple[str, ...]:
        """Take a piece; give the sentences that it completes."""
        sentences, self._rest = cut(self._rest + piece)
        if len(self._rest) <= self._longest:
            return sentences
        # Nothing is spoken that never ends: it is cut between words.
        head, _, tail = self._rest[: self._longest].rpartition(" ")
        head, self._rest = (head, tail + self._rest[self._longest :]) if head else (self._rest, "")
        return (*sentences, head.strip())

    def forget(self) -> None:
        """Drop the sentence that is not whole yet."""
        self._rest = ""

    def end(self) -> tuple[str, ...]:
        """The text is over; give what was left of it."""
        rest, self._rest = self._rest.strip(), ""
        return (rest,) if rest else ()
