"""Turn records to fill stores with."""

from __future__ import annotations

from nearfield_sync.messages.turn_record import (
    ReplyRecord,
    RouteDecision,
    TimelineEntry,
    Timings,
    TurnRecord,
    Understanding,
)


def turn(
    turn_id: str,
    *,
    transcript: str = "a large latte please",
    person: str | None = None,
    started_at: str = "2026-03-02T09:00:00+00:00",
    revision: int = 0,
) -> TurnRecord:
    """A turn answered by a skill."""
    return TurnRecord(
        turn_id=turn_id,
        device_id="till-1",
        started_at=started_at,
        opened_by="wake",
        outcome="answered",
        transcript=transcript,
        understanding=Understanding(
            intent="orderDrink", skill="coffee", slots={"size": "large"}, confidence=1.0, source="grammar"
        ),
        route=RouteDecision(route="skill", reason="matched", confidence=1.0, policy_version="1"),
        reply=ReplyRecord(text="One large latte.", source="skill:coffee"),
        timings_ms=Timings(
            endpoint=400.0, transcript=480.0, understood=482.0, first_audio=700.0, done=2100.0
        ),
        versions={"asr": "moonshine-tiny-en"},
        revision=revision,
        person=person,
        timeline=(TimelineEntry(at_ms=-1500.0, event="woke", detail="alexa"),),
    )
