"""Times, days and lengths in words for the ear."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from nearfield_edge.calendars.spoken_times import WEEKDAYS

_ONES: Final = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ORDINALS: Final = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
)


def say_number(number: int) -> str:
    """0 to 59 in words."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] if ones == 0 else f"{_TENS[tens]} {_ONES[ones]}"


def say_time(at: time) -> str:
    """A time of day; its half of the day is named only where a listener could be in doubt.

    Between 07:00 and 18:59 a spoken time is understood without it (see ``spoken_times``).
    """
    if at.minute == 0 and at.hour in (0, 12):
        return "noon" if at.hour else "midnight"
    hour = say_number(at.hour % 12 or 12)
    if at.minute == 0:
        spoken = f"{hour} o'clock"
    elif at.minute < 10:
        spoken = f"{hour} oh {say_number(at.minute)}"
    else:
        spoken = f"{hour} {say_number(at.minute)}"
    if at.hour < 7:
        return f"{spoken} in the morning"
    return f"{spoken} in the evening" if at.hour >= 19 else spoken


def say_day(day: date, today: date) -> str:
    """``today``, ``tomorrow`` or the weekday; with the date from six days ahead on."""
    ahead = (day - today).days
    if ahead in (0, 1):
        return ("today", "tomorrow")[ahead]
    weekday = WEEKDAYS[day.weekday()].capitalize()
    if 0 < ahead < 6:
        return f"on {weekday}"
    return f"on {weekday} the {_say_ordinal(day.day)} of {_MONTHS[day.month - 1]}"


def say_moment(at: datetime, now: datetime) -> str:
    """Time and, unless it is today, day: ``three o'clock``, ``ten thirty tomorrow``."""
    local = at.astimezone(now.tzinfo)
    spoken = say_time(local.time())
    return spoken if local.date() == now.date() else f"{spoken} {say_day(local.date(), now.date())}"


def say_length(length: timedelta) -> str:
    """A length in whole minutes: ``half an hour``, ``one hour``, ``an hour and a half``."""
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    fixed = {(0, 30): "half an hour", (1, 30): "an hour and a half"}
    if (hours, minutes) in fixed:
        return fixed[hours, minutes]
    parts = []
    if hours:
        spoken_hours = say_number(hours) if hours < 60 else str(hours)
        parts.append(f"{spoken_hours} hour" if hours == 1 else f"{spoken_hours} hours")
    if minutes or not hours:
        parts.append(f"{say_number(minutes)} minute" if minutes == 1 else f"{say_number(minutes)} minutes")
    return " and ".join(parts)


def _say_ordinal(number: int) -> str:
    if number <= 20:
        return _ORDINALS[number - 1]
    if number == 30:
        return "thirtieth"
    return f"{_TENS[number // 10]} {_ORDINALS[number % 10 - 1]}"
