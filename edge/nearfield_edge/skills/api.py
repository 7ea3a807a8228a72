"""What a skill's Python function receives and returns.

A function is asked once per understood turn. It may read (its settings, its files, a calendar it has
declared) and it answers with a reply and with *effects*: things to be set in motion. It never carries out
an effect itself, because a turn can still be reopened by the person speaking on; the runtime stages effects,
commits them when the turn is settled and delivers them through the durable outbox.

A skill folder::

    coffee/
      skill.toml        id, version, permissions, settings, intents (function, required slots, questions)
      sentences.yaml    what people may say, in Home Assistant's intent format (hassil templates)
      replies.yaml      named reply templates (Jinja2), each a text or a list of variants
      coffee.py         optional functions, each under its declared permissions and a deadline:
                        ``def order(call: SkillCall) -> SkillReply`` answers an intent,
                        ``def record(call: EffectCall) -> None`` carries out a ``FunctionEffect``,
                        ``def people(call: ListCall) -> list[Json]`` gives the values of a list
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nearfield_sync.messages.turn_record import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEffect:
    """A request to a declared host, sent with an ``Idempotency-Key`` header until it is answered."""

    method: str
    url: str
    body: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttEffect:
    """A message published at QoS 1 to a declared topic; the payload carries the idempotency key."""

    topic: str
    body: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionEffect:
    """A call of a skill's ``def name(call: EffectCall) -> None``, which is safe to repeat with one key."""

    function: str
    """``module:name``, as in ``skill.toml``."""
    arguments: Mapping[str, Json] = field(default_factory=dict)


Effect = HttpEffect | MqttEffect | FunctionEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the device asks, so that the next words can be the answer."""

    intent: str
    """The intent that goes on when the answer comes."""
    slot: str
    """The slot that the answer fills."""
    slots: Mapping[str, Json] | None = None
    """What is already given for that intent; None means the slots of this turn, if it has the same intent."""
    short: bool = False
    """Whether a yes, a no or a single value is expected, which is waited for less patiently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRequest:
    """What a skill was asked before."""

    intent: str
    slots: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCall:
    """One understood turn, as a skill sees it."""

    intent: str
    slots: Mapping[str, Json]
    """Values by slot name; with what earlier turns gave where this turn answers a question."""
    previous: PastRequest | None
    """What was understood of the last turn with this skill; None at first, and when the conversation has
    expired."""
    memory: Mapping[str, Json]
    """What this skill remembered from the last turns; empty when the conversation has expired."""
    settings: Mapping[str, Json]
    """The skill's settings, defaults filled in."""
    now: datetime
    """Aware, in the site's time zone."""
    data_folder: str
    """Where the skill may keep its own files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCall:
    """A settled effect to be carried out. It may come twice with one key: the second must change nothing.

    Raise ``EffectRejectedError`` for what can never succeed (the room was taken meanwhile); any other
    exception means that it is tried again later.
    """

    arguments: Mapping[str, Json]
    key: str
    """The idempotency key."""
    settings: Mapping[str, Json]
    now: datetime
    """Aware, in the site's time zone."""
    data_folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCall:
    """Asks for the values of a list that is filled at run time.

    Each value is a text, or ``{"in": what is said, "out": what the slot holds}``.
    """

    settings: Mapping[str, Json]
    data_folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillReply:
    """What a skill answers."""

    reply: str
    """Name of a template in ``replies.yaml``."""
    values: Mapping[str, Json] = field(default_factory=dict)
    question: Question | None = None
    """Set when the reply asks for something: the device then listens without a wake word."""
    memory: Mapping[str, Json] | None = None
    """Replaces what the skill remembers; None leaves it as it is."""
    effects: tuple[Effect, ...] = ()
