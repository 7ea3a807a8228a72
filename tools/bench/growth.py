"""Whether something grows: a straight line through readings, with an interval for its slope.

Readings that follow each other are alike (a heap that is large now is large in two minutes), so the
interval of an ordinary fit would be far too narrow. They are averaged in blocks first, and the blocks are
fitted. Something has grown where even the lower end of the interval is above what is allowed an hour, and
what that comes to over the whole time is more than a process may well differ from one moment to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

BLOCKS: Final = 16
_T_OF_BLOCKS: Final = 2.145
"""Student's t for 95 % and ``BLOCKS - 2`` degrees of freedom."""
FIRST_HOURS: Final = 0.5
"""Before a device has done everything once it grows for good reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the process took at one moment."""

    at_hours: float
    """Device time."""
    resident_mb: float
    descriptors: int
    tasks: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A fitted slope, by the hour, with its 95 % interval."""

    slope: float
    low: float
    high: float
    hours: float
    """Over which it was fitted."""
    level: float
    """Mean of the last block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What does not count as growth."""

    an_hour: float
    in_all: float
    """However short the time was."""


ALLOWANCES: Final = {
    "resident_mb": Allowance(an_hour=1.0, in_all=8.0),
    "descriptors": Allowance(an_hour=0.5, in_all=3.0),
    "tasks": Allowance(an_hour=0.5, in_all=3.0),
    "threads": Allowance(an_hour=0.5, in_all=3.0),
}
"""By the field of `Reading`."""


def settled(readings: Sequence[Reading], hours: float) -> list[Reading]:
    """Those after the first half hour, of a shorter run after its first quarter."""
    after = min(FIRST_HOURS, hours / 4)
    return [reading for reading in readings if reading.at_hours >= after]


def trend(readings: Sequence[Reading], field: str) -> Trend | None:
    """Fit one field of readings in order of time; None where there are fewer than ``BLOCKS``."""
    if len(readings) < BLOCKS:
        return None
    blocks = np.array_split(np.arange(len(readings)), BLOCKS)
    hours = np.array([reading.at_hours for reading in readings])
    values = np.array([float(getattr(reading, field)) for reading in readings])
    x = np.array([hours[block].mean() for block in blocks])
    y = np.array([values[block].mean() for block in blocks])
    centred = x - x.mean()
    spread = float(np.square(centred).sum())
    slope = float((centred * y).sum()) / spread
    residuals = y - y.mean() - slope * centred
    error = float(np.sqrt(np.square(residuals).sum() / (BLOCKS - 2) / spread))
    return Trend(
        slope=slope,
        low=slope - _T_OF_BLOCKS * error,
        high=slope + _T_OF_BLOCKS * error,
        hours=float(hours[-1] - hours[0]),
        level=float(y[-1]),
    )


def has_grown(found: Trend, allowance: Allowance) -> bool:
    """Whether the slope is above the allowance beyond doubt, and comes to something."""
    return found.low > allowance.an_hour and found.low * found.hours > allowance.in_all
