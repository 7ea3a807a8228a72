"""Text from outside, without what nobody sees: characters that hide words from people and not from a model.

Source: OWASP Top 10 for LLM Applications 2026, LLM01; the tag block, variation selectors, zero-width
characters.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from nearfield_sync.messages.turn_record import Json

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES: Final = frozenset("\n\t ")
_BLANKS: Final = (
    range(0xFE00, 0xFE10),
    range(0xE0100, 0xE01F0),
    range(0x115F, 0x1161),
    (0x034F, 0x2800, 0x3164, 0xFFA0),
)
_LONGEST_NAME: Final = 200


def clean_text(text: str, longest_characters: int) -> str:
    """Give a text without control, format and private characters, cut to size."""
    # What is hidden beyond that is not looked for: the text is cut there in any case.
    seen = "".join(each for each in text[: 8 * longest_characters] if _is_seen(each)).strip()
    return seen if len(seen) <= longest_characters else seen[: longest_characters - 1].rstrip() + "…"


def clean_value(value: Json, longest_characters: int) -> Json:
    """The same for every text of a value, names of members included."""
    if isinstance(value, str):
        return clean_text(value, longest_characters)
    if isinstance(value, dict):
        return {
            clean_text(key, _LONGEST_NAME): clean_value(item, longest_characters)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [clean_value(item, longest_characters) for item in value]
    return value


def _is_seen(character: str) -> bool:
    if character in _SPACES:
        return True
    if unicodedata.category(character) in _HIDDEN:
        return False
    return not any(ord(character) in blanks for blanks in _BLANKS)
