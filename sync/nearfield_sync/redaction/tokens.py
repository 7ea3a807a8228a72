"""A sentence as its words, and what digits and letters those words spell.

People say numbers in many ways: ``five five five``, ``forty two``, ``double seven``, ``eight hundred``; and
letters as ``b``, ``bravo`` or ``b for boy``. Each becomes a `Piece` with the characters that it stands
for, and pieces that follow each other a `Run`, of which the rules of numbers are asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['\u2019](?!s\b)[^\W\d_]+)*|['\u2019]s\b|\d+|\S")
_UNITS: Final = {
    "zero": 0, "nought": 0, "naught": 0, "nil": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
_TEENS: Final = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_NOUGHT: Final = frozenset({"oh", "o"})
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_SPELLING: Final = {
    "alpha": "a", "alfa": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f",
    "golf": "g", "hotel": "h", "india": "i", "juliet": "j", "juliett": "j", "kilo": "k", "lima": "l",
    "mike": "m", "november": "n", "oscar": "o", "papa": "p", "quebec": "q", "romeo": "r", "sierra": "s",
    "tango": "t", "uniform": "u", "victor": "v", "whiskey": "w", "whisky": "w", "xray": "x", "yankee": "y",
    "zulu": "z",
}  # fmt: skip
_BETWEEN: Final = frozenset("-./,() ") | {"dash", "hyphen", "space", "slash", "then"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign."""

    text: str
    """In small letters, with plain apostrophes."""
    start: int
    end: int
    capital: bool
    """Whether it begins with a capital letter."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The characters that tokens ``first`` to before ``end`` spell."""

    first: int
    end: int
    characters: str
    """Digits, or one letter."""
    spelled: bool = True
    """Whether the digits were said one by one or written, and not counted."""


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces that follow each other, with nothing but separators between them."""

    pieces: tuple[Piece, ...]
    separators: tuple[str, ...]
    """Before each piece: the tokens that separate it from the one before; nothing before the first."""

    @property
    def first(self) -> int:
        """The first token."""
        return self.pieces[0].first

    @property
    def end(self) -> int:
        """The token after the last."""
        return self.pieces[-1].end

    @property
    def characters(self) -> str:
        """All of them together, letters small."""
        return "".join(piece.characters for piece in self.pieces)

    @property
    def digit_by_digit(self) -> bool:
        """Whether it was spelled rather than counted: ``five five five``, or one long row of digits."""
        spelled = sum(piece.spelled for piece in self.pieces)
        return len(self.characters) >= 5 and spelled * 2 >= len(self.pieces)


def tokens_of(text: str) -> tuple[Token, ...]:
    """Split a text into words, rows of digits and signs."""
    return tuple(
        Token(match[0].lower().replace("\u2019", "'"), match.start(), match.end(), match[0][0].isupper())
        for match in _TOKEN.finditer(text)
    )


def number_runs(tokens: Sequence[Token]) -> list[Run]:
    """All runs of nothing but digits."""
    return _runs(tokens, letters=False)


def spelled_runs(tokens: Sequence[Token]) -> list[Run]:
    """All runs of digits and letters with at least one letter in them."""
    return [run for run in _runs(tokens, letters=True) if not run.characters.isdigit()]


def piece_at(tokens: Sequence[Token], at: int, *, letters: bool, inside: str) -> Piece | None:
    """What the tokens at ``at`` spell, or None.

    Args:
        tokens: Of the sentence.
        at: Where to look.
        letters: Whether letters count.
        inside: What came right before, empty for nothing: within a run ``a`` is a letter,
            and ``o`` is one after letters and a nought after digits.
    """
    if at >= len(tokens):
        return None
    word = tokens[at].text
    if word.isdecimal():
        return Piece(at, at + 1, word)
    number = _number_at(tokens, at)
    if number is not None:
        return number
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if word in _TIMES:
        doubled = _doubled(word, after, letters=letters)
        return Piece(at, at + 2, doubled) if doubled else None
    letter = letters and word == "o" and (inside.isalpha() or len(after) == 1)
    if word in _NOUGHT and not letter and (inside or _spells_digit(after)):
        return Piece(at, at + 1, "0")
    return _letter_at(tokens, at, inside=inside) if letters else None


def _number_at(tokens: Sequence[Token], at: int) -> Piece | None:
    value, end = _below_thousand(tokens, at)
    if value is None:
        return None
    if end < len(tokens) and tokens[end].text == "thousand" and value:
        value, end = value * 1000, end + 1
        rest, rest_end = _below_thousand(tokens, end + (end < len(tokens) and tokens[end].text == "and"))
        if rest is not None and not _goes_on(tokens, rest_end):
            value, end = value + rest, rest_end
    return Piece(at, end, str(value), spelled=value < 10 and end == at + 1)


def _below_thousand(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    value, end = _below_hundred(tokens, at)
    if value is None or end >= len(tokens) or tokens[end].text != "hundred" or not value:
        return value, end
    value, end = value * 100, end + 1
    joined = end < len(tokens) and tokens[end].text == "and"
    rest, rest_end = _below_hundred(tokens, end + joined)
    if rest is not None and (joined or not _goes_on(tokens, rest_end)):
        return value + rest, rest_end
    return value, end


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether more digits follow, so that ``eight hundred five five five`` is no 805."""
    return at < len(tokens) and _spells_digit(tokens[at].text)


