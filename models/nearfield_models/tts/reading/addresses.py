"""What is spelled, or said sign by sign: addresses, telephone numbers, codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from nearfield_models.tts.reading.numbers import cardinal, digits

LETTER_A: Final = "eh"
"""How the letter is spelled, since ``A`` by itself is the article."""

SIGNS: Final[Mapping[str, str]] = {
    ".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", "+": "plus", "&": "and",
    "=": "equals", "?": "question mark", "!": "exclamation mark", "#": "hash", "%": "percent", ":": "colon",
    ";": "semicolon", "~": "tilde", ",": "comma", "*": "star", "$": "dollar", "£": "pound", "€": "euro",
    "(": "open bracket", ")": "close bracket", "'": "apostrophe", '"': "quote", "\\": "backslash",
    "<": "less than", ">": "greater than", "|": "bar", "^": "caret",
}  # fmt: skip

_PART: Final = re.compile(r"\d+|[A-Z]+(?![a-z])|[^\W\d_]+|[^\w\s]|_")
_GROUP: Final = re.compile(r"\d+")
_SCHEME: Final = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_LONGEST_WHOLE_NUMBER: Final = 3
_LONGEST_INITIALS: Final = 4


def address(written: str) -> str:
    """Read an address of the Web or of mail; how it begins (``https://www.``) is not told."""
    return " ".join(filter(None, map(_part, _PART.findall(_SCHEME.sub("", written)))))


def code(written: str) -> str:
    """Read what mixes letters and digits (``B2``, ``guest1234``): parted, and its signs passed over.

    Longer runs of digits, and those that begin with zero, are read digit by digit, capitals letter by letter.
    A point between digits is told.
    """
    parts = _PART.findall(re.sub(r"(?<=\d)\.(?=\d)", "·", written))
    told = ["point" if part == "·" else _part(part) for part in parts if part == "·" or part not in SIGNS]
    return " ".join(filter(None, told))


def telephone(written: str) -> str:
    """Read a telephone number digit by digit, with a short pause between its groups."""
    groups = ", ".join(digits(group) for group in _GROUP.findall(written))
    return f"plus {groups}" if written.lstrip().startswith("+") else groups


def characters(written: str) -> str:
    """Read everything one by one: letters, digits and signs."""
    told = (letter(sign) if sign.isalpha() else digits(sign) or SIGNS.get(sign, "") for sign in written)
    return " ".join(filter(None, told))


def letter(sign: str) -> str:
    """Name a letter."""
    return LETTER_A if sign in "aA" else sign.upper()


def _part(part: str) -> str:
    if part.isdecimal():
        is_whole = len(part) <= _LONGEST_WHOLE_NUMBER and part[0] != "0"
        return cardinal(part) if is_whole or part == "0" else digits(part)
    if part.isalpha():
        is_spelled = len(part) == 1 or (part.isupper() and len(part) <= _LONGEST_INITIALS)
        return characters(part) if is_spelled else part
    return SIGNS.get(part, "")
