"""A skill's sentences as they stand in its file: Home Assistant's intents format, checked.

Source: https://developers.home-assistant.io/docs/voice/intent-recognition/template-sentence-syntax
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from nearfield_models.errors import GrammarError
from nearfield_models.validation import first_fault
from nearfield_sync.messages.turn_record import Json

LONGEST_VALUE: Final = 500
"""Characters of one value of a list."""

ListText = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]

ContextValue = None | bool | int | str | list[str | int]
"""A value, a list of which one must be there, or ``null``: any value."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContextCondition(_Part):
    """A condition written out."""

    value: ContextValue = None


class ContextSlot(ContextCondition):
    """A condition that may fill a slot with what the context holds."""

    slot: bool | str = False
    """True: the slot of the key's own name."""


class ValueEntry(_Part):
    """One value of a list: what is said and what it means."""

    said: Annotated[tuple[ListText, ...], Field(alias="in", min_length=1)]
    """One text or several, which may be templates."""
    spoken: tuple[ListText, ...] = ()
    """How it sounds, in words of the language: ``win`` for ``Nguyen``. Taken literally."""
    out: Any = None
    """Without it, the first text."""
    context: dict[str, str | int | bool] = {}
    metadata: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        for name in ("in", "spoken"):
            if isinstance(filled.get(name), str):
                filled[name] = (filled[name],)
        if "out" not in filled and isinstance(filled.get("in"), list | tuple):
            filled["out"] = next(iter(filled["in"]), None)
        return filled


class RangeEntry(_Part):
    """Whole numbers ``first`` to ``last``, both included."""

    first: Annotated[int, Field(alias="from")]
    last: Annotated[int, Field(alias="to")]
    step: Annotated[int, Field(ge=1)] = 1
    fractions: Literal["halves", "tenths"] | None = None
    multiplier: float | None = None
    type: Literal["number", "percentage", "temperature"] = "number"
    digits: Literal[True] = True
    words: Literal[True] = True
    """Digits and words are the same here; a list cannot have one without the other."""
    words_language: str | None = None

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.first > self.last:
            raise ValueError("`from` must not be above `to`")
        return self


class ListEntry(_Part):
    """A list of texts, a range of numbers, or a stretch of any words."""

    values: list[ListText | ValueEntry] | None = None
    range: RangeEntry | None = None
    wildcard: bool = False
    countable: bool = False
    """Whether the last word of each value may be said in the plural."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.values is not None) + (self.range is not None) + self.wildcard != 1:
            raise ValueError("a list has either `values`, a `range` or `wildcard: true`")
        if self.countable and self.values is None:
            raise ValueError("only a list of `values` can be `countable`")
        return self


class DataEntry(_Part):
    """Sentences of an intent that share slots and conditions."""

    sentences: Annotated[list[str], Field(min_length=1)]
    slots: dict[str, Any] = {}
    lists: dict[str, ListEntry] = {}
    expansion_rules: dict[str, str] = {}
    requires_context: dict[str, ContextValue | ContextSlot] = {}
    excludes_context: dict[str, ContextValue | ContextCondition] = {}
    required_keywords: list[str] = []
    metadata: dict[str, Any] = {}
    response: str | None = None


class IntentEntry(_Part):
    """An intent: blocks of sentences."""

    data: list[DataEntry]


class Settings(_Part):
    """How Home Assistant is to match; normalisation does what these ask for, and no less without them."""

    ignore_whitespace: bool = False
    """Ideographs are words by themselves in any case."""
    filter_with_regex: bool = True
    """About speed only."""


class SentenceDocument(_Part):
    """A skill's whole file."""

    language: Annotated[str, Field(min_length=2)]
    intents: dict[str, IntentEntry]
    lists: dict[str, ListEntry] = {}
    expansion_rules: dict[str, str] = {}
    skip_words: list[str] = []
    """Phrases, which may be templates, that mean nothing around a sentence."""
    settings: Settings = Settings()
    responses: dict[str, Any] = {}
    """What Home Assistant says; a skill answers from its own ``replies.yaml``."""


def read_document(skill: str, templates: Mapping[str, Any]) -> SentenceDocument:
    """Check a parsed YAML document.

    Raises:
        GrammarError: A key is unknown, missing or of a wrong kind; the message says where.
    """
    try:
        return SentenceDocument.model_validate(templates)
    except ValidationError as error:
        raise GrammarError(f'skill "{skill}": in the sentences, {first_fault(error)}') from error


def read_values(values: Any, *, skill: str, name: str) -> tuple[ValueEntry, ...]:
    """Check list values given at run time: texts, or mappings with ``in`` and ``out``.

    Raises:
        GrammarError: A value is neither.
    """
    try:
        return as_entries(ListEntry(values=values).values or [])
    except ValidationError as error:
        raise GrammarError(f'skill "{skill}", list "{name}": {first_fault(error)}') from error


def as_entries(values: list[str | ValueEntry]) -> tuple[ValueEntry, ...]:
    """Give plain texts, checked already, their meaning: themselves."""
    return tuple(
        ValueEntry.model_construct(said=(value,), out=value) if isinstance(value, str) else value
        for value in values
    )


def json_value(value: Any) -> Json:
    """What YAML gave, as JSON has it; dates and the like become text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return str(value)
