"""Booking, extending and releasing: what is said now, and the effects that make it true."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.intervals import Interval, conflict
from nearfield_edge.calendars.speech import say_length
from nearfield_edge.calendars.spoken_times import GRACE, Ambiguous
from nearfield_edge.shipped_skills.rooms.calendars import Calendars, Promise
from nearfield_edge.shipped_skills.rooms.request import (
    later,
    spoken_end,
    spoken_length,
    spoken_start,
    whole_minute,
)
from nearfield_edge.shipped_skills.rooms.site import Room
from nearfield_edge.skills.api import FunctionEffect, Question, SkillCall, SkillReply
from nearfield_sync.messages.turn_record import Json

_SHORTEST: Final = timedelta(minutes=1)
_NAMES: Final = uuid.UUID("6d2c1f0e-6a0b-4f0c-9a52-6f7a4be1c1de")


def book(call: SkillCall) -> SkillReply:
    """Promise a room, or say why not, or ask for what is missing."""
    calendars = Calendars(call)
    start = _start(call, calendars)
    if isinstance(start, SkillReply):
        return start
    end = spoken_end(call.slots, start)
    if end is None:
        return SkillReply(
            reply="ask_duration",
            values={"start": calendars.say(start)},
            question=Question(intent="bookRoom", slot="duration", short=True),
            memory=_memory(call),
        )
    return promise(call, calendars, Interval.between(start, end))


def promise(
    call: SkillCall, calendars: Calendars, wanted: Interval, *, besides: Promise | None = None
) -> SkillReply:
    """Promise the time if it is free; ``besides`` is the booking that is given up for it."""
    if wanted.start + GRACE < call.now.astimezone(UTC):
        return SkillReply(reply="past", values={"start": calendars.say(wanted.start)})
    refusal = _too_long(calendars, wanted)
    if refusal:
        return refusal
    room = _choose(call, calendars, wanted)
    ignored = besides.booking.uid if besides else None
    taken = conflict(calendars.bookings(room, wanted, besides=ignored), wanted)
    if taken:
        return _taken(call, calendars, room, wanted, taken)
    # Named when it is promised and not when it is carried out, so that the next turn can change it.
    uid = str(uuid.uuid5(_NAMES, f"{room.id} {wanted.start.isoformat()} {call.now.isoformat()}"))
    booking = Booking(uid=uid, interval=wanted, organiser=calendars.site.organiser)
    promised = Promise(room=room.id, booking=booking)
    given_up = (release_effect(besides),) if besides else ()
    return SkillReply(
        reply="moved" if besides else "booked",
        values=_span_values(calendars, room, wanted),
        memory={**_memory(call), "promise": promised.to_memory()},
        effects=(*given_up, FunctionEffect(function="delivery:book", arguments=promised.to_memory())),
    )


def extend(call: SkillCall) -> SkillReply:
    """Give the booking that runs now more time, or the one made last in this conversation."""
    calendars = Calendars(call)
    target = _running_or_promised(call, calendars)
    if target is None:
        return SkillReply(reply="nothing_to_extend", values={"room": _room_said(call, calendars)})
    until = target.booking.interval.end.astimezone(calendars.zone)
    length = spoken_length(call.slots)
    end = later(until, length) if length else spoken_end(call.slots, whole_minute(call.now))
    if end is None:
        return SkillReply(
            reply="ask_extension", question=Question(intent="extendBooking", slot="duration", short=True)
        )
    return let_end(call, calendars, target, end)


def let_end(call: SkillCall, calendars: Calendars, target: Promise, end: datetime) -> SkillReply:
    """Let a booking end at another time, if the time added is free."""
    room = calendars.site.rooms[target.room]
    start = target.booking.interval.start
    if end.astimezone(UTC) <= start:
        return SkillReply(reply="past", values={"start": calendars.say(end)})
    wanted = Interval.between(start, end)
    refusal = _too_long(calendars, wanted)
    if refusal:
        return refusal
    taken = conflict(calendars.bookings(room, wanted, besides=target.booking.uid), wanted)
    if taken:
        values = {
            "holder": calendars.say_holder(taken),
            "start": calendars.say(taken.interval.start),
            "room": calendars.site.spoken(room),
        }
        return SkillReply(reply="extension_taken", values=values)
    changed = replace(target, booking=replace(target.booking, interval=wanted))
    return SkillReply(
        reply="extended",
        values=_span_values(calendars, room, wanted),
        memory={"last": {"intent": "bookRoom", "slots": {}}, "promise": changed.to_memory()},
        effects=(FunctionEffect(function="delivery:set_end", arguments=changed.to_memory()),),
    )


def release(call: SkillCall) -> SkillReply:
    """Free the room: end what runs now, or call off what was booked last in this conversation."""
    calendars = Calendars(call)
    target = calendars.promise if call.slots.get("last") else None
    target = target or _running_or_promised(call, calendars)
    if target is None:
        return SkillReply(reply="nothing_to_release", values={"room": _room_said(call, calendars)})
    room = calendars.site.rooms[target.room]
    now = whole_minute(call.now).astimezone(UTC)
    memory = {name: value for name, value in call.memory.items() if name != "promise"}
    memory["asked"] = target.to_memory()
    if target.booking.interval.start + _SHORTEST > now:
        return SkillReply(
            reply="cancelled",
            values=_span_values(calendars, room, target.booking.interval),
            memory=memory,
            effects=(release_effect(target),),
        )
    ended = replace(
        target,
        booking=replace(target.booking, interval=Interval(start=target.booking.interval.start, end=now)),
    )
    return SkillReply(
        reply="released",
        values={"room": calendars.site.spoken(room)},
        memory=memory,
        effects=(FunctionEffect(function="delivery:set_end", arguments=ended.to_memory()),),
    )


def release_effect(target: Promise) -> FunctionEffect:
    """The effect that calls a booking off."""
    return FunctionEffect(function="delivery:release", arguments=target.to_memory())


def _start(call: SkillCall, calendars: Calendars) -> datetime | SkillReply:
    resolved = spoken_start(call.slots, call.now)
    if isinstance(resolved, Ambiguous):
        return SkillReply(
            reply="ask_half",
            values={"sooner": calendars.say(resolved.sooner), "later": calendars.say(resolved.later)},
            question=Question(intent="bookRoom", slot="start_half", short=True),
            memory=_memory(call),
        )
    start = calendars.asked_start(call.slots)
    if start is not None:
        return start
    if "day" not in call.slots and calendars.room(call.slots).id == calendars.site.this_room.id:
        return whole_minute(call.now)  # "book this room for half an hour", said in the room
    return SkillReply(
        reply="ask_start",
        values={"room": _room_said(call, calendars)},
        question=Question(intent="bookRoom", slot="start_hour"),
        memory=_memory(call),
    )


def _choose(call: SkillCall, calendars: Calendars, wanted: Interval) -> Room:
    """The room named, or where any will do the first that is free, this one before all others."""
    if not call.slots.get("any"):
        return calendars.room(call.slots)
    this = calendars.site.this_room
    rooms = [this, *(room for room in calendars.site.rooms.values() if room.id != this.id)]
    return next((room for room in rooms if not calendars.bookings(room, wanted)), this)


def _too_long(calendars: Calendars, wanted: Interval) -> SkillReply | None:
    longest = timedelta(minutes=calendars.site.longest_minutes)
    if wanted.length <= longest:
        return None
    return SkillReply(reply="too_long", values={"longest": say_length(longest)})


def _taken(call: SkillCall, calendars: Calendars, room: Room, wanted: Interval, taken: Booking) -> SkillReply:
    others: list[Json] = [
        calendars.site.spoken(other)
        for other in calendars.site.rooms.values()
        if other.id != room.id and not calendars.bookings(other, wanted)
    ]
    free_at = calendars.next_free(room, wanted.start, wanted.length)
    return SkillReply(
        reply="taken",
        values={
            "room": calendars.site.spoken(room),
            "holder": calendars.say_holder(taken),
            "until": calendars.say(taken.interval.end),
            "others": others[:3],
            "free_at": calendars.say(free_at) if free_at else "",
        },
        memory=_memory(call),
    )


def _running_or_promised(call: SkillCall, calendars: Calendars) -> Promise | None:
    room = calendars.room(call.slots)
    running = calendars.running(room)
    if running:
        return Promise(room=room.id, booking=running)
    promised = calendars.promise
    return promised if promised and ("room" not in call.slots or promised.room == room.id) else None


def _memory(call: SkillCall) -> dict[str, Json]:
    """What a follow-up goes on from; a booking promised before is another matter now."""
    return {"last": {"intent": "bookRoom", "slots": dict(call.slots)}}


def _room_said(call: SkillCall, calendars: Calendars) -> str:
    return calendars.site.spoken(calendars.room(call.slots))


def _span_values(calendars: Calendars, room: Room, span: Interval) -> dict[str, Json]:
    start, end = span.start.astimezone(calendars.zone), span.end.astimezone(calendars.zone)
    return {
        "room": calendars.site.spoken(room),
        "start": calendars.say(start),
        "end": calendars.say_after(end, start),
        "is_now": abs(span.start - calendars.now.astimezone(UTC)) < _SHORTEST,
    }
