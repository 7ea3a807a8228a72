"""Reading the rooms' calendars for one turn, with what was promised a moment ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.intervals import Interval, first_gap
from nearfield_edge.calendars.speech import say_day, say_moment, say_time
from nearfield_edge.calendars.spoken_times import Ambiguous, Meant, Past, zone_of
from nearfield_edge.shipped_skills.rooms.request import spoken_start
from nearfield_edge.shipped_skills.rooms.site import ANSWER_SECONDS, Room, Site, read_site
from nearfield_edge.skills.api import SkillCall, SkillReply
from nearfield_sync.messages.turn_record import Json

SEARCHED = timedelta(days=1)
"""How far ahead the next booking or the next free time is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The booking that the device made last in this conversation; it may not be in the calendar yet."""

    room: str
    booking: Booking

    def to_memory(self) -> dict[str, Json]:
        """Plain values."""
        taken = self.booking.interval
        return {
            "room": self.room,
            "uid": self.booking.uid,
            "start": taken.start.isoformat(),
            "end": taken.end.isoformat(),
            "organiser": self.booking.organiser,
        }


def promise_in(memory: Mapping[str, Json]) -> Promise | None:
    """What ``to_memory`` noted under ``promise``; None where nothing was promised."""
    raw = memory.get("promise")
    if not isinstance(raw, dict):
        return None
    interval = Interval.between(
        datetime.fromisoformat(str(raw["start"])), datetime.fromisoformat(str(raw["end"]))
    )
    booking = Booking(uid=str(raw["uid"]), interval=interval, organiser=str(raw["organiser"]))
    return Promise(room=str(raw["room"]), booking=booking)


class Calendars:
    """What the rooms' calendars say to one turn."""

    def __init__(self, call: SkillCall) -> None:
        self.site: Site = read_site(call.settings)
        self.now = call.now
        self.promise = promise_in(call.memory)

    @property
    def zone(self) -> tzinfo:
        """The site's."""
        return zone_of(self.now)

    def room(self, slots: Mapping[str, Json]) -> Room:
        """The room that was named, or the one in which the device stands."""
        return self.site.rooms.get(str(slots.get("room")), self.site.this_room)

    def bookings(self, room: Room, within: Interval, *, besides: str | None = None) -> tuple[Booking, ...]:
        """Who has the room, the promise included; without the booking of the name ``besides``."""
        calendar = self.site.calendar(room, self.zone, ANSWER_SECONDS)
        found = {(one.uid, one.interval.start): one for one in calendar.bookings(within)}
        promise = self.promise
        if promise and promise.room == room.id and promise.booking.interval.overlaps(within):
            found[promise.booking.uid, promise.booking.interval.start] = promise.booking
        kept = [one for one in found.values() if one.uid != besides]
        return tuple(sorted(kept, key=lambda one: one.interval))

    def running(self, room: Room) -> Booking | None:
        """Who has the room now."""
        moment = self.now.astimezone(UTC)
        found = self.bookings(room, Interval(start=moment, end=moment + timedelta(seconds=1)))
        return found[0] if found else None

    def next_free(self, room: Room, after: datetime, length: timedelta) -> datetime | None:
        """When the room is next free for so long, within a day."""
        begin = after.astimezone(UTC)
        ahead = Interval(start=begin, end=begin + SEARCHED)
        gap = first_gap([one.interval for one in self.bookings(room, ahead)], ahead, length)
        return gap.start.astimezone(self.zone) if gap else None

    def free_until(self, room: Room, start: datetime) -> datetime | None:
        """Until when the room stays free from ``start`` on; None for a day and more."""
        begin = start.astimezone(UTC)
        following = self.bookings(room, Interval(start=begin, end=begin + SEARCHED))
        return following[0].interval.start.astimezone(self.zone) if following else None

    def say(self, moment: datetime) -> str:
        """A moment in words, in the site's zone."""
        return say_moment(moment, self.now)

    def say_day(self, moment: datetime) -> str:
        """A day in words: ``tomorrow``, ``on Friday``."""
        return say_day(moment.astimezone(self.zone).date(), self.now.date())

    def say_after(self, moment: datetime, earlier: datetime) -> str:
        """A moment in words, without its day where the earlier one, said before, has the same."""
        local = moment.astimezone(self.zone)
        is_same_day = local.date() == earlier.astimezone(self.zone).date()
        return say_time(local.time()) if is_same_day else self.say(moment)

    def say_span(self, span: Interval) -> str:
        """From when to when, on a day that was named."""
        start, end = span.start.astimezone(self.zone), span.end.astimezone(self.zone)
        return f"from {say_time(start.time())} to {self.say_after(end, start)}"

    def say_holder(self, booking: Booking) -> str:
        """Who has it; what it is about only where the site lets it be said."""
        if booking.organiser:
            return booking.organiser
        return booking.title if self.site.speaks_titles and booking.title else "somebody"

    def asked_start(
        self, slots: Mapping[str, Json], talked_of: date | None = None
    ) -> datetime | SkillReply | None:
        """When something shall begin, or the answer that this is past; None where nothing was said of it.

        Where two moments could be meant it is the sooner: the answer names it, and changes nothing.
        """
        match spoken_start(slots, self.now, talked_of):
            case None:
                return None
            case Meant(at=moment) | Ambiguous(sooner=moment):
                return moment
            case Past(at=moment):
                return SkillReply(reply="past", values={"start": self.say(moment)})
