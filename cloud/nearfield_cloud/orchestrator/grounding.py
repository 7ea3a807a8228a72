"""Whether a passage says what a sentence says: a model's words are spoken only where one does.

Told by words, not by understanding: each number and each name of the sentence must stand in the passage,
most of its other words too, and sentence and passage must agree in being negated. So a sentence that puts
the passage's own words together wrongly can pass; one that brings in a fact from elsewhere does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import Citation
from nearfield_cloud.orchestrator.sentences import whole

_WORD: Final = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_NUMBERS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_SMALL: Final = {word: str(number) for number, word in enumerate(_NUMBERS)}
_NEGATIONS: Final = frozenset(
    {
        "not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without",
    }
)  # fmt: skip
_LITTLE: Final = frozenset(
    {
        "a", "an", "the", "and", "or", "but", "so", "as", "at", "by", "for", "from", "in", "into", "of",
        "off", "on", "onto", "out", "over", "to", "up", "with", "about", "than", "then", "there", "here",
        "is", "are", "was", "were", "be", "been", "being", "am", "do", "does", "did", "done", "has", "have",
        "had", "having", "will", "would", "can", "could", "may", "might", "must", "shall", "should", "it",
        "its", "he", "she", "they", "them", "his", "her", "their", "this", "that", "these", "those",
        "which", "who", "whom", "whose", "what", "when", "where", "why", "how", "i", "you", "we", "us",
        "our", "your", "my", "me", "yes", "also", "just", "only", "too", "very", "if", "because", "while",
        "during", "between", "after", "before", "say", "says", "said", "according",
    }
)  # fmt: skip
_ENDINGS: Final = ("ing", "ied", "ies", "ed", "es", "ly", "s")
_LONGEST_QUOTE: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a text says, as far as words tell."""

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    negated: bool


def support(sentence: str, passages: Sequence[Found], question: str, *, least: float) -> Citation | None:
    """The passage that says what a sentence says, and its words; None where none does.

    Args:
        sentence: A model's.
        passages: What it had before it.
        question: Its words and names may be said again.
        least: Share of the sentence's words that the passage must have.
    """
    said, asked = _said(sentence), _said(question)
    own = said.words - asked.words or said.words
    best: tuple[float, Found] | None = None
    for found in passages:
        told = _said(f"{' '.join(found.section)}\n{found.document}\n{found.text}")
        if not said.numbers <= told.numbers | asked.numbers:
            continue
        if not said.names <= told.words | asked.words:
            continue
        share = len(own & told.words) / len(own) if own else float(bool(said.numbers))
        if share >= least and (best is None or share > best[0]):
            best = (share, found)
    if best is None:
        return None
    quote = _nearest(said, best[1].text)
    if _said(quote).negated != said.negated:
        return None
    return citation(best[1], quote)


def citation(found: Found, quote: str) -> Citation:
    """A passage as where a sentence comes from."""
    return Citation(
        chunk_id=found.chunk_id, document=found.document, source=found.source, quote=quote[:_LONGEST_QUOTE]
    )


def _nearest(said: _Said, text: str) -> str:
    """The sentence of a passage that shares most with what was said."""
    wanted = said.words | said.numbers
    candidates = whole(text) or (text,)

    def shared(candidate: str) -> tuple[int, int]:
        told = _said(candidate)
        return len(wanted & (told.words | told.numbers)), -len(candidate)

    return max(candidates, key=shared)


def _said(text: str) -> _Said:
    words: set[str] = set()
    numbers: set[str] = set()
    names: set[str] = set()
    negated = False
    begins = True
    for found in _WORD.finditer(text):
        word = found.group()
        small = word.lower().replace("\u2019", "'")
        negated = negated or small in _NEGATIONS or small.endswith("n't")
        small = _SMALL.get(small, small)
        if small[0].isdigit():
            numbers.add(_number(small))
        elif small not in _LITTLE and small not in _NEGATIONS and not small.endswith("n't"):
            words.add(_stem(small))
            if word[0].isupper() and not begins:
                names.add(_stem(small))
        begins = text[found.end() : found.end() + 1] in (".", "!", "?")
    return _Said(words=frozenset(words), numbers=frozenset(numbers), names=frozenset(names), negated=negated)


def _number(text: str) -> str:
    """``1,000`` and ``1000`` are the same number, ``09:00`` and ``9`` the same hour."""
    plain = re.sub(r",(?=\d{3}\b)", "", text)
    plain = re.sub(r"^0+(?=\d)", "", plain)
    return plain.removesuffix(":00").removesuffix(".00")


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            return stem + "y" if ending in ("ied", "ies") else stem.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word
