"""Amounts: money and quantities with units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nearfield_models.tts.reading.numbers import cardinal, one_of

_Coins = tuple[str, str, str, str]

CURRENCIES: Final[Mapping[str, _Coins]] = {
    "£": ("pound", "pounds", "penny", "pence"),
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "JPY": ("yen", "yen", "", ""),
}  # fmt: skip
"""By sign or code: one and many of the whole, one and many of its hundredth part."""

SCALES: Final[Mapping[str, str]] = {
    "k": "thousand", "m": "million", "bn": "billion", "tn": "trillion",
    "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
}  # fmt: skip

UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "ºC": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "kph": ("kilometre per hour", "kilometres per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s": ("metre per second", "metres per second"),
    "km²": ("square kilometre", "square kilometres"),
    "m²": ("square metre", "square metres"),
    "m³": ("cubic metre", "cubic metres"),
    "cm²": ("square centimetre", "square centimetres"),
    "sq ft": ("square foot", "square feet"),
    "mm": ("millimetre", "millimetres"),
    "cm": ("centimetre", "centimetres"),
    "m": ("metre", "metres"),
    "km": ("kilometre", "kilometres"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "kg": ("kilogram", "kilograms"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "fl oz": ("fluid ounce", "fluid ounces"),
    "oz": ("ounce", "ounces"),
    "ml": ("millilitre", "millilitres"),
    "mL": ("millilitre", "millilitres"),
    "cl": ("centilitre", "centilitres"),
    "l": ("litre", "litres"),
    "L": ("litre", "litres"),
    "gal": ("gallon", "gallons"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Mbit/s": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "dB": ("decibel", "decibels"),
    "V": ("volt", "volts"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "kcal": ("kilocalorie", "kilocalories"),
}
"""By how they are written after a number: one and many."""


def money(currency: str, number: str, scale: str = "") -> str:
    """Read ``£3.20`` as three pounds twenty, ``$0.05`` as five cents and ``€2m`` as two million euros."""
    one, many, one_part, many_parts = CURRENCIES[currency]
    if scale:
        return f"{cardinal(number)} {SCALES[scale]} {many}"
    whole, point, parts = number.partition(".")
    if point and (len(parts) != 2 or not many_parts):
        return f"{cardinal(number)} {many}"
    told = f"{cardinal(whole)} {one if one_of(whole) else many}"
    if not parts.strip("0"):
        return told
    count = parts.lstrip("0")
    if not whole.strip("0,"):
        return f"{cardinal(count)} {one_part if one_of(count) else many_parts}"
    return (
        f"{told} {cardinal(count)}"
        if len(count) == 2
        else f"{told} and {cardinal(count)} {_part(currency, count)}"
    )


def quantity(number: str, unit: str) -> str:
    """Read ``5`` and ``km`` as five kilometres."""
    one, many = UNITS[unit]
    return f"{cardinal(number)} {one if one_of(number) else many}"


def _part(currency: str, count: str) -> str:
    return CURRENCIES[currency][2 if one_of(count) else 3]
