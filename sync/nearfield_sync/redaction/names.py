"""Names of persons: after what people say of themselves and of others, and where the lists know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nearfield_sync.redaction import vocabulary as known_words
from nearfield_sync.redaction.name_lists import NameLists
from nearfield_sync.redaction.spans import Found
from nearfield_sync.redaction.tokens import Token, piece_at

_LONGEST_NAME: Final = 4
_OWN: Final = (
    ("my", "name", "is"), ("my", "name", "'s"), ("my", "name's"), ("name", "is"), ("name", "'s"), ("names",),
    ("my", "full", "name", "is"), ("name", "of"), ("i'm", "called"), ("i", "am", "called"), ("surname", "is"),
    ("is", "called"), ("named",), ("last", "name"), ("first", "name"), ("family", "name"), ("maiden", "name"),
    ("last", "name", "is"), ("first", "name", "is"), ("maiden", "name", "is"), ("maiden", "name", "was"),
    ("under", "the", "name"), ("is", "named"), ("by", "the", "name", "of"),
)  # fmt: skip
"""After these, whatever is no function word is a name."""
_LIKELY: Final = (
    ("this", "is"), ("i'm",), ("i", "am"), ("it's",), ("it", "is"), ("call", "me"), ("call", "him"), ("call", "her"),
    ("for", "a"), ("speak", "to"), ("speak", "with"), ("talk", "to"), ("talk", "with"), ("through", "to"),
    ("connect", "me", "to"), ("connect", "me", "with"), ("appointment", "with"), ("meeting", "with"),
    ("looking", "for"), ("here", "to", "see"), ("here", "for"), ("reservation", "for"), ("booking", "for"),
    ("booked", "under"), ("booked", "for"), ("parcel", "for"), ("package", "for"), ("message", "for"),
    ("message", "to"), ("message", "from"), ("under",), ("signed", "by"), ("lunch", "with"), ("dinner", "with"),
    ("thanks", "to"), ("regards",), ("dear",), ("transfer", "me", "to"), ("send", "it", "to"), ("email", "to"),
    ("letter", "for"), ("delivery", "for"), ("visitor", "for"), ("behalf", "of"), ("by", "name"), ("call", "with"),
    ("call", "from"), ("married", "to"), ("patient",), ("employee",), ("customer",), ("hello",), ("hi",),
    ("text", "to"), ("talking", "to"), ("speaking", "to"), ("speaking", "with"), ("room", "to"), ("invite",),
)  # fmt: skip
"""After these, a name that is a word as well is a name."""
_ALSO_VERBS: Final = frozenset({"will", "may", "mark", "bill", "chase", "grant", "art", "rob"})
"""Names only right after a verb whose object is a person, or of a surname."""
_NEVER_OWN: Final = known_words.FUNCTION_WORDS | frozenset(
    {"spelled", "spelt", "calling", "speaking", "called"}
)


def find_names(tokens: Sequence[Token], lists: NameLists) -> Iterator[Found]:
    """Names by cues and by the lists, in the order of the text."""
    public = any(token.text in known_words.PUBLIC_CUES for token in tokens) or _asks_who(tokens)
    at = 0
    while at < len(tokens):
        end = _name_end(tokens, at, lists, public=public)
        if end > at:
            yield Found(kind="name", start=tokens[at].start, end=tokens[end - 1].end)
            at = end
        else:
            at += 1


def _asks_who(tokens: Sequence[Token]) -> bool:
    """``who is``, ``how old is``, ``when was``: questions about somebody whom the world knows."""
    opening = [token.text for token in tokens[:3]]
    return opening[:1] in (["who"], ["whose"], ["who's"]) or opening in (
        ["how", "old", "is"], ["how", "old", "was"], ["how", "tall", "is"]
    ) or opening[:2] in (["when", "was"], ["when", "did"], ["where", "was"], ["what", "did"])  # fmt: skip


def _name_end(tokens: Sequence[Token], at: int, lists: NameLists, *, public: bool) -> int:
    """The token after the name that begins at ``at``; ``at`` itself where none does."""
    if not tokens[at].text[0].isalpha():
        return at
    if _follows(tokens, at, _OWN) and not _no_statement(tokens, at):
        return _own_end(tokens, at)
    word = tokens[at].text
    before = tokens[at - 1].text if at else ""
    if before == "." and at > 1:
        before = tokens[at - 2].text
    if before in known_words.TITLES and word not in known_words.FUNCTION_WORDS:
        return _grown(tokens, at, lists)
    if before in known_words.LOOSE_TITLES and lists.has(word) and word not in known_words.ORDINARY:
        return _grown(tokens, at, lists)
    if word in _ALSO_VERBS and not _is_object(tokens, at):
        return at
    if not lists.has(word) or (word in known_words.ORDINARY and word not in _ALSO_VERBS):
        return at
    if _is_place(tokens, at, lists):
        return at
    return _listed_end(tokens, at, lists, before, public=public)


def _listed_end(tokens: Sequence[Token], at: int, lists: NameLists, before: str, *, public: bool) -> int:
    word = tokens[at].text
    end = _grown(tokens, at, lists)
    told = _told(tokens, at, before)
    given = word in lists.given
    if told and (given or end > at + 1 or word not in known_words.ALSO_WORDS):
        return end
    if public or not given:
        return at
    if end > at + 1 and _second_is_surname(tokens, at, lists):
        return end
    return at if word in known_words.ALSO_WORDS else end


def _told(tokens: Sequence[Token], at: int, before: str) -> bool:
    """Whether the words before say that a person follows."""
    return _is_object(tokens, at) or before in known_words.RELATIONS or _follows(tokens, at, _LIKELY)


def _is_object(tokens: Sequence[Token], at: int) -> bool:
    """Whether it follows a verb whose object is a person; ``the call will …`` holds no such verb."""
    before = [token.text for token in tokens[max(0, at - 2) : at]]
    return before[-1:] != [] and before[-1] in known_words.PERSON_VERBS and (
        len(before) < 2 or before[0] not in known_words.DETERMINERS
    )  # fmt: skip


def _second_is_surname(tokens: Sequence[Token], at: int, lists: NameLists) -> bool:
    second = tokens[at + 1].text
    if second in known_words.PARTICLES or second == "-":
        return True
    either = tokens[at].text not in known_words.ALSO_WORDS or second not in known_words.ALSO_WORDS
    return second in lists.surnames and second not in known_words.ORDINARY and either


def _own_end(tokens: Sequence[Token], at: int) -> int:
    """Up to four words that no function word ends; letters where the name is spelled."""
    end = at
    while end < len(tokens) and end - at < _LONGEST_NAME:
        word = tokens[end].text
        particle = end > at and word in known_words.PARTICLES
        joins = end > at and word == "-"
        if not (particle or joins or (word[0].isalpha() and word not in _NEVER_OWN)):
            break
        if len(word) == 1 and word.isalpha():
            return _spelled_end(tokens, end)
        end += 1
    while end > at and tokens[end - 1].text in known_words.PARTICLES | {"-"}:
        end -= 1
    return end


def _spelled_end(tokens: Sequence[Token], at: int) -> int:
    end = at
    while (piece := piece_at(tokens, end, letters=True, inside=True)) is not None:
        end = piece.end
    return end


def _grown(tokens: Sequence[Token], at: int, lists: NameLists) -> int:
    """The end of a name that begins with a known word: what follows and may be a surname belongs to it."""
    end = at + 1
    while end < len(tokens) and end - at < _LONGEST_NAME:
        word = tokens[end].text
        then = tokens[end + 1].text if end + 1 < len(tokens) else ""
        if word == "-" and lists.has(then) and tokens[end].start == tokens[end - 1].end:
            end += 2
        elif word in known_words.PARTICLES and then and _may_be_surname(then, lists) and lists.has(then):
            end += 2
        elif word[0].isalpha() and len(word) > 1 and _may_be_surname(word, lists):
            end += 1
        else:
            break
    return end


def _may_be_surname(word: str, lists: NameLists) -> bool:
    return word not in known_words.ORDINARY and word not in known_words.PLACE_AFTER and (
        lists.has(word) or not lists.is_known_word(word)
    )  # fmt: skip


def _is_place(tokens: Sequence[Token], at: int, lists: NameLists) -> bool:
    end = at + 1
    while end < len(tokens) and lists.has(tokens[end].text) and tokens[end].text not in known_words.ORDINARY:
        end += 1
    if end < len(tokens) and tokens[end].text == "'s":
        end += 1
    after = tokens[end].text if end < len(tokens) else ""
    before = tokens[at - 1].text if at else ""
    return after in known_words.PLACE_AFTER or before in known_words.PLACE_BEFORE


def _follows(tokens: Sequence[Token], at: int, cues: Sequence[tuple[str, ...]]) -> bool:
    before = [token.text for token in tokens[max(0, at - 5) : at]]
    if before and before[-1] in (":", ","):
        before.pop()
    return any(len(cue) <= len(before) and tuple(before[-len(cue) :]) == cue for cue in cues)


def _no_statement(tokens: Sequence[Token], at: int) -> bool:
    """``what is the name of the capital``, ``the street's name is``: a thing's name, or a question for one."""
    before = [token.text for token in tokens[max(0, at - 6) : at]]
    if before[-2:] == ["name", "of"]:
        return "in" not in before and "under" not in before and "by" not in before
    first = tokens[0].text
    asks = first in ("what", "what's", "which", "how", "who", "where", "why")
    return asks and "my" not in before and "is" not in before[-1:]
