"""Names of persons: after what people say of themselves and of others, and where the lists know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nearfield_sync.redaction import name_cues as cues
from nearfield_sync.redaction import vocabulary as known_words
from nearfield_sync.redaction.more_names import SURE_SURNAMES
from nearfield_sync.redaction.name_lists import NameLists, plain
from nearfield_sync.redaction.ordinary_words import ALSO_WORDS, ORDINARY, WORD_SURNAMES
from nearfield_sync.redaction.spans import Found
from nearfield_sync.redaction.tokens import Token, piece_at

_LONGEST_NAME: Final = 4
_NEVER_OWN: Final = known_words.FUNCTION_WORDS | frozenset(
    {"spelled", "spelt", "calling", "speaking", "called"}
)


def find_names(tokens: Sequence[Token], lists: NameLists) -> Iterator[Found]:
    """Names by cues and by the lists, in the order of the text."""
    public = any(token.text in known_words.PUBLIC_CUES for token in tokens) or _asks_who(tokens)
    at, last = 0, -2
    while at < len(tokens):
        joined = at - last == 1 and tokens[last].text in ("and", "or", ",", "&")
        again = joined and lists.has(tokens[at].text)  # "anna and peter"
        end = _name_end(tokens, at, lists, public=public, again=again)
        if end > at:
            yield Found(kind="name", start=tokens[at].start, end=tokens[end - 1].end)
            at = last = end
        else:
            at += 1


def _asks_who(tokens: Sequence[Token]) -> bool:
    """``who is``, ``how old is``, ``when was``: questions about somebody whom the world knows."""
    opening = tuple(token.text for token in tokens[:3])
    words = " ".join(token.text for token in tokens)
    if opening[:1] == ("who",) and opening[1:2] in (("do",), ("can",), ("should",), ("could",), ("here",)):
        return False
    return (
        any(phrase in words for phrase in cues.ABOUT)
        or opening[:1] in (("who",), ("whose",), ("who's",))
        or any(opening[: len(one)] == one for one in cues.ASKING)
    )


def _name_end(tokens: Sequence[Token], at: int, lists: NameLists, *, public: bool, again: bool) -> int:
    """The token after the name that begins at ``at``; ``at`` itself where none does."""
    word = tokens[at].text
    if not word[0].isalpha() or len(word) < 2:
        return _own_end(tokens, at) if _says_own(tokens, at, lists) else at
    if _says_own(tokens, at, lists):
        return _own_end(tokens, at)
    before = tokens[at - 1].text if at else ""
    if before == "." and at > 1:
        before = tokens[at - 2].text
    if before in known_words.TITLES and word not in known_words.FUNCTION_WORDS:
        return _grown(tokens, at, lists)
    if before in known_words.LOOSE_TITLES and (_is_name(word, lists) or _is_unknown(word, lists)):
        return _grown(tokens, at, lists)
    if word in cues.ALSO_VERBS and not _is_object(tokens, at):
        return at
    sure = again or _is_told(tokens, at, before) or _is_paired(tokens, at, lists)
    told = sure or _follows(tokens, at, cues.LIKELY)
    if not _begins_name(tokens, at, lists, sure=sure) or _is_place(tokens, at, lists):
        return at
    if sure:
        return _grown(tokens, at, lists)
    return _listed_end(tokens, at, lists, told=told, public=public)


def _begins_name(tokens: Sequence[Token], at: int, lists: NameLists, *, sure: bool) -> bool:
    """Whether the word at ``at`` may begin a name.

    Either the lists have it, or nobody knows it, and a person was announced or a surname follows.
    """
    word = tokens[at].text
    if word in cues.ALSO_VERBS:
        return True
    if lists.has(word):
        return word not in ORDINARY or (sure and word in WORD_SURNAMES)
    if not _is_unknown(word, lists):
        return False
    if sure or _does_what_people_do(tokens, at):
        return True
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if _is_unknown(after, lists) and _among_people(tokens, at):
        return True
    surname = plain(after) in lists.surnames and after not in ORDINARY
    return surname and (after in SURE_SURNAMES or not lists.is_known_word(after))


def _among_people(tokens: Sequence[Token], at: int) -> bool:
    before = tuple(token.text for token in tokens[max(0, at - 2) : at])
    return before[-1:] != () and (
        before[-1] in cues.BEFORE_PEOPLE or before in (("belongs", "to"), ("get", "to"))
    )


def _does_what_people_do(tokens: Sequence[Token], at: int) -> bool:
    """``emeka told me``, ``is emeka here``."""
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return after in cues.DEEDS or (before in ("is", "isn't", "was") and after in cues.STATES)


def _is_unknown(word: str, lists: NameLists) -> bool:
    """Whether no list has it, neither one of names nor one of words: most such words are names."""
    listed = lists.has(word) or lists.is_known_word(word)
    return len(word) > 3 and not (listed or word in ORDINARY or word in known_words.TITLES)


def _is_name(word: str, lists: NameLists) -> bool:
    return lists.has(word) and (word not in ORDINARY or word in WORD_SURNAMES)


def _listed_end(tokens: Sequence[Token], at: int, lists: NameLists, *, told: bool, public: bool) -> int:
    word = tokens[at].text
    end = _grown(tokens, at, lists)
    given = plain(word) in lists.given
    doubtful = word in ALSO_WORDS or plain(word) in lists.things | lists.towns or word in known_words.MONTHS
    if told and (given or end > at + 1 or not doubtful):
        return end
    if public:
        return at
    if not given and lists.has(word):
        second = tokens[at + 1].text if end > at + 1 else ""
        return end if second and not (lists.is_known_word(word) or lists.is_known_word(second)) else at
    if end > at + 1 and _second_is_surname(tokens, at, lists):
        return end
    if (given or not lists.has(word)) and word not in ALSO_WORDS and _does_what_people_do(tokens, at):
        return end
    before = tokens[at - 1].text if at else ""
    return at if doubtful or not given or before in cues.BEFORE_PLACES else end


def _is_told(tokens: Sequence[Token], at: int, before: str) -> bool:
    """Whether the words before say that a person follows."""
    return _is_object(tokens, at) or before in known_words.RELATIONS or _follows(tokens, at, cues.PERSONS)


def _is_paired(tokens: Sequence[Token], at: int, lists: NameLists) -> bool:
    """Whether ``and`` and a given name follow a word that nobody knows."""
    word = tokens[at].text
    after = [token.text for token in tokens[at + 1 : at + 3]]
    return (
        len(after) == 2
        and after[0] in ("and", "or")
        and plain(after[1]) in lists.given
        and after[1] not in ORDINARY | ALSO_WORDS
        and (_is_unknown(word, lists) or (plain(word) in lists.given and word not in ORDINARY))
    )


def _is_object(tokens: Sequence[Token], at: int) -> bool:
    """Whether it follows a verb whose object is a person; ``the call will …`` holds no such verb."""
    before = [token.text for token in tokens[max(0, at - 2) : at]]
    return (
        before[-1:] != []
        and before[-1] in known_words.PERSON_VERBS
        and (len(before) < 2 or before[0] not in known_words.DETERMINERS)
    )


def _second_is_surname(tokens: Sequence[Token], at: int, lists: NameLists) -> bool:
    second = tokens[at + 1].text
    if second in known_words.PARTICLES or second == "-":
        return True
    if _is_unknown(second, lists):
        return True
    either = tokens[at].text not in ALSO_WORDS or second not in ALSO_WORDS
    return plain(second) in lists.surnames and _is_name(second, lists) and either


def _says_own(tokens: Sequence[Token], at: int, lists: NameLists) -> bool:
    """Whether the words before say that this is a name, whatever it is."""
    if (
        not _follows(tokens, at, cues.OWN)
        or tokens[at].text in _NEVER_OWN
        or not tokens[at].text[0].isalpha()
    ):
        return False
    before = [token.text for token in tokens[max(0, at - 6) : at]]
    if "my" in before or "i" in before or "i'm" in before:
        return True
    word = tokens[at].text
    if before[-2:] == ["name", "of"] and not ({"in", "under", "by"} & set(before)):
        return False
    unknown = lists.has(word) or not (lists.is_known_word(word) or word in ORDINARY)
    return unknown and "your" not in before


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
    while (piece := piece_at(tokens, end, letters=True, inside="a")) is not None:
        end = piece.end
    return end


def _grown(tokens: Sequence[Token], at: int, lists: NameLists) -> int:
    """The end of a name that begins with a known word: what follows and may be a surname belongs to it."""
    end = at + 1
    while end < len(tokens) and end - at < _LONGEST_NAME:
        word = tokens[end].text
        then = tokens[end + 1].text if end + 1 < len(tokens) else ""
        if (word == "-" and lists.has(then) and tokens[end].start == tokens[end - 1].end) or (
            word in known_words.PARTICLES and then and _may_be_surname(then, lists) and lists.has(then)
        ):
            end += 2
        elif word[0].isalpha() and len(word) > 1 and _may_be_surname(word, lists):
            end += 1
        else:
            break
    return end


def _may_be_surname(word: str, lists: NameLists) -> bool:
    if word in WORD_SURNAMES:
        return True
    if word in ORDINARY or word in known_words.PLACE_AFTER or word in known_words.MONTHS:
        return False
    return lists.has(word) or plain(word) in lists.towns or not lists.is_known_word(word)


def _is_place(tokens: Sequence[Token], at: int, lists: NameLists) -> bool:
    end = at + 1
    while end < len(tokens) and lists.has(tokens[end].text) and tokens[end].text not in ORDINARY:
        end += 1
    if end < len(tokens) and tokens[end].text == "'s":
        end += 1
    after = tokens[end].text if end < len(tokens) else ""
    before = tokens[at - 1].text if at else ""
    return after in known_words.PLACE_AFTER or before in known_words.PLACE_BEFORE


def _follows(tokens: Sequence[Token], at: int, told: Sequence[tuple[str, ...]]) -> bool:
    before = [token.text for token in tokens[max(0, at - 5) : at]]
    if before and before[-1] in (":", ","):
        before.pop()
    return any(len(cue) <= len(before) and tuple(before[-len(cue) :]) == cue for cue in told)
