"""Abbreviations, and the words they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from nearfield_models.tts.reading.addresses import letter
from nearfield_models.tts.reading.times import day_name, month_name

TITLES: Final[Mapping[str, str]] = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor",
    "Messrs": "Messieurs", "Mx": "Mix", "Rev": "Reverend", "Capt": "Captain", "Sgt": "Sergeant",
    "Lt": "Lieutenant",
}  # fmt: skip
"""With or without a full stop, before a name."""

SHORTENED: Final[Mapping[str, str]] = {
    "e.g.": "for example", "eg.": "for example", "i.e.": "that is", "ie.": "that is", "etc.": "et cetera",
    "approx.": "approximately", "ca.": "about", "vs.": "versus", "vs": "versus", "incl.": "including",
    "excl.": "excluding", "est.": "estimated", "max.": "maximum", "min.": "minimum", "avg.": "average",
    "dept.": "department", "Dept.": "Department", "appt.": "appointment", "apt.": "apartment",
    "Apt.": "Apartment", "bldg.": "building", "Inc.": "Incorporated", "Ltd.": "Limited", "Ltd": "Limited",
    "Co.": "Company", "Corp.": "Corporation", "Jr.": "Junior", "Sr.": "Senior", "Ave.": "Avenue",
    "Rd.": "Road", "Blvd.": "Boulevard", "Sq.": "Square", "Mt.": "Mount", "ext.": "extension",
    "tel.": "telephone", "Tel.": "Telephone", "misc.": "miscellaneous", "a.s.a.p.": "as soon as possible",
    "w/o": "without", "w/": "with", "c/o": "care of", "24/7": "twenty-four seven",
    "a.k.a.": "also known as", "RSVP": "R S V P",
}  # fmt: skip
"""As they are written."""

MONTH_NAMES: Final = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
DAY_NAMES: Final = "Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"

_HOUSE_NUMBER: Final = re.compile(r"\d\w*\s+(?:[A-Z][\w']*\s+){1,2}$")
_BEFORE_A_NAME: Final = re.compile(r"\s+[A-Z]")
_END: Final = re.compile(r"\s*$|\s+[A-Z\"'(]")
_LONGEST_ADDRESS: Final = 60


def title(match: re.Match[str]) -> str:
    """The words of a title before a name."""
    return TITLES[match.group().rstrip(".")]


def street_or_name(match: re.Match[str]) -> str:
    """``St.`` and ``Dr.`` before a name or after the name of a street."""
    before = match.string[max(0, match.start() - _LONGEST_ADDRESS) : match.start()]
    names, streets = ("Saint", "Street") if match.group().startswith("St") else ("Doctor", "Drive")
    if _BEFORE_A_NAME.match(match.string, match.end()) and not _HOUSE_NUMBER.search(before):
        return names
    return ended(match, streets)


def shortened(match: re.Match[str]) -> str:
    """The words of an abbreviation; its full stop stays where it ends the sentence too."""
    return ended(match, SHORTENED[match.group()])


def name_of_day_or_month(match: re.Match[str]) -> str:
    """``Tue.`` and ``Sept.`` in full."""
    written = match.group().rstrip(".")
    is_month = re.fullmatch(MONTH_NAMES, written) is not None
    return month_name(written) if is_month else day_name(written)


def half_of_day(match: re.Match[str]) -> str:
    """``a.m.`` and ``p.m.`` without an hour before them."""
    return ended(match, f"{letter(match.group()[0])} M")


def ended(match: re.Match[str], words: str) -> str:
    """Keep a full stop that ends the sentence as well as the abbreviation."""
    ends = match.group().endswith(".") and _END.match(match.string, match.end())
    return f"{words}." if ends else words
