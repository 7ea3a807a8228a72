# ruff: noqa: RUF001 (signs that look like others are what this is about)
"""What a voice is to say for a text: digits, signs and abbreviations become words.

One pattern finds whatever is not read as it is written, the longest readings first; what it does not find is
left as it is. The rules are English. A text in another language is left alone: its phonemiser knows the
numbers of its own language, and rules of ours for half of them would only stand in its way.

Rules where writing is ambiguous: ``3/4/2025`` has the month first in ``en-us`` and the day elsewhere; a
number of four digits is a year after words such as ``in`` and ``since``; more than six digits without
separators, and those that begin with zero, are read one by one; ``2-3`` is from two to three.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from nearfield_models.tts.reading import abbreviations, addresses, times
from nearfield_models.tts.reading.amounts import SCALES, UNITS, money, quantity
from nearfield_models.tts.reading.numbers import cardinal, decade, fraction, ordinal, year


def _any_of(words: Mapping[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER: Final = r"(?>\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)"
_MONTHS: Final = rf"(?:{'|'.join(times.MONTHS)}|(?:{abbreviations.MONTH_NAMES})\b\.?)"
_SIGN: Final = r"[£$€¥]"
_CODE: Final = r"GBP|USD|EUR|CHF|JPY"
_HALF: Final = r"(?:[AaPp][Mm]|[AaPp]\.[Mm]\.?)(?!\w)"
_DOMAINS: Final = r"com|org|net|edu|gov|info|io|dev|app|eu|de|fr|us|ca|co\.uk|org\.uk|ac\.uk|uk"

_PATTERN: Final = re.compile(
    rf"""
    (?=\d|(?<!\w)\w|[^\w\s]|[_²³]|\s[-–—])  # how all that follows begins: most of a text is passed over
    (?:
      (?P<address>(?<![\w@.+-])(?:
            (?:https?://|www\.)[^\s<>"]*[\w/]
          | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
          | (?:[a-zA-Z0-9-]+\.)+(?:{_DOMAINS})(?![\w.]\w)\b(?:/[^\s<>"]*[\w/])?))
    | (?P<iso>(?<![\w-])(?P<iso_year>\d{{4}})-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)(?![\w-])
        (?:(?=T\d\d:\d\d)T)?)
    | (?P<slashed>(?<![\w/.])(?P<first>\d{{1,2}})(?P<stroke>[/.])(?P<second>\d{{1,2}})(?P=stroke)
        (?P<slashed_year>\d{{4}}|\d\d)(?![\w/.]*\d))
    | (?P<day_month>(?:\b[Tt]he\s)?(?<!\w)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<day_of>{_MONTHS})
        (?:,?\s(?P<day_year>\d{{4}})(?![\w-]))?(?!\w))
    | (?P<month_day>\b(?P<month_of>{_MONTHS})\s(?P<month_day_number>\d{{1,2}})(?:st|nd|rd|th)?
        (?:,?\s(?P<month_year>\d{{4}})(?![\w-]))?(?![\w:.-]\d|\w))
    | (?P<month_and_year>\b(?P<month_alone>{_MONTHS})\s(?P<year_alone>\d{{4}})(?!\w))
    | (?P<clock>(?<![\w:.])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<seconds>[0-5]\d))?(?![\d:])
        (?:\s?(?P<half>{_HALF}))?)
    | (?P<hour_only>(?<![\w:.])(?P<hour_alone>1[0-2]|0?[1-9])(?:\.(?P<minute_alone>[0-5]\d))?
        \s?(?P<half_alone>{_HALF}))
    | (?P<money>(?P<currency>{_SIGN}|\b(?:{_CODE}))\s?(?P<sum>{_NUMBER})
        (?:\s?(?P<scale>{_any_of(SCALES)})\b)?)
    | (?P<sum_first>(?<![\w.])(?P<sum_before>{_NUMBER})\s?(?P<currency_after>{_SIGN}|(?:{_CODE})\b))
    | (?P<pence>(?<![\w.])(?P<pennies>\d{{1,3}})(?P<coin>p\b|¢))
    | (?P<telephone>(?<![\w.+])(?:\+\d{{1,3}}(?:[ .-]?(?:\(\d{{1,4}}\)|\d{{2,5}})){{2,5}}
          | \(\d{{3,5}}\)[ ]?\d{{3,4}}(?:[ -]?\d{{3,4}})?
          | \d{{3}}[-. ]\d{{3}}[-. ]\d{{4}} | \d{{3}}-\d{{4}}
          | (?<!\d\s)0\d{{2,4}}[ -]\d{{3,4}}(?:[ -]?\d{{3,4}})?)(?![\w-]))
    | (?P<fixed>(?<![\w.])(?:{_any_of(abbreviations.SHORTENED)})(?!\w))
    | (?P<dash>(?:(?<=[\dm%])|(?<=m\.))\s?[-–—]\s?(?={_SIGN}?\d))
    | (?P<minus>(?<![\w.)\]])[-−](?={_SIGN}?\d))
    | (?P<decade>(?<![\w.])'?(?P<tens>(?:1[5-9]|20)\d0|(?:(?<=')|(?<=\bthe\s))\d0)s\b)
    | (?P<quantity>(?<![\w.])(?P<count>{_NUMBER})[\s-]?(?P<unit>{_any_of(UNITS)})(?!\w)(?:\.(?=\s[a-z]))?)
    | (?P<ordinal>(?<![\w.])(?P<place>\d+(?:,\d{{3}})*)(?:st|nd|rd|th)\b)
    | (?P<fraction>(?<![\w./])(?:(?P<whole>\d+)\s+)?(?P<above>\d{{1,2}})/(?P<below>\d{{1,3}})(?![\w/]))
    | (?P<ratio>(?<![\w.:])(?P<to_one>\d{{1,4}}):(?P<to_other>\d{{1,4}})(?![\w:]))
    | (?P<lower>(?<![\w.-]){_NUMBER}(?=\s?[-–—]\s?{_SIGN}?{_NUMBER}(?::\d\d)?
        \s?(?:{_HALF}|(?:{_any_of(UNITS)})(?!\w))))
    | (?P<code>(?<![\w.-])(?=[\w-]{{0,40}}\d)(?=[\w-]{{0,40}}[^\W\d_])\w+(?:[.-]\w*\d\w*|-\w+)*)
    | (?P<version>(?<![\w.])\d+(?:\.\d+){{2,}})
    | (?P<year>(?:(?<=\b(?:in|of|by)\s)|(?<=\bfrom\s)|(?<=\b(?:since|until|after)\s)
          |(?<=\b(?:19|20)\d\d\sto\s)|(?<=\b(?:19|20)\d\d[-–])|(?<!\w)(?=\d+[-–](?:19|20)\d\d(?![\w-])))
        (?:1[1-9]|20)\d\d(?![,.:%/]*\d|\w))
    | (?P<numbered>(?:\#|\b[Nn]o\.\s?)(?=\d))
    | (?P<number>{_NUMBER})
    | (?P<street>\b(?:St|Dr)\.)
    | (?P<title>\b(?:{_any_of(abbreviations.TITLES)})(?:\.|(?=\s[A-Z])))
    | (?P<initials>\b(?:[A-Z]\.){{2,}})
    | (?P<half_of_day>\b[ap]\.m\.)
    | (?P<named>\b(?:{abbreviations.MONTH_NAMES}|{abbreviations.DAY_NAMES})\.(?=\s|,)
        |\b(?:{abbreviations.DAY_NAMES})(?=,?\s\d|\s?[-–]\s?(?:{abbreviations.DAY_NAMES})\b))
    | (?P<until>(?<=Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s?[-–]\s?(?P<until_day>{abbreviations.DAY_NAMES})\b)
    | (?P<letter>(?<=[\w,]\s)A(?![\w'])|(?<=,\s)a(?=[,.]|$))
    | (?P<either>(?<=[^\W\d_])/(?=[^\W\d_]))
    | (?P<sign>[%‰°&+=@#<>~£$€¥×÷±²³*_`|\\^])
    )""",
    re.VERBOSE,
)

_SIGNS: Final[Mapping[str, str]] = {
    "%": "percent", "‰": "per mille", "°": "degrees", "&": "and", "+": "plus", "=": "equals", "@": "at",
    "#": "number", "<": "less than", ">": "more than", "~": "about", "£": "pounds", "$": "dollars",
    "€": "euros", "¥": "yen", "×": "times", "÷": "divided by", "±": "plus or minus", "²": "squared",
    "³": "cubed",
}  # fmt: skip
"""Signs that stand by themselves; others are silent."""
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
_OPENING: Final = "([{\"'“‘"
_CLOSING: Final = ".,;:!?)]}\"'”’…"


def spoken(text: str, language: str = "en-us") -> str:
    """Write a text as it is read aloud; no digit is left in English, and plain words stay as they are.

    Args:
        text: Any text.
        language: Of the voice: a code such as ``en-us``.
    """
    if not language.casefold().startswith("en"):
        return text
    month_first = language.casefold().replace("_", "-") in ("en", "en-us")
    read = ascii_digits(text)
    while (
        again := _PATTERN.sub(lambda match: _set_in(match, _read(match, month_first=month_first)), read)
    ) != read:
        # Once more: what was read may have stood in its neighbour's way. There is less to read each time.
        read = re.sub(" {2,}", " ", again)
    return read


def ascii_digits(text: str) -> str:
    """Write the digits of other scripts, and numbers and fractions of one character, in plain digits."""
    return text if text.isascii() else _FOREIGN.sub(_plain_digits, text)


def _read(match: re.Match[str], *, month_first: bool) -> str:
    kind = str(match.lastgroup)
    if kind == "slashed":
        return _slashed(match, month_first=month_first)
    if kind == "iso":
        return _iso(match, month_first=month_first)
    return _READINGS[kind](match)


def _slashed(match: re.Match[str], *, month_first: bool) -> str:
    first, second, years = match["first"], match["second"], match["slashed_year"]
    month_first = month_first and match["stroke"] == "/"
    for day, month in ((second, first), (first, second))[:: 1 if month_first else -1]:
        if times.is_day_of(day, month):
            return times.date(day, month, years, month_first=month_first)
    return " ".join(map(cardinal, (first, second, years)))


def _iso(match: re.Match[str], *, month_first: bool) -> str:
    day, month, years = match["iso_day"], match["iso_month"], match["iso_year"]
    if not times.is_day_of(day, month):
        return " ".join(map(cardinal, (years, month, day)))
    return times.date(day, month, years, month_first=month_first)


def _pence(match: re.Match[str]) -> str:
    return money("£" if match["coin"] == "p" else "$", f"0.{match['pennies']:0>2}")


_READINGS: Final[Mapping[str, Callable[[re.Match[str]], str]]] = {
    "address": lambda found: addresses.address(found.group()),
    "day_month": lambda found: _named(found["day"], found["day_of"], found["day_year"], month_first=False),
    "month_day": lambda found: _named(
        found["month_day_number"], found["month_of"], found["month_year"], month_first=True
    ),
    "month_and_year": lambda found: f"{times.month_name(found['month_alone'])} {year(found['year_alone'])}",
    "clock": lambda found: abbreviations.ended(
        found, times.clock(found["hour"], found["minute"], found["seconds"] or "", found["half"] or "")
    ),
    "hour_only": lambda found: abbreviations.ended(
        found, times.clock(found["hour_alone"], found["minute_alone"] or "", half=found["half_alone"])
    ),
    "money": lambda found: money(found["currency"], found["sum"], found["scale"] or ""),
    "sum_first": lambda found: money(found["currency_after"], found["sum_before"]),
    "pence": _pence,
    "telephone": lambda found: addresses.telephone(found.group()),
    "fixed": abbreviations.shortened,
    "dash": lambda _: " to ",
    "minus": lambda _: "minus ",
    "quantity": lambda found: quantity(found["count"], found["unit"]),
    "ordinal": lambda found: ordinal(found["place"]),
    "decade": lambda found: decade(found["tens"]),
    "fraction": lambda found: fraction(found["above"], found["below"], found["whole"] or ""),
    "ratio": lambda found: f"{cardinal(found['to_one'])} to {cardinal(found['to_other'])}",
    "code": lambda found: addresses.code(found.group()),
    "version": lambda found: " point ".join(map(cardinal, found.group().split("."))),
    "year": lambda found: year(found.group()),
    "numbered": lambda _: "number ",
    "number": lambda found: cardinal(found.group()),
    "lower": lambda found: cardinal(found.group()),
    "initials": lambda found: abbreviations.ended(
        found, addresses.characters(found.group().replace(".", ""))
    ),
    "street": abbreviations.street_or_name,
    "title": abbreviations.title,
    "half_of_day": abbreviations.half_of_day,
    "named": abbreviations.name_of_day_or_month,
    "until": lambda found: f" to {times.day_name(found['until_day'])}",
    "letter": lambda _: addresses.LETTER_A,
    "either": lambda found: " " if found.string[found.start() - 3 :].startswith("and/or") else " or ",
    "sign": lambda found: _SIGNS.get(found.group(), ""),
}


def _named(day: str, month: str, years: str | None, *, month_first: bool) -> str:
    if not times.is_day_of(day, "1"):
        return " ".join(filter(None, (cardinal(day), times.month_name(month), year(years) if years else "")))
    return times.date(day, month, years or "", month_first=month_first)


def _set_in(match: re.Match[str], words: str) -> str:
    """Part the words from what stands beside them without a space."""
    before = match.string[match.start() - 1 : match.start()] if match.start() else ""
    after = match.string[match.end() : match.end() + 1]
    if not words:
        return " " if before.isalnum() and after.isalnum() else ""
    lead = " " if before and not before.isspace() and before not in _OPENING else ""
    trail = " " if after and not after.isspace() and after not in _CLOSING else ""
    return f"{lead}{words}{trail}"


def _plain_digits(match: re.Match[str]) -> str:
    character = match.group()
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    if character in "²³" or unicodedata.category(character) not in ("No", "Nl"):
        return character
    parts = unicodedata.normalize("NFKC", character).replace("\u2044", "/")
    is_plain = all(part in "0123456789/" for part in parts)
    return _set_in(match, parts if is_plain else str(int(unicodedata.numeric(character, 0))))
