"""Searching an utterance that is still being said: what a search of its beginning is worth to the next.

While somebody speaks, what was said so far is searched again and again. Tokens on which two such searches in
a row agree are taken as said: the next search begins behind them, with the hypotheses that the last one had
there, and pays for the rest alone. What the decoder remembers of those tokens is kept as it is, and only
what it hears is exchanged.

Source: local agreement (Liu et al., 2020), here of a beam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic

from nearfield_models.decoding.beam import Draft, Found
from nearfield_models.decoding.engine import PastT

_UNSURE_TOKENS: Final = 3
"""The last ones are never taken as said: the sound may have been cut within their word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun(Generic[PastT]):
    """What a search of the beginning of an utterance is worth to the next one."""

    free: tuple[int, ...]
    """What was heard without any grammar."""
    draft: Draft[PastT] | None
    """Where the next search begins; None for the beginning."""


def begun(found: Found[PastT], *, ahead: float) -> Begun[PastT] | None:
    """What a search is worth to the next.

    Args:
        found: What it gave; nothing if it heard no end, as in a loop.
        ahead: Nats by which what goes on must be better than what had ended before, which is not found again.
    """
    if not found.free_complete:
        return None
    free = tuple(step.token for step in found.free)
    usable = (
        draft
        for draft in reversed(found.drafts)
        if draft.tokens <= len(free) - _UNSURE_TOKENS and draft.best_rank - ahead > draft.ended
    )
    return Begun(free=free, draft=next(usable, None))
