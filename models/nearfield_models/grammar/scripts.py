"""How writing systems make words, for regular expressions: the insides of character classes."""

from __future__ import annotations

import unicodedata
from typing import Final

IDEOGRAPHS: Final = (
    "\u3005\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # kana and their marks
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6"  # Thai and Lao
)
"""Characters that are words by themselves, because no spaces stand between words."""

MARKS: Final = "\u200c\u200d" + "".join(
    chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
"""What stands with a letter and belongs to it: accents, vowel signs, joiners."""

ELIDING: Final = frozenset({"ca", "fr", "it", "lb", "oc"})
"""Languages in which an apostrophe ends a word: ``l'entrée``."""
