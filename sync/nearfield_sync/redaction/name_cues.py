"""Words before and after which a name stands: English, in small letters."""

from __future__ import annotations

from typing import Final

from nearfield_sync.redaction.vocabulary import words_of

OWN: Final = (
    ("my", "name", "is"), ("my", "name", "'s"), ("my", "name's"), ("name", "is"), ("name", "'s"),
    ("names",), ("my", "full", "name", "is"), ("name", "of"), ("i'm", "called"), ("i", "am", "called"),
    ("surname", "is"), ("is", "called"), ("named",), ("last", "name"), ("first", "name"),
    ("family", "name"), ("maiden", "name"), ("last", "name", "is"), ("first", "name", "is"),
    ("maiden", "name", "is"), ("maiden", "name", "was"), ("under", "the", "name"), ("is", "named"),
    ("by", "the", "name", "of"),
)  # fmt: skip
"""After these, whatever is no function word is a name."""
PERSONS: Final = (
    ("speak", "to"), ("speak", "with"), ("talk", "to"), ("talk", "with"), ("through", "to"),
    ("spoke", "to"), ("connect", "me", "to"), ("connect", "me", "with"), ("appointment", "with"),
    ("meeting", "with"), ("here", "to", "see"), ("booked", "under"), ("message", "from"),
    ("lunch", "with"), ("dinner", "with"), ("regards",), ("dear",), ("transfer", "me", "to"),
    ("by", "name"), ("call", "with"), ("talked", "to"), ("married", "to"), ("talking", "to"),
    ("speaking", "to"), ("speaking", "with"), ("call", "me"), ("spoke", "with"), ("met", "with"),
    ("let",), ("on", "behalf", "of"), ("reservation", "is", "under"),
)  # fmt: skip
"""After these stands a person: a word that nobody knows is a name too."""
LIKELY: Final = (
    ("this", "is"), ("i'm",), ("i", "am"), ("it's",), ("it", "is"), ("call", "him"), ("call", "her"),
    ("for", "a"), ("looking", "for"), ("here", "for"), ("reservation", "for"), ("booking", "for"),
    ("booked", "for"), ("parcel", "for"), ("package", "for"), ("message", "for"), ("message", "to"),
    ("under",), ("signed", "by"), ("thanks", "to"), ("send", "it", "to"), ("email", "to"),
    ("letter", "for"), ("delivery", "for"), ("visitor", "for"), ("call", "from"), ("patient",),
    ("employee",), ("customer",), ("hello",), ("hi",), ("text", "to"), ("room", "to"),
    ("table", "for"),
)  # fmt: skip
"""After these, a name that is a word as well is a name, if it is a given name or a surname follows."""
ASKING: Final = (
    ("how", "old", "is"), ("how", "old", "was"), ("how", "tall", "is"), ("when", "was"),
    ("when", "did"), ("where", "was"), ("what", "did"), ("who", "else"), ("rate",),
)  # fmt: skip
ABOUT: Final = (
    "thing about",
    "know about",
    "trivia about",
    "facts about",
    "more about",
    "book by",
    "book about",
)
DEEDS: Final = words_of(
    """
    told said says asked gave left wants wanted called phoned works sits thinks sent wrote
    """
)
"""After a name that a town has too: towns do no such thing."""
STATES: Final = words_of("here coming sick ill available busy still back already in")
BEFORE_PEOPLE: Final = words_of("with by if that has did does send let was is")
"""After these, two words that nobody knows are a name; elsewhere they are rather a dish or a brand."""
BEFORE_PLACES: Final = words_of(
    """
    in at the near nearest around a an of like into this from
    """
)
"""After these, a given name alone is rather a town, a shop or a thing."""
ALSO_VERBS: Final = frozenset({"will", "may", "mark", "bill", "chase", "grant", "art", "rob"})
"""Names only right after a verb whose object is a person, or of a surname."""
