"""Numbers in English words, without commas: a voice would pause at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from num2words import num2words

LONGEST_BARE_DIGITS: Final = 6
"""Longer runs of digits without separators are no quantity: they are read one by one."""
LONGEST_GROUPED_DIGITS: Final = 15

_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PARTS: Final[Mapping[int, str]] = {2: "half", 4: "quarter"}


def cardinal(written: str) -> str:
    """Read ``12``, ``1,200``, ``4.50`` or ``007``; a leading zero is a number told digit by digit."""
    whole, point, fraction = written.partition(".")
    bare = whole.replace(",", "")
    longest = LONGEST_BARE_DIGITS if bare == whole else LONGEST_GROUPED_DIGITS
    told = digits(bare) if len(bare) > longest or (len(bare) > 1 and bare[0] == "0") else _words(bare)
    return f"{told} point {digits(fraction)}" if point else told


def digits(written: str) -> str:
    """Read digit by digit; what is no digit is passed over."""
    return " ".join(_DIGITS[int(digit)] for digit in written if digit in "0123456789")


def ordinal(written: str) -> str:
    """Read the number of ``2nd``, given without its ending."""
    bare = written.replace(",", "")
    if len(bare) > LONGEST_GROUPED_DIGITS:
        return digits(bare)
    return _words(bare, "ordinal")


def year(written: str) -> str:
    """Read ``1905``, ``2004`` or ``2025`` as a year, and any longer number as such."""
    return _words(written, "year") if len(written) <= 4 else cardinal(written)


def decade(written: str) -> str:
    """Read the number of ``1990s`` or ``90s``: nineteen nineties."""
    told = year(written)
    return f"{told[:-1]}ies" if told.endswith("y") else f"{told}s"


def fraction(above: str, below: str, whole: str = "") -> str:
    """Read ``1/2`` as one half, ``3/4`` as three quarters and ``2 1/2`` as two and a half.

    What is no part of a whole is read as two numbers.
    """
    count, of = int(above), int(below)
    lead = f"{cardinal(whole)} and " if whole else ""
    if not 0 < count < of:
        return " ".join(cardinal(number) for number in (whole, above, below) if number)
    part = _PARTS.get(of) or ordinal(below)
    if count == 1:
        return f"{lead}{'a' if whole else 'one'} {part}"
    return f"{lead}{cardinal(above)} {part}s"


def one_of(written: str) -> bool:
    """Whether a number takes the singular."""
    return written == "1"


def _words(bare: str, form: str = "cardinal") -> str:
    said: str = num2words(int(bare), lang="en", to=form)
    return said.replace(",", "")
