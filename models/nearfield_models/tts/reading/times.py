"""Clock times and dates."""

from __future__ import annotations

from typing import Final

from nearfield_models.tts.reading.addresses import letter
from nearfield_models.tts.reading.numbers import cardinal, ordinal, year

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock(hour: str, minute: str = "", second: str = "", half: str = "") -> str:
    """Read ``17:05`` as seventeen oh five, ``10:00`` as ten o'clock and ``5:30 pm`` as five thirty P M.

    Args:
        hour: In digits, at most 24.
        minute: In digits; empty where it is not told.
        second: In digits; empty where it is not told.
        half: Anything that begins with ``a`` or ``p``; empty where it is not told.
    """
    told = cardinal(str(int(hour)))
    if int(minute or 0):
        told += f" oh {cardinal(minute[1])}" if minute[0] == "0" else f" {cardinal(minute)}"
    elif not half and int(hour) % 24 == 0:
        told = "midnight"
    elif not half:
        told += " hundred" if int(hour) > 12 else " o'clock"
    if int(second or 0):
        count = str(int(second))
        told += f" and {cardinal(count)} {'second' if count == '1' else 'seconds'}"
    return f"{told} {letter(half[0])} M" if half else told


def date(day: str, month: str, years: str = "", *, month_first: bool) -> str:
    """Read a day: ``the third of March twenty twenty-five``, or ``March third, twenty twenty-five``.

    Args:
        day: In digits.
        month: In digits, or the first three or more letters of its name.
        years: Two or four digits, or empty; two are of this century.
        month_first: Whether the month is said first.
    """
    name = month_name(month)
    told = f"{name} {ordinal(day)}" if month_first else f"the {ordinal(day)} of {name}"
    if not years:
        return told
    full = years if len(years) != 2 else f"20{years}"
    return f"{told}, {year(full)}" if month_first else f"{told} {year(full)}"


def month_name(month: str) -> str:
    """The name of a month that is given by number, or by three or more letters of its name."""
    if month.isdecimal():
        return MONTHS[int(month) - 1]
    return next(name for name in MONTHS if name[:3].casefold() == month[:3].casefold())


def day_name(day: str) -> str:
    """The name of a weekday that is given by three or more letters of it."""
    return next(name for name in DAYS if name[:3].casefold() == day[:3].casefold())


def is_day_of(day: str, month: str) -> bool:
    """Whether digits can be a day and a month."""
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12
