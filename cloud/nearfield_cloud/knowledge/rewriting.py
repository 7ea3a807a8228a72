"""A question that leans on the conversation becomes one that stands alone, for the search.

The search knows nothing of what was said before: "how much is it?" finds prices of anything. So the words
that an earlier question was about take the place of the pronoun, and what an elliptical question leaves out
is taken from the one before. The result is searched for, never shown or spoken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from nearfield_cloud.orchestrator.question import Exchange
from nearfield_sync.passages.words import telling_words

_LOOKED_BACK: Final = 4
"""Exchanges."""
_LONGEST: Final = 600
"""Characters of a question that is looked at here."""
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_STARTS_OF_MORE: Final = re.compile(
    r"^(?:(?:and|or|but|so|then|ok|okay|well)[\s,]+)+(?:(?:what|how)\s+about\s+|what\s+if\s+)?"
    r"|^(?:what|how)\s+about\s+",
    re.IGNORECASE,
)
_STANDS_FOR_A_THING: Final = frozenset(
    {
        "it", "its", "that", "this", "those", "these", "they", "them", "their", "he", "him", "his", "she",
        "her", "one", "ones", "there",
    }
)  # fmt: skip
_NAMES_NOTHING: Final = re.compile(
    r"\b(?:what time is it|is it (?:true|possible|raining|snowing|ok|okay|allowed)|(?:is|are|was|were) there|"
    r"how (?:long|far) is it (?:from|to|until)|who is (?:this|that))\b",
    re.IGNORECASE,
)
_POINTS: Final = frozenset({"that", "this", "those", "these", "their", "its", "his", "her"})
"""Those that may stand before the thing itself."""
_AT: Final = re.compile(
    r"\b(?P<how>on|in|at|for|from|to|with|by|near|after|before|during|without)\s+(?P<what>[^?.!,]+)",
    re.IGNORECASE,
)
_QUESTION_WORDS: Final = frozenset(
    {
        "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "is", "are", "was",
        "were", "do", "does", "did", "can", "could", "will", "would", "should", "may",
    }
)  # fmt: skip


def standing_alone(query: str, conversation: Sequence[Exchange]) -> str:
    """Give the question as it would be asked by somebody who had not asked before.

    Args:
        query: What was asked.
        conversation: Earlier exchanges, the latest last.
    """
    resolved = ""
    for exchange in conversation[-_LOOKED_BACK:]:
        resolved = _resolved(exchange.question[:_LONGEST], resolved)
    return _resolved(query, resolved)


def _resolved(query: str, before: str) -> str:
    """Resolve against the question before, which stands alone by now."""
    query = query.strip()
    if not before or not query or len(query) > _LONGEST:
        return query
    rest = _STARTS_OF_MORE.sub("", query, count=1)
    if rest != query and not _asks_by_itself(rest):
        return _completed(rest, before)
    if len(_words(rest)) <= 4 and not _asks_by_itself(rest):
        return _completed(rest, before)
    return _with_things_named(query, before)


def _asks_by_itself(text: str) -> bool:
    """Whether a question word and something more begin it; "on Sundays?" does not, nor does "why?"."""
    words = _words(text)
    return len(words) > 1 and words[0] in _QUESTION_WORDS


def _completed(rest: str, before: str) -> str:
    """The earlier question with this in it: in the place of what it says the same of, else at its end."""
    rest = rest.rstrip(" ?.!")
    before = before.rstrip(" ?.!")
    if not rest:
        return before
    more = _AT.match(rest)
    if more is not None:
        same = [found for found in _AT.finditer(before) if found["how"].lower() == more["how"].lower()]
        if same:
            return f"{before[: same[-1].start()]}{rest}{before[same[-1].end() :]}?"
    elif _words(rest) and _words(rest)[0] not in _QUESTION_WORDS:
        # Another thing of the same kind: what is asked of it is what the words before the old one say.
        return f"{rest}: {before}?"
    return f"{before} {rest}?"


def _with_things_named(query: str, before: str) -> str:
    """The thing that the earlier question was about, in the place of the first pronoun."""
    topic = _topic(before)
    if not topic or _NAMES_NOTHING.search(query):
        return query
    told = 0
    for found in _WORD.finditer(query):
        word = found.group().lower().replace("\u2019", "'").split("'")[0]
        if word in _STANDS_FOR_A_THING:
            if told >= 2:  # it stands for something in its own sentence
                return query
            return _replaced(query, found, word, topic)
        told += word in telling_words(word) and word not in _QUESTION_WORDS and len(word) > 2
    return query


def _replaced(query: str, found: re.Match[str], word: str, topic: str) -> str:
    after = _WORD.search(query, found.end())
    points = word in _POINTS and after is not None and after.group().lower() not in _QUESTION_WORDS
    if points:  # "that one costs", "its price": what it points at is said as well
        return f"{query[: found.start()]}{topic} {query[found.end() :].lstrip()}"
    ending = found.group()[len(word) :].replace("\u2019", "'")
    verb = " is" if ending == "'s" else ""
    return f"{query[: found.start()]}{topic}{verb}{query[found.end() :]}"


def _topic(question: str) -> str:
    """The longest run of telling words, mostly what a question is about; the last of equals."""
    telling = set(telling_words(question))
    best: list[str] = []
    run: list[str] = []
    for found in _WORD.finditer(question):
        if set(_words(found.group())) & telling:
            run.append(found.group())
            best = run if len(run) >= len(best) else best
        else:
            run = []
    return " ".join(best)


def _words(text: str) -> list[str]:
    return [found.group().lower() for found in re.finditer(r"\w+", text)]
