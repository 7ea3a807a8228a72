"""Words that want silence and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

STOP_WORDS: Final = (
    "stop",
    "stop it",
    "stop talking",
    "enough",
    "that's enough",
    "quiet",
    "be quiet",
    "silence",
    "shut up",
    "never mind",
)
_NOT_WORDS: Final = re.compile(r"[^\w'\s]+")


def is_stop_word(text: str, stop_words: Collection[str]) -> bool:
    """Whether a stop word is all that was said, once or twice, with or without a "please"."""
    said = spelled(text)
    return any(said in (word, f"{word} {word}", f"please {word}", f"{word} please") for word in stop_words)


def spelled(text: str) -> str:
    """Words alone, in small letters, as they are compared."""
    return " ".join(_NOT_WORDS.sub(" ", text.lower()).split())
