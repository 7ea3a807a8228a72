"""Who has a room, which rooms are free, and when."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Final

from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.intervals import Interval, gaps
from nearfield_edge.shipped_skills.rooms.calendars import SEARCHED, Calendars
from nearfield_edge.shipped_skills.rooms.request import (
    Window,
    asked_window,
    rest_of_day,
    spoken_day,
    whole_day,
)
from nearfield_edge.shipped_skills.rooms.site import Room
from nearfield_edge.skills.api import SkillCall, SkillReply
from nearfield_sync.messages.turn_record import Json

_USUAL: Final = timedelta(minutes=30)
"""How long a room must be free to be called free."""
_MOST_SAID: Final = 3


def who(call: SkillCall) -> SkillReply:
    """Who has the room now, next, at a time or on a day."""
    calendars = Calendars(call)
    room = calendars.room(call.slots)
    start = calendars.asked_start(call.slots)
    if isinstance(start, SkillReply):
        return start
    if call.slots.get("when") == "next":
        return _who_next(call, calendars, room)
    day = spoken_day(call.slots, call.now)
    if start is None and day is not None and day != call.now.date():
        return _who_all_day(call, calendars, room, whole_day(day, call.now))
    moment = call.now if start is None else start
    at = moment.astimezone(UTC)
    found = calendars.bookings(room, Interval(start=at, end=at + timedelta(seconds=1)))
    values: dict[str, Json] = {"room": calendars.site.spoken(room), "when": calendars.say(moment)}
    values["is_now"] = start is None
    if found:
        values |= {"holder": calendars.say_holder(found[0]), "until": calendars.say(found[0].interval.end)}
        return SkillReply(reply="holder", values=values, memory=_memory(call))
    following = calendars.free_until(room, moment)
    values["until"] = calendars.say(following) if following else ""
    return SkillReply(reply="nobody", values=values, memory=_memory(call))


def free_rooms(call: SkillCall) -> SkillReply:
    """Which rooms are free, and where none is, which is first."""
    calendars = Calendars(call)
    window = _window(call, calendars)
    if isinstance(window, SkillReply):
        return window
    free: list[Json] = []
    partly: list[Json] = []
    for room in calendars.site.rooms.values():
        open_times = _open_times(calendars, room, window.interval)
        if open_times == (window.interval,):
            free.append(calendars.site.spoken(room))
        elif open_times and not window.is_moment:
            partly.append(f"{calendars.site.spoken(room)} {calendars.say_span(open_times[0])}")
    values: dict[str, Json] = {"free": free, "partly": partly[:_MOST_SAID], **_when(call, calendars, window)}
    if not free and not partly:
        values["first"] = _first_free(calendars, window.interval)
    return SkillReply(reply="free_rooms", values=values, memory=_memory(call))


def room_free(call: SkillCall) -> SkillReply:
    """Whether a room is free, or when."""
    calendars = Calendars(call)
    room = calendars.room(call.slots)
    asks_hours = bool(call.slots.get("hours"))
    if asks_hours and not {"day", "part", "start_hour"} & set(call.slots):
        window: Window | SkillReply = Window(interval=rest_of_day(call.now), is_moment=False)
    else:
        window = _window(call, calendars)
    if isinstance(window, SkillReply):
        return window
    return whether_free(call, calendars, room, window)


def whether_free(call: SkillCall, calendars: Calendars, room: Room, window: Window) -> SkillReply:
    """Say whether a room is free, from when to when, or who has it."""
    open_times = _open_times(calendars, room, window.interval)
    values: dict[str, Json] = {
        "room": calendars.site.spoken(room),
        "hours": [calendars.say_span(one) for one in open_times[:_MOST_SAID]],
        **_when(call, calendars, window),
    }
    if open_times == (window.interval,):
        until = calendars.free_until(room, window.interval.start)
        values["until"] = calendars.say(until) if until and window.is_moment else ""
        return SkillReply(reply="room_is_free", values=values, memory=_memory(call))
    if open_times and not window.is_moment:
        return SkillReply(reply="room_is_partly_free", values=values, memory=_memory(call))
    return _room_taken(call, calendars, room, window, values)


def _room_taken(
    call: SkillCall, calendars: Calendars, room: Room, window: Window, values: dict[str, Json]
) -> SkillReply:
    free_at = calendars.next_free(room, window.interval.start.astimezone(calendars.zone), _USUAL)
    taken = calendars.bookings(room, window.interval)
    values["holder"] = calendars.say_holder(taken[0]) if window.is_moment and taken else ""
    values["free_at"] = calendars.say(free_at) if free_at else ""
    return SkillReply(reply="room_is_taken", values=values, memory=_memory(call))


def _window(call: SkillCall, calendars: Calendars) -> Window | SkillReply:
    start = calendars.asked_start(call.slots)
    return start if isinstance(start, SkillReply) else asked_window(call.slots, call.now, start, _USUAL)


def _open_times(calendars: Calendars, room: Room, within: Interval) -> tuple[Interval, ...]:
    taken = [booking.interval for booking in calendars.bookings(room, within)]
    shortest = min(_USUAL, within.length)
    return tuple(gap for gap in gaps(taken, within) if gap.length >= shortest)


def _first_free(calendars: Calendars, within: Interval) -> dict[str, Json]:
    """The room that is free first, or nothing within a day."""
    found = [
        (moment, calendars.site.spoken(room))
        for room in calendars.site.rooms.values()
        if (moment := calendars.next_free(room, within.start.astimezone(calendars.zone), _USUAL))
    ]
    if not found:
        return {}
    moment, name = min(found, key=lambda one: one[0].astimezone(UTC))
    return {"room": name, "at": calendars.say(moment)}


def _who_next(call: SkillCall, calendars: Calendars, room: Room) -> SkillReply:
    now = call.now.astimezone(UTC)
    coming = calendars.bookings(room, Interval(start=now, end=now + SEARCHED))
    following = [booking for booking in coming if booking.interval.start > now]
    if not following:
        return SkillReply(
            reply="nobody_next", values={"room": calendars.site.spoken(room)}, memory=_memory(call)
        )
    return SkillReply(
        reply="next_holder",
        values={"room": calendars.site.spoken(room), **_said(calendars, following[0])},
        memory=_memory(call),
    )


def _who_all_day(call: SkillCall, calendars: Calendars, room: Room, day: Interval) -> SkillReply:
    found = calendars.bookings(room, day)
    said: list[Json] = [
        f"{calendars.say_holder(booking)} {calendars.say_span(booking.interval)}"
        for booking in found[:_MOST_SAID]
    ]
    values: dict[str, Json] = {
        "room": calendars.site.spoken(room),
        "day": calendars.say_day(day.start),
        "holders": said,
        "more": len(found) - len(said),
    }
    return SkillReply(reply="holders_of_day", values=values, memory=_memory(call))


def _said(calendars: Calendars, booking: Booking) -> dict[str, Json]:
    return {"holder": calendars.say_holder(booking), "start": calendars.say(booking.interval.start)}


def _when(call: SkillCall, calendars: Calendars, window: Window) -> dict[str, Json]:
    """How the time asked about is named in the answer."""
    start = window.interval.start.astimezone(calendars.zone)
    if window.is_moment:
        is_now = abs(window.interval.start - call.now.astimezone(UTC)) < timedelta(minutes=1)
        return {"when": "now" if is_now else f"at {calendars.say(start)}"}
    day = calendars.say_day(window.interval.start)
    part = call.slots.get("part")
    if part is None:
        return {"when": day}
    named = {"today": f"this {part}", "tomorrow": f"tomorrow {part}"}
    return {"when": named.get(day, f"{day} in the {part}")}


def _memory(call: SkillCall) -> dict[str, Json]:
    """What a follow-up goes on from; a booking made before in this conversation stays known."""
    return {**call.memory, "last": {"intent": call.intent, "slots": dict(call.slots)}}
