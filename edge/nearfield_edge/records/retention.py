"""How long things are kept, told apart from how wrong the wall clock may be.

Age is measured from a date that was written when the thing was kept. A device without a battery-backed clock
keeps things "in 1970", and a clock may have been years ahead before somebody set it. Such a date says
nothing, so the thing is dated at the first look under a clock that can be right: it is not erased the moment
the clock is set, and not kept for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nearfield_sync.clock import is_plausible


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long, and how much, is kept."""

    longest: timedelta = timedelta(days=30)
    """Age at which a thing is erased."""
    most: int = 10_000
    """How many are kept; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is to be done with kept things, each named by its place in the sequence given."""

    expired: tuple[int, ...]
    """To be erased."""
    undated: tuple[int, ...]
    """To be dated now."""


def judge(kept_at: Sequence[datetime], now: datetime, retention: Retention) -> Judgement:
    """Say what has been kept long enough.

    Args:
        kept_at: When each thing was kept, by the wall clock of then, in the order in which they were kept.
        now: The wall clock; while it has not been set nothing expires by age.
        retention: How long, and how many.
    """
    surplus = max(0, len(kept_at) - retention.most)
    expired = list(range(surplus))
    undated = []
    if is_plausible(now):
        for index in range(surplus, len(kept_at)):
            # A date a little ahead is believed: the clock was set back. Further ahead than anything is kept,
            # it is not.
            if not is_plausible(kept_at[index]) or kept_at[index] - now > retention.longest:
                undated.append(index)
            elif now - kept_at[index] > retention.longest:
                expired.append(index)
    return Judgement(expired=tuple(expired), undated=tuple(undated))
