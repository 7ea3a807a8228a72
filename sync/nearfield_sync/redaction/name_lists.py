"""Given names, surnames, and what is rather a word, a dish or a town: as the package ``mimesis`` lists them.

Only the package's data is read; none of its code is run.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from nearfield_sync.errors import RedactionError
from nearfield_sync.redaction import more_names

LANGUAGES: Final = ("en", "en-gb", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da")
_SHORTEST: Final = 3
_ENDINGS: Final = (
    ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("ly", ""),
    ("er", ""), ("er", "e"), ("'s", ""), ("our", "or"),
    ("ours", "or"), ("re", "er"), ("ise", "ize"), ("est", ""), ("est", "e"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLists:
    """Names in small letters without accents."""

    given: frozenset[str]
    surnames: frozenset[str]
    words: frozenset[str]
    """English words, some of which are names as well."""
    things: frozenset[str]
    """Names of countries, food and colours."""
    towns: frozenset[str]
    """Names of towns, many of which are surnames."""

    def has(self, word: str) -> bool:
        """Whether it is a given name or a surname; accents do not matter."""
        simple = plain(word)
        return simple in self.given or simple in self.surnames

    def is_known_word(self, word: str) -> bool:
        """Whether it is an English word, or a form of one, so that it is no unknown surname."""
        return any(form in self.words or form in self.things or form in self.towns for form in _forms(word))


def read_name_lists() -> NameLists:
    """Read the lists; takes some tens of milliseconds, once.

    Raises:
        RedactionError: The package is not installed, or its lists are not where they were.
    """
    spec = find_spec("mimesis")
    if spec is None or not spec.submodule_search_locations:
        raise RedactionError("names are known from the package mimesis: install nearfield[edge]")
    folder = Path(spec.submodule_search_locations[0]) / "datasets"
    given: set[str] = set()
    surnames: set[str] = set()
    for language in LANGUAGES:
        document = _document(folder / language / "person.json")
        given.update(_single(document.get("names")))
        surnames.update(_single(document.get("surnames")))
    text, address = _document(folder / "en" / "text.json"), _document(folder / "en" / "address.json")
    words = frozenset(_single(text.get("words")))
    things = _things(text, address, _document(folder / "en" / "food.json"))
    if not (given and surnames and words and things):
        raise RedactionError("mimesis lists no names where they used to be: install the version of the lock")
    return NameLists(
        given=frozenset(given) | more_names.GIVEN,
        surnames=frozenset(surnames) | more_names.SURNAMES | more_names.SURE_SURNAMES,
        words=words,
        things=things,
        towns=frozenset(_single(address.get("city"))),
    )


def _things(text: dict[str, Any], address: dict[str, Any], food: dict[str, Any]) -> frozenset[str]:
    listed = [text.get("color"), address.get("country"), address.get("state"), food]
    return frozenset(simple for part in listed for simple in _single(part))


def _document(file: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RedactionError(f"mimesis has no list {file.name} of {file.parent.name}: {error}") from error
    return document


def _forms(word: str) -> Iterator[str]:
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            yield word[: -len(ending)] + instead


def plain(word: str) -> str:
    """Small letters without accents."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss").replace("ø", "o"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _single(listed: Any) -> Iterator[str]:
    """Entries of one word, of lists and of lists in tables."""
    if isinstance(listed, dict):
        for part in listed.values():
            yield from _single(part)
    elif isinstance(listed, list):
        for name in listed:
            simple = plain(name) if isinstance(name, str) else ""
            if len(simple) >= _SHORTEST and simple.isascii() and simple.isalpha():
                yield simple
