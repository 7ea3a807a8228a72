"""Giving memory back to the system, which the C library keeps after models were loaded and have worked."""

from __future__ import annotations

import ctypes


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
