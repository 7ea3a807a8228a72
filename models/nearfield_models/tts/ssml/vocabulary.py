"""The elements and attributes of SSML 1.1, and which of them are honoured.

Source: W3C, SSML 1.1, section 3 and its schema.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Final

NAMESPACES: Final = ("", "http://www.w3.org/2001/10/synthesis")
XML_LANG: Final = "http://www.w3.org/XML/1998/namespace lang"

HONOURED: Final[Mapping[str, tuple[str, ...]]] = {
    "speak": ("version", "xml:lang"),
    "p": ("xml:lang",),
    "s": ("xml:lang",),
    "break": ("time", "strength"),
    "prosody": ("rate", "volume"),
    "emphasis": ("level",),
    "say-as": ("interpret-as", "format", "detail"),
    "sub": ("alias",),
    "phoneme": ("ph", "alphabet"),
    "mark": ("name",),
    "voice": ("name", "languages"),
    "lang": ("xml:lang",),
    "audio": ("src", "soundLevel"),
    "w": (),
    "token": (),
    "lookup": (),
    "meta": (),
    "metadata": (),
    "lexicon": (),
    "desc": (),
}
"""By element."""

PASSED_OVER: Final[Mapping[str, tuple[str, ...]]] = {
    "speak": ("onlangfailure", "startmark", "endmark"),
    "p": ("onlangfailure",),
    "s": ("onlangfailure",),
    "prosody": ("pitch", "range", "contour", "duration"),
    "phoneme": ("type",),
    "voice": ("gender", "age", "variant", "required", "ordering", "onvoicefailure"),
    "lang": ("onlangfailure",),
    "audio": (
        "fetchtimeout", "fetchhint", "maxage", "maxstale", "clipBegin", "clipEnd", "repeatCount", "repeatDur",
        "speed",
    ),
    "w": ("role", "onlangfailure"),
    "token": ("role", "onlangfailure"),
    "lookup": ("ref",),
    "meta": ("name", "http-equiv", "content"),
    "lexicon": ("uri", "type", "fetchtimeout", "maxage", "maxstale"),
}  # fmt: skip
"""By element: attributes that SSML has, and that change nothing here."""

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "say-as": ("interpret-as",),
    "sub": ("alias",),
    "phoneme": ("ph",),
    "mark": ("name",),
    "lang": ("xml:lang",),
}  # fmt: skip

SILENT: Final = ("meta", "metadata", "lexicon", "desc")
"""Elements that nothing is said of."""
TEXT_ONLY: Final = ("say-as", "sub", "phoneme")
EMPTY: Final = ("break", "mark")


def check_element(name: str, attributes: Mapping[str, str], ignore: Callable[[str], None]) -> dict[str, str]:
    """Give the attributes that are honoured; those that change nothing are told to ``ignore``.

    Raises:
        ValueError: SSML has no such element or attribute, or an attribute is missing.
    """
    if name not in HONOURED:
        raise ValueError(f"<{name}> is no element of SSML{_nearest(name, HONOURED)}")
    passed_over = PASSED_OVER.get(name, ())
    honoured: dict[str, str] = {}
    for key, value in attributes.items():
        if key in HONOURED[name]:
            honoured[key] = value
        elif ":" in key:  # xml:base, xml:id and attributes of others
            continue
        elif key not in passed_over:
            raise ValueError(
                f"<{name}> has no attribute '{key}'{_nearest(key, [*HONOURED[name], *passed_over])}"
            )
        elif name not in SILENT:
            ignore(f"{key} of <{name}>")
    for key in REQUIRED.get(name, ()):
        if not honoured.get(key, "").strip():
            raise ValueError(f"<{name}> needs the attribute '{key}'")
    return honoured


def _nearest(word: str, known: Mapping[str, object] | list[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f": did you mean '{close[0]}'?" if close else ""
