"""How a sentence of a passage is spoken: without footnote marks, not too long, understood by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Final

from nearfield_cloud.composing.sentences import Sentence
from nearfield_cloud.composing.words import words_of

_FOOTNOTES: Final = re.compile(
    r"\[(?:\d{1,4}|[a-z]|[Nn]ote \d+|citation needed|who\?|when\?|according to whom\?|clarification needed|"
    r"further explanation needed|original research\?|page needed|dubious[^\]]{0,20})\]"
    r"|(?<=[.\])\"\u201d]):\d+(?:[\u2013-]\d+)?(?=[\s.,]|$)"
)
_ASIDE: Final = re.compile(r"\s*\([^()]{0,400}\)")
_CLAUSE: Final = re.compile(r"(?<=[;:—\u2013])\s+|(?<=,)\s+|\s+(?=—|\u2013\s)")


def spoken(
    sentence: Sentence,
    before: Sentence | None,
    *,
    document: str,
    asked: Set[str],
    possible: Set[str],
    longest_words: int,
) -> tuple[str, ...]:
    """Give one or two sentences of at most ``longest_words`` words together.

    Args:
        sentence: What answers.
        before: The one before it in the passage.
        document: The document's title, said where nothing else tells what "it" is.
        asked: Stems of the question's content.
        possible: Stems of the words that may be the answer.
        longest_words: Of both together.
    """
    own = shortened(_clean(sentence.text), asked, possible, longest_words)
    if not sentence.leans:
        return (own,)
    room = longest_words - _count(own)
    if before is not None and not before.leans:
        earlier = _without_asides(_clean(before.text), room)
        if _count(earlier) <= room:
            return (earlier, own)
    title = f"{document}:" if document else ""
    return (f"{title} {own}".strip() if _count(title) <= room else own,)


def shortened(text: str, asked: Set[str], possible: Set[str], longest_words: int) -> str:
    """Cut a sentence to at most ``longest_words`` words: asides go first, then clauses that answer least."""
    if _count(text) <= longest_words:
        return text
    text = _keeping_answers(text, asked, possible, longest_words)
    if _count(text) <= longest_words:
        return text
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    kept = _best_run(clauses, asked, possible, longest_words)
    if _count(kept) > longest_words:
        kept = " ".join(kept.split()[:longest_words])
    return _finished(kept)


def _keeping_answers(text: str, asked: Set[str], possible: Set[str], longest_words: int) -> str:
    """Leave asides out from the end, but none that holds a word of the question."""
    for aside in reversed(list(_ASIDE.finditer(text))):
        if _count(text) <= longest_words:
            break
        if not any(word.stem in asked for word in words_of(aside.group())):
            text = text[: aside.start()] + text[aside.end() :]
    return text


def _without_asides(text: str, longest_words: int) -> str:
    return text if _count(text) <= longest_words else _ASIDE.sub("", text)


def _best_run(clauses: Sequence[str], asked: Set[str], possible: Set[str], longest_words: int) -> str:
    worth = [_worth(clause, asked, possible) for clause in clauses]
    lengths = [_count(clause) for clause in clauses]
    best, found = -1.0, clauses[0]
    for start in range(len(clauses)):
        words = 0
        for end in range(start, len(clauses)):
            words += lengths[end]
            if words > longest_words and end > start:
                break
            value = sum(worth[start : end + 1]) - 0.1 * (start > 0)
            if value > best:
                best, found = value, " ".join(clauses[start : end + 1])
    return found


def _worth(clause: str, asked: Set[str], possible: Set[str]) -> float:
    stems = {word.stem for word in words_of(clause)}
    return len(stems & asked) + 0.5 * min(3, len(stems & possible))


def _clean(text: str) -> str:
    return " ".join(_FOOTNOTES.sub("", text).split())


def _finished(text: str) -> str:
    text = text.strip().rstrip(",;:—\u2013 ")
    if text and text[-1] not in ".!?\"”'":
        text += "."
    return text[:1].upper() + text[1:]


def _count(text: str) -> int:
    return len(text.split())
