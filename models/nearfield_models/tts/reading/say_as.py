"""Text of which somebody says what it is: the kinds of SSML's ``say-as``.

Source: W3C, SSML 1.1 say-as attribute values (Working Group Note, 26 May 2005), for the formats of dates and
times; ``digits``, ``characters``, ``spell-out``, ``currency`` and ``unit`` are what other voices call them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from nearfield_models.tts.reading import addresses, times
from nearfield_models.tts.reading.numbers import cardinal, digits, ordinal, year
from nearfield_models.tts.reading.spoken import ascii_digits, spoken

_NUMBER: Final = re.compile(r"([+-]?)(\d+(?:,\d{3})*(?:\.\d+)?)")
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th)?", re.IGNORECASE)
_TIME: Final = re.compile(
    r"([01]?\d|2[0-4])(?:[:.]?([0-5]\d)(?:[:.]?([0-5]\d))?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE
)
_PARTS: Final = re.compile(r"\d+|[A-Za-z]+")
_AMOUNT: Final = re.compile(r"(?=.*\d).*[^\d\s].*", re.DOTALL)
_FORMATS: Final = ("mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y")


def say_as(text: str, kind: str, form: str, language: str) -> str | None:
    """Read a text as what it is told to be; None where it is nothing of the kind, or not English.

    Args:
        text: Without spaces around it.
        kind: One of `KINDS`.
        form: Of a date: the order of its parts, such as ``dmy``; empty where it is not told.
        language: Of the voice; English dates are ordered by it.
    """
    if not language.casefold().startswith("en"):
        return None
    return KINDS[kind](ascii_digits(text), form, language)


def _cardinal(text: str, _form: str, _language: str) -> str | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign = {"-": "minus ", "+": "plus "}.get(match[1], "")
    return sign + cardinal(match[2])


def _ordinal(text: str, _form: str, _language: str) -> str | None:
    match = _ORDINAL.fullmatch(text)
    return None if match is None else ordinal(match[1])


def _digits(text: str, _form: str, _language: str) -> str | None:
    return digits(text) or None


def _characters(text: str, _form: str, _language: str) -> str | None:
    return addresses.characters(text) or None


def _telephone(text: str, _form: str, _language: str) -> str | None:
    return addresses.telephone(text) if any(character.isdecimal() for character in text) else None


def _time(text: str, _form: str, _language: str) -> str | None:
    match = _TIME.fullmatch(text)
    return None if match is None else times.clock(match[1], match[2] or "", match[3] or "", match[4] or "")


def _date(text: str, form: str, language: str) -> str | None:
    parts = _PARTS.findall(text)
    if form not in _FORMATS:
        read = spoken(text, language)
        return read if form == "" and read != text else None
    if len(parts) == 1 and len(form) > 1:
        parts = _cut(parts[0], form)
    if len(parts) != len(form):
        return None
    told = dict(zip(form, parts, strict=True))
    try:
        return _day_told(told, month_first=form.find("m") < form.find("d") if "d" in form else False)
    except (ValueError, StopIteration, IndexError):
        return None


def _cut(run: str, form: str) -> list[str]:
    """Cut ``20250304`` in the order ``ymd``; anything of another length is left whole."""
    widths = [4 if part == "y" else 2 for part in form]
    if len(run) != sum(widths):
        return [run]
    return [run[sum(widths[:at]) : sum(widths[: at + 1])] for at in range(len(form))]


def _day_told(told: Mapping[str, str], *, month_first: bool) -> str | None:
    years = told.get("y", "")
    if years and not (years.isdecimal() and len(years) in (2, 4)):
        return None
    month = told.get("m", "1")
    day = told.get("d", "1")
    if not times.is_day_of(day, month if month.isdecimal() else "1"):
        return None
    if "d" in told and "m" in told:
        return times.date(day, month, years, month_first=month_first)
    if "d" in told:
        return f"the {ordinal(day)}"
    full = f"20{years}" if len(years) == 2 else years
    return " ".join(
        filter(None, (times.month_name(month) if "m" in told else "", year(full) if full else ""))
    )


def _amount(text: str, _form: str, language: str) -> str | None:
    """Money, or a number with a unit: what is read as such anyway."""
    return spoken(text, language) if _AMOUNT.fullmatch(text) else None


KINDS: Final[Mapping[str, Callable[[str, str, str], str | None]]] = {
    "cardinal": _cardinal,
    "number": _cardinal,
    "ordinal": _ordinal,
    "digits": _digits,
    "characters": _characters,
    "spell-out": _characters,
    "verbatim": _characters,
    "date": _date,
    "time": _time,
    "telephone": _telephone,
    "currency": _amount,
    "unit": _amount,
}
