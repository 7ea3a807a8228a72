"""What people wrap around a command without meaning anything by it.

At the ends whole phrases are absorbed ("hi, could I please ...", "... thanks"), in the middle only sounds of
hesitation and politeness. A language without a table has only the phrases that a skill's ``skip_words`` add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ANYWHERE: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset({"please", "um", "umm", "uh", "uhm", "er", "erm", "hmm", "mm"}),
}
"""By language: single words that may stand between any two others."""

AT_THE_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "hi", "hello", "hey", "hi there", "hello there", "hey there", "good morning", "good afternoon",
        "good evening", "excuse me", "okay", "all right", "right", "so", "well", "oh", "ah", "yes", "yeah",
        "and", "actually", "just", "then", "now", "can you", "could you", "would you", "will you", "can i",
        "could i", "may i", "i want to", "i would like to", "we would like to", "i need to",
        "let me", "let 's", "if you can", "if possible", "for me", "for us", "thanks", "thank you",
        "thank you very much", "thanks a lot", "many thanks", "cheers",
    ),
}  # fmt: skip
"""By language: phrases before or after a command, in normalised words."""
