"""The turn record: what was heard, understood, decided and said in one turn, and why.

It is what the page, the traces, the analytics and the tests read. Times are milliseconds since the end of
speech found in the sound (``None`` where a stage did not happen); the wall clock appears once, in
``started_at``. The record holds what a person said: it stays on the device unless redacted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from nearfield_sync.errors import MessageError

FORMAT = 1
LARGEST_BYTES = 256 * 1024

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One of the meanings that the sound may have had."""

    intent: str
    skill: str
    said: str
    """The sentence as it would have been said, fillers and all."""
    slots: dict[str, Json] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    """The words that filled each slot; a slot that no words filled is not among them."""
    confidence: float = 0.0
    """0..1."""
    behind: float = 0.0
    """By how much it ranks below the best; nats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What the words mean; ``intent`` is None when no sentence of any skill fits."""

    intent: str | None
    skill: str | None
    slots: dict[str, Json] = field(default_factory=dict)
    confidence: float = 0.0
    """0..1."""
    source: str = "none"
    """``grammar``, ``context`` (an answer to a question or a follow-up), ``clarified`` (an answer to what the
    device asked because it was not sure), ``sound`` (a transcript that sounds like a sentence),
    ``paraphrase`` (what no sentence says), ``expired`` (it would be one of the first, if the conversation had
    not ended) or ``none``."""
    alternatives: tuple[Alternative, ...] = ()
    """What was heard, each of another meaning, the best first; empty where the words are all there was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecision:
    """Where a turn goes, and why."""

    route: str
    """``skill``, ``cache``, ``cloud``, ``clarify`` or ``refuse``."""
    reason: str
    confidence: float
    policy_version: str
    considered: tuple[str, ...] = ()
    """The routes not taken, each with its reason: ``cloud: no link``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRecord:
    """What the device said."""

    text: str
    source: str
    """The skill or fixed phrase that gave it: ``skill:coffee``, ``phrase:not_understood``."""
    heard_ms: int | None = None
    """How much of it was played before it ended or was stopped."""
    heard_text: str | None = None
    """The words that had been heard by then, to about a word; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What a sentence of an answer rests on."""

    document: str
    """Its title as people know it."""
    source: str
    """Path or URL."""
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRecord:
    """What left the device to be answered elsewhere, and what came of it."""

    sent: str
    """The question as it left; empty where nothing did."""
    masked: dict[str, int] = field(default_factory=dict)
    """How much was masked, by kind: ``{"phone": 1}``."""
    outcome: str = ""
    """The cloud's own word; ``kept`` for an answer of the local cache; else what prevented one."""
    reason: str = ""
    plan: str = ""
    """How the cloud went about it."""
    first_sentence_ms: float | None = None
    """From the question's leaving to the first sentence of its answer."""
    sources: tuple[SourceRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds since the end of speech."""

    endpoint: float | None = None
    transcript: float | None = None
    understood: float | None = None
    first_audio: float | None = None
    done: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened in a turn."""

    at_ms: float
    """Milliseconds since the end of speech; negative before it."""
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """One turn from sound to sound."""

    turn_id: str
    device_id: str
    started_at: str
    """UTC, ISO 8601."""
    opened_by: str
    """``wake``, ``talk``, ``speech``, ``follow_up``, ``interruption``, ``text`` or ``later``."""
    outcome: str
    """``answered``, ``no_speech``, ``interrupted``, ``muted``, ``failed``, ``cancelled``."""
    transcript: str
    understanding: Understanding
    route: RouteDecision | None
    reply: ReplyRecord | None
    timings_ms: Timings
    versions: dict[str, str]
    """Models (pack id and digest prefix), skills, policy and software that took part."""
    revision: int = 0
    """How often the turn was reopened."""
    person: str | None = None
    """Whom the turn belongs to, where the site knows; used for erasure."""
    effects: tuple[str, ...] = ()
    """Idempotency keys of what the turn set in motion."""
    faults: tuple[str, ...] = ()
    """Codes of what went wrong on the way, in order."""
    escalation: EscalationRecord | None = None
    """None where nobody but the device was asked."""
    timeline: tuple[TimelineEntry, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"format": FORMAT, **asdict(self)}

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))


def turn_record_from_json(text: str | bytes) -> TurnRecord:
    """Read what ``to_json`` wrote.

    Raises:
        MessageError: Too large, not JSON, of another format, or with a field that is missing, unknown or of a
            wrong kind.
    """
    if len(text) > LARGEST_BYTES:
        raise MessageError(f"turn record of {len(text)} bytes, at most {LARGEST_BYTES} are taken")
    try:
        raw = json.loads(text)
        if raw.pop("format") != FORMAT:
            raise MessageError("turn record of a format this version does not know")
        route = raw["route"]
        if route is not None:
            route = _checked(RouteDecision, {**route, "considered": _texts(route["considered"])})
        read = {
            **raw,
            "understanding": _understanding(raw["understanding"]),
            "route": route,
            "escalation": _escalation(raw.get("escalation")),  # records of before there was any have none
            "reply": None if raw["reply"] is None else _checked(ReplyRecord, raw["reply"]),
            "timings_ms": _checked(Timings, raw["timings_ms"]),
            "versions": dict(zip(raw["versions"], _texts(list(raw["versions"].values())), strict=True)),
            "effects": _texts(raw["effects"]),
            "faults": _texts(raw["faults"]),
            "timeline": tuple(_checked(TimelineEntry, entry) for entry in raw["timeline"]),
        }
        return _checked(TurnRecord, read)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MessageError(f"not a turn record: {error}") from error


def _understanding(raw: dict[str, Any]) -> Understanding:
    found = raw.get("alternatives", [])  # records of before there were any have none
    if not isinstance(found, list):
        raise TypeError("alternatives are no list")
    alternatives = tuple(_checked(Alternative, entry) for entry in found)
    for alternative in alternatives:
        _texts(list(alternative.words.values()))
    return _checked(Understanding, {**raw, "alternatives": alternatives})


def _escalation(raw: dict[str, Any] | None) -> EscalationRecord | None:
    if raw is None:
        return None
    sources = tuple(_checked(SourceRecord, entry) for entry in raw["sources"])
    if not all(type(count) is int for count in raw["masked"].values()):
        raise TypeError("masked counts are no numbers")
    return _checked(EscalationRecord, {**raw, "sources": sources})


def _checked(kind: type[_Part], raw: dict[str, Any]) -> _Part:
    """Make a part of a record, each field of the kind that it is declared to be."""
    part = kind(**raw)
    for name, kinds in _kinds(kind).items():
        value = getattr(part, name)
        if type(value) not in kinds:
            raise TypeError(f"{name} is of kind {type(value).__name__}")
    return part


def _kinds(part: type[object]) -> dict[str, frozenset[type]]:
    kinds: dict[str, frozenset[type]] = {}
    for name, hint in get_type_hints(part).items():
        choices = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        found = {get_origin(choice) or choice for choice in choices}
        kinds[name] = frozenset(found | {int} if float in found else found)
    return kinds


def _texts(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise TypeError("what should be a list of texts is none")
    return tuple(raw)
