"""Giving memory back to the system, which the C library keeps after models were loaded and have worked."""

from __future__ import annotations

import ctypes
from typing import Final

_MOST_HEAPS: Final = -8
"""``M_ARENA_MAX`` of malloc.h."""


def share_one_heap() -> bool:
    """Let all threads allocate from one heap; to be called before they are started.

    Of the heaps that threads would have of their own, `give_back_memory` cannot give back the end, and that
    is where the largest arrays lie: those of learning, for one.

    Returns:
        Whether they will; False where the C library has no such call.

    Source: mallopt(3) and malloc_trim(3), glibc.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_MOST_HEAPS, 1))
    except (OSError, AttributeError):
        return False


def give_back_memory() -> bool:
    """Let go of what is free; takes a few milliseconds, off the event loop.

    Returns:
        Whether anything was released; False also where the C library has no such call.

    Source: malloc_trim(3), glibc.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return False
    return bool(trim(0))
