"""A sentence as the rules read it, made once for all of them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_sync.redaction.spans import Found, Kind
from nearfield_sync.redaction.tokens import Run, Token, number_runs, spelled_runs, tokens_of

_ENDS: Final = frozenset(".?!;")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A text with its words and with what they spell."""

    text: str
    tokens: tuple[Token, ...]
    numbers: tuple[Run, ...]
    """Runs of digits."""
    spelled: tuple[Run, ...]
    """Runs with letters in them."""

    def found(self, kind: Kind, first: int, end: int) -> Found:
        """Tokens ``first`` to before ``end`` as something found."""
        return Found(kind=kind, start=self.tokens[first].start, end=self.tokens[end - 1].end)

    def words(self, first: int, end: int) -> tuple[str, ...]:
        """The words from ``first`` to before ``end``, as far as there are any."""
        return tuple(token.text for token in self.tokens[max(0, first) : end])

    def word(self, at: int) -> str:
        """The word at ``at``; empty where there is none."""
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def back_from(self, at: int, *, through: Container[str], most: int) -> Iterator[int]:
        """Places before ``at``, the nearest first, through the first whose word is not in ``through``."""
        for place in range(at - 1, max(-1, at - 1 - most), -1):
            if self.tokens[place].text in _ENDS:
                return
            yield place
            if self.tokens[place].text not in through:
                return


def read(text: str) -> Sentence:
    """Split a text and read the numbers and letters in it."""
    tokens = tokens_of(text)
    return Sentence(
        text=text,
        tokens=tokens,
        numbers=tuple(number_runs(tokens)),
        spelled=tuple(spelled_runs(tokens)),
    )


def starts_with(words: Sequence[str], *beginnings: tuple[str, ...]) -> bool:
    """Whether the words begin like one of these."""
    return any(tuple(words[: len(beginning)]) == beginning for beginning in beginnings)
