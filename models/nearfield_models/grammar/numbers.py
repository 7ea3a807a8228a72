"""Numbers as people say them: 12 is ``twelve``, 22nd is ``twenty second``, 10:30 is ``ten thirty``.

The words come from CLDR's spell-out rules, without hyphens. What is too long to be a quantity (a telephone
number, a leading zero) is read digit by digit. A language without such rules keeps its digits, in
templates and transcripts alike.

Source: https://www.unicode.org/reports/tr35/tr35-numbers.html#Rule-Based_Number_Formatting
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from unicode_rbnf import FormatPurpose, RbnfEngine

from nearfield_models.grammar.scripts import IDEOGRAPHS, MARKS

LONGEST_QUANTITY_DIGITS: Final = 6
"""Longer runs of digits are read one by one."""


_SEPARATE: Final = re.compile(rf"[{IDEOGRAPHS}][{MARKS}]*|[^\s\-{IDEOGRAPHS}]+")
"""Number words as ``words`` would cut them."""


_RULES_OF: Final = {"nb": "no"}
"""Languages whose rules stand under another code."""


@cache  # reading the language's rules takes about 30 ms and always gives the same
def _engine(language: str) -> RbnfEngine | None:
    code = language.replace("-", "_").split("_")[0]
    try:
        return RbnfEngine.for_language(_RULES_OF.get(code, code))
    except ValueError:  # no rules for this language
        return None


def _spell(number: int | str, language: str, purpose: FormatPurpose) -> tuple[str, ...]:
    engine = _engine(language)
    if engine is None:
        return (str(number),)
    try:
        spelled = engine.format_number(number, purpose).text.casefold()
    except ValueError:  # rules for one purpose and not for the other, or not for this number
        return (str(number),)
    return tuple(_SEPARATE.findall(spelled))


def cardinal(digits: str, language: str) -> tuple[str, ...]:
    """Read a number written as ``12``, ``1,200`` or ``4.5``."""
    whole, point, fraction = digits.replace(",", "").partition(".")
    if len(whole) > LONGEST_QUANTITY_DIGITS or (len(whole) > 1 and whole.startswith("0")):
        words = tuple(word for digit in whole for word in _spell(digit, language, FormatPurpose.CARDINAL))
    else:
        words = _spell(whole, language, FormatPurpose.CARDINAL)
    if not point:
        return words
    if _engine(language) is None:
        return (digits,)
    # The rules know the language's word for the decimal point: the middle of "zero point five".
    point_word = _spell("0.5", language, FormatPurpose.CARDINAL)[1:-1]
    decimals = tuple(word for digit in fraction for word in _spell(digit, language, FormatPurpose.CARDINAL))
    return words + point_word + decimals


def ordinal(digits: str, language: str) -> tuple[str, ...]:
    """Read the number of ``2nd`` or ``21st``, given without its ending."""
    if len(digits) > LONGEST_QUANTITY_DIGITS:
        return cardinal(digits, language)
    return _spell(int(digits), language, FormatPurpose.ORDINAL)


def clock_time(time: str, language: str) -> tuple[str, ...]:
    """Read ``10:30`` as ``ten thirty``, ``10:05`` as ``ten oh five`` and ``10:00`` as ``ten``."""
    hours, minutes = time.split(":")
    words = _spell(int(hours), language, FormatPurpose.CARDINAL)
    if minutes == "00":
        return words
    oh = ("oh",) if minutes.startswith("0") else ()
    return words + oh + _spell(int(minutes), language, FormatPurpose.CARDINAL)


def spoken_forms(number: int | float, language: str) -> tuple[tuple[str, ...], ...]:
    """Every way in which a number is commonly said, the plainest first.

    English has ``one hundred and ten`` and ``a hundred ten`` beside ``one hundred ten``, and
    ``four and a half`` beside ``four point five``.
    """
    sign = ("minus",) if number < 0 else ()
    plain = sign + cardinal(f"{abs(number):g}" if isinstance(number, float) else str(abs(number)), language)
    forms = [plain]
    if not language.startswith("en"):
        return tuple(forms)
    if isinstance(number, float) and abs(number) % 1 == 0.5:
        forms.append(sign + cardinal(str(int(abs(number))), language) + ("and", "a", "half"))
    for scale in ("hundred", "thousand"):
        if scale in plain[:-1] and "hundred" not in plain[plain.index(scale) + 1 :]:
            cut = plain.index(scale) + 1
            forms.append((*plain[:cut], "and", *plain[cut:]))
            break
    round_one = {("one", "hundred"), ("one", "thousand")}
    forms.extend([("a", *form[1:]) for form in forms if form[:2] in round_one])
    return tuple(dict.fromkeys(forms))
