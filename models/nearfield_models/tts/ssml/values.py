"""The values of attributes; one that cannot be read is a ``ValueError`` that says what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

SLOWEST: Final = 0.5
FASTEST: Final = 2.0
QUIETEST_DB: Final = -40.0
LOUDEST_DB: Final = 10.0

BREAKS_MS: Final[Mapping[str, int]] = {
    "none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 700, "x-strong": 1200,
}  # fmt: skip
RATES: Final[Mapping[str, float]] = {
    "x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.25, "x-fast": 1.6, "default": 1.0,
}  # fmt: skip
VOLUMES_DB: Final[Mapping[str, float]] = {
    "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "loud": 4.0, "x-loud": 8.0, "default": 0.0,
}  # fmt: skip
EMPHASES: Final[Mapping[str, tuple[float, float]]] = {
    "strong": (0.85, 3.0), "moderate": (0.92, 2.0), "none": (1.0, 0.0), "reduced": (1.1, -2.0),
}  # fmt: skip
"""By level: the rate, and the loudness in decibels."""

_TIME: Final = re.compile(r"\+?(\d{0,9}(?:\.\d{1,9})?)(ms|s)", re.ASCII)
_PERCENT: Final = re.compile(r"([+-]?)(\d{1,9}(?:\.\d{1,9})?)%", re.ASCII)
_DECIBELS: Final = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)dB", re.ASCII)


def time_ms(value: str) -> int:
    """Read ``500ms`` or ``1.5s``."""
    match = _TIME.fullmatch(value.strip())
    if match is None or match[1] in ("", "."):
        raise ValueError(f"'{value}' is no time: expected such as 500ms or 1.5s")
    return round(float(match[1]) * (1000 if match[2] == "s" else 1))


def rate(value: str) -> float:
    """Read ``slow``, ``80%``, or ``+20%`` (of what holds around it), as a factor of the rate around it."""
    if value in RATES:
        return RATES[value]
    match = _PERCENT.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"'{value}' is no rate: expected {', '.join(RATES)}, or such as 80% or +20%")
    part = float(match[2]) / 100
    factor = {"": part, "+": 1 + part, "-": 1 - part}[match[1]]
    return max(factor, 0.0)


def gain(value: str) -> float:
    """Read ``soft`` or ``+3dB`` as a factor of loudness; ``silent`` is 0."""
    if value == "silent":
        return 0.0
    if value in VOLUMES_DB:
        return from_decibels(VOLUMES_DB[value])
    match = _DECIBELS.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"'{value}' is no volume: expected silent, {', '.join(VOLUMES_DB)}, or such as +3dB")
    return from_decibels(min(max(float(match[1]), QUIETEST_DB), LOUDEST_DB))


def from_decibels(decibels: float) -> float:
    """The factor of amplitude."""
    return float(10 ** (decibels / 20))


def one_of(value: str, known: Mapping[str, object]) -> str:
    """Check a word of a list."""
    if value not in known:
        raise ValueError(f"'{value}' is not known: expected {', '.join(known)}")
    return value