def _below_hundred(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    word = tokens[at].text if at < len(tokens) else ""
    if word in _UNITS:
        return _UNITS[word], at + 1
    if word in _TEENS:
        return _TEENS[word], at + 1
    if word not in _TENS:
        return None, at
    end = at + 1
    if end + 1 < len(tokens) and tokens[end].text == "-" and tokens[end + 1].text in _UNITS:
        end += 1
    unit = _UNITS.get(tokens[end].text, 0) if end < len(tokens) else 0
    return (_TENS[word] + unit, end + 1) if unit else (_TENS[word], at + 1)


def _doubled(word: str, after: str, *, letters: bool) -> str:
    if after in _UNITS:
        return str(_UNITS[after]) * _TIMES[word]
    if after in _NOUGHT:
        return "0" * _TIMES[word]
    if len(after) == 1 and (after.isdecimal() or (letters and after.isalpha())):
        return after * _TIMES[word]
    return ""


def _spells_digit(word: str) -> bool:
    return word in _UNITS or word in _TEENS or word in _TENS or word in _NOUGHT or word in _TIMES or (
        word.isdecimal()
    )  # fmt: skip


def _letter_at(tokens: Sequence[Token], at: int, *, inside: str) -> Piece | None:
    word = tokens[at].text
    if not (word.isascii() and word.isalpha()):
        return None
    if len(word) == 1:
        end = _named_letter_end(tokens, at)
        alone = inside or _letter_follows(tokens, at + 1, word)
        if end == at + 1 and (not alone or _is_word(tokens, at, inside)):
            return None
        return Piece(at, end, word)
    if word in _SPELLING and (inside or _letter_follows(tokens, at + 1, "a")):
        return Piece(at, at + 1, _SPELLING[word])
    beside = _touches_digits(tokens, at) or (bool(inside) and tokens[at].capital)
    return Piece(at, at + 1, word) if beside and len(word) <= 4 else None


def _named_letter_end(tokens: Sequence[Token], at: int) -> int:
    """After ``b for bravo`` and ``b as in boy``, else after the letter."""
    word = tokens[at].text
    named = [token.text for token in tokens[at + 1 : at + 4]]
    if len(named) > 1 and named[0] == "for" and named[1][0] == word:
        return at + 3
    return at + 4 if len(named) == 3 and named[:2] == ["as", "in"] and named[2][0] == word else at + 1


def _is_word(tokens: Sequence[Token], at: int, inside: str) -> bool:
    """Whether ``a`` or ``i`` is no letter: ``… three seven I think``."""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return tokens[at].text in ("a", "i") and len(after) > 1 and not (inside and _spells_digit(after))


def _touches_digits(tokens: Sequence[Token], at: int) -> bool:
    """Whether it stands right beside digits: the letters of ``ab12cde``."""
    left = at > 0 and tokens[at - 1].end == tokens[at].start and tokens[at - 1].text.isdecimal()
    right = at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].end
    return left or (right and tokens[at + 1].text.isdecimal())


def _letter_follows(tokens: Sequence[Token], at: int, letter: str) -> bool:
    """Whether what follows makes a letter of ``a`` and ``i``, which are words too."""
    follows = tokens[at].text if at < len(tokens) else ""
    return (
        (len(follows) == 1 and follows.isalnum() and letter != "i")
        or follows in _SPELLING
        or (letter not in "ai" and _spells_digit(follows))
        or follows in ("dash", "-")
    )


def _runs(tokens: Sequence[Token], *, letters: bool) -> list[Run]:
    runs: list[Run] = []
    at = 0
    while at < len(tokens):
        run = _run_from(tokens, at, letters=letters)
        if run is None:
            at += 1
        else:
            runs.append(run)
            at = run.end
    return runs


def _run_from(tokens: Sequence[Token], at: int, *, letters: bool) -> Run | None:
    piece = piece_at(tokens, at, letters=letters, inside="")
    if piece is None:
        return None
    pieces, separators, separator = [piece], [""], ""
    end = piece.end
    while end < len(tokens):
        piece = piece_at(tokens, end, letters=letters, inside=pieces[-1].characters)
        if piece is not None:
            pieces.append(piece)
            separators.append(separator)
            end, separator = piece.end, ""
        elif tokens[end].text in _BETWEEN and len(separator) < 3:
            separator += tokens[end].text
            end += 1
        else:
            break
    return Run(tuple(pieces), tuple(separators))
