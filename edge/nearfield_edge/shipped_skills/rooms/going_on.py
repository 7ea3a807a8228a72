"""Follow-ups: "and tomorrow?", "make it an hour", "the atrium instead", "the same on Friday", "take it"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.calendars.spoken_times import on_day
from nearfield_edge.shipped_skills.rooms.asking import free_rooms, room_free, whether_free, who
from nearfield_edge.shipped_skills.rooms.booking import book, let_end, promise
from nearfield_edge.shipped_skills.rooms.calendars import Calendars, Promise, promise_in
from nearfield_edge.shipped_skills.rooms.request import (
    Window,
    later,
    spoken_day,
    spoken_length,
    without,
)
from nearfield_edge.skills.api import Question, SkillCall, SkillReply
from nearfield_sync.messages.turn_record import Json

_ABOUT: Final = frozenset({"change", "asks", "again", "takes"})
"""Slots that say what is wanted of the earlier request, and are no part of it."""
_AGAIN: Final[Mapping[str, Callable[[SkillCall], SkillReply]]] = {
    "bookRoom": book,
    "whoHasRoom": who,
    "findFreeRooms": free_rooms,
    "askRoomFree": room_free,
}


def go_on(call: SkillCall) -> SkillReply:
    """Ask the last question again with what was said now, or change the last booking."""
    last = call.memory.get("last")
    if not isinstance(last, dict):
        return SkillReply(reply="nothing_to_go_on")
    intent, before = str(last["intent"]), last["slots"]
    earlier = dict(before) if isinstance(before, dict) else {}
    calendars = Calendars(call)
    booked = calendars.promise or promise_in({"promise": call.memory.get("asked")})
    if intent == "bookRoom" and booked:
        return _besides(call, calendars, booked)
    intent, slots = _merged(intent, earlier, call.slots)
    if call.slots.get("takes"):
        intent, slots = "bookRoom", _to_book(slots)
    reply = _AGAIN[intent](replace(call, intent=intent, slots=slots))
    if reply.question is None:
        return reply
    return replace(reply, question=replace(reply.question, slots=slots))


def _to_book(slots: dict[str, Json]) -> dict[str, Json]:
    """A question's slots, to be booked: any room where none was asked about, now where no time was."""
    room: dict[str, Json] = {} if "room" in slots else {"any": True}
    start: dict[str, Json] = {} if slots.keys() & {"start_hour", "day", "part"} else {"start_hour": "now"}
    return {**slots, **room, **start}


def _besides(call: SkillCall, calendars: Calendars, booked: Promise) -> SkillReply:
    """Go on from a booking of this conversation, or take what was asked about since."""
    if call.slots.get("again") and not call.slots.keys() - _ABOUT and calendars.promise:
        return SkillReply(reply="ask_again_when", question=Question(intent="goOn", slot="day"))
    asked = promise_in({"promise": call.memory.get("asked")}) if call.slots.get("takes") else None
    return _like(call, calendars, asked or booked)


def _merged(intent: str, earlier: dict[str, Json], said: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """The earlier request with what was said now in place of what it replaces."""
    slots = dict(earlier)
    if "start_hour" in said:
        slots = without(slots, "start", "end")
        slots.pop("part", None)
    if "part" in said:
        slots = without(slots, "start", "end")
    if "duration" in said:
        slots = without(slots, "end")
    if "day" in said and slots.get("start_hour") == "now":
        slots = without(slots, "start")
    if said.keys() & {"start_hour", "day", "part"}:
        slots.pop("when", None)
    if "room" in said:
        slots.pop("any", None)
        if intent == "findFreeRooms":
            intent = "askRoomFree"
    slots.update({name: value for name, value in said.items() if name not in _ABOUT})
    return intent, slots


def _like(call: SkillCall, calendars: Calendars, promised: Promise) -> SkillReply:
    """A booking like the last but for what was said: in its place, besides it, or only asked about."""
    length = spoken_length(call.slots) or promised.booking.interval.length
    begin = promised.booking.interval.start.astimezone(calendars.zone)
    is_change = bool(call.slots.get("change")) and calendars.promise is not None
    if is_change and not call.slots.keys() & {"room", "start_hour", "day"}:
        return let_end(call, calendars, promised, later(begin, length))
    start = calendars.asked_start(call.slots, begin.date())
    if isinstance(start, SkillReply):
        return start
    day = spoken_day(call.slots, call.now)
    if start is not None:
        begin = start
    elif day is not None:
        begin = on_day(day, begin.time(), calendars.zone)
    wanted = Interval.between(begin, later(begin, length))
    slots: dict[str, Json] = {"room": call.slots.get("room", promised.room)}
    asked = replace(call, intent="bookRoom", slots=slots)
    if call.slots.get("asks"):
        room = calendars.room(slots)
        reply = whether_free(asked, calendars, room, Window(interval=wanted, is_moment=True))
        meant = Promise(room=room.id, booking=replace(promised.booking, interval=wanted))
        return replace(reply, memory={**(reply.memory or {}), "asked": meant.to_memory()})
    return promise(asked, calendars, wanted, besides=promised if is_change else None)
