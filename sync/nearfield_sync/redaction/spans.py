"""What redaction gives: the masked text, what was masked where, and what fills a mask again.

A mask such as ``[NAME_1]`` stands for the same value through a whole conversation, so that a question still
makes sense to whoever answers it. What the masks stand for is in `Masks`, which never leaves the device.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nearfield_sync.errors import RedactionError

Kind = Literal[
    "name", "phone", "email", "address", "card", "iban", "national_id", "birth_date", "secret", "plate",
    "account", "url", "ip",
]  # fmt: skip
"""``secret`` is a password, PIN or code; ``account`` a number under which a person is known somewhere."""

MOST_MASKS: Final = 500
"""In one conversation."""

_MASK: Final = re.compile(r"\[([A-Z_]{2,12})_(\d{1,4})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something personal at ``text[start:end]``."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """One mask and what it stands for; personal."""

    mask: str
    kind: Kind
    value: str
    """As it was last said."""
    words: tuple[str, ...]
    """By which it is known again, in small letters; of a name all words that were ever said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """The masks of one conversation, in the order in which they were given; personal."""

    given: tuple[Masked, ...] = ()

    def value_of(self, mask: str) -> str | None:
        """What a mask stands for; None for one that was never given."""
        return next((known.value for known in self.given if known.mask == mask), None)

    def with_value(self, kind: Kind, value: str, key: tuple[str, ...]) -> tuple[Masks, str]:
        """The mask for a value, an earlier one where it was said before, and all masks with it.

        A name is the same person's where one is a part of the other: ``anna`` after ``anna smith``.

        Args:
            kind: Of the value.
            value: As it stands in the text.
            key: What makes two values the same: of a name its words, else one word.

        Raises:
            RedactionError: There are too many.
        """
        for at, known in enumerate(self.given):
            if known.kind == kind and _same(kind, known.words, key):
                words = known.words + tuple(word for word in key if word not in known.words)
                again = Masked(mask=known.mask, kind=kind, value=value, words=words)
                return Masks(given=(*self.given[:at], again, *self.given[at + 1 :])), known.mask
        if len(self.given) >= MOST_MASKS:
            raise RedactionError(f"more than {MOST_MASKS} things were masked in one conversation")
        number = 1 + sum(known.kind == kind for known in self.given)
        mask = f"[{kind.upper()}_{number}]"
        return Masks(given=(*self.given, Masked(mask=mask, kind=kind, value=value, words=key))), mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What stood at ``start`` to ``end`` of the text that was given, and the mask that took its place."""

    kind: Kind
    start: int
    end: int
    mask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text that may leave the device."""

    text: str
    spans: tuple[Span, ...]
    masks: Masks
    """To be handed to the next `redact` of the conversation and to `restore`; stays on the device."""

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many of each kind were masked; says nothing about what they were."""
        counts: dict[Kind, int] = {}
        for span in self.spans:
            counts[span.kind] = counts.get(span.kind, 0) + 1
        return counts


def restore(text: str, masks: Masks) -> str:
    """Fill an answer's masks with what they stand for; a mask that was never given stays as it is."""
    values = {known.mask: known.value for known in masks.given}
    return _MASK.sub(lambda match: values.get(match[0], match[0]), text)


def masked(text: str, found: tuple[Found, ...], masks: Masks, keys: tuple[tuple[str, ...], ...]) -> Redacted:
    """Put masks in the place of what was found.

    Args:
        text: As it was given.
        found: In the order of the text, none over another.
        masks: Of the conversation so far.
        keys: For each of ``found`` what makes two values the same.
    """
    parts: list[str] = []
    spans: list[Span] = []
    end = 0
    for one, key in zip(found, keys, strict=True):
        masks, mask = masks.with_value(one.kind, text[one.start : one.end], key)
        parts += [text[end : one.start], mask]
        spans.append(Span(kind=one.kind, start=one.start, end=one.end, mask=mask))
        end = one.end
    return Redacted(text="".join([*parts, text[end:]]), spans=tuple(spans), masks=masks)


def _same(kind: Kind, known: tuple[str, ...], key: tuple[str, ...]) -> bool:
    if kind != "name":
        return known == key
    return set(key) <= set(known) or set(known) <= set(key)
