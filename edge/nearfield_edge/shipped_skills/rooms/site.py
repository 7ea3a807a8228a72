"""The site's rooms as its settings name them, and the way to their calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from nearfield_edge.calendars.caldav_calendar import CalDavCalendar, read_credentials
from nearfield_edge.calendars.calendar import RoomCalendar
from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.errors import SkillError
from nearfield_edge.skills.api import ListCall
from nearfield_sync.messages.turn_record import Json

ANSWER_SECONDS: Final = 1.5
"""How long a question may wait for a calendar server: less than a skill may take to answer."""
DELIVERY_SECONDS: Final = 20.0


class Room(BaseModel):
    """One room of the site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """As it is spoken: ``the boardroom``, ``room four``."""
    aliases: tuple[str, ...] = ()
    calendar: Annotated[str, StringConstraints(pattern=r"^[^/\\]+\.ics$")] | None = None
    """Name of a file in ``calendar_folder``."""
    collection: str | None = None
    """Path of a CalDAV collection under ``caldav_url``."""

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        if (self.calendar is None) == (self.collection is None):
            raise ValueError("needs either 'calendar' (a file's name) or 'collection' (a CalDAV path)")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that the settings say."""

    rooms: Mapping[str, Room]
    """By id, in the order of the settings."""
    this_room: Room
    organiser: str
    longest_minutes: int
    speaks_titles: bool
    calendar_folder: Path
    caldav_url: str
    caldav_credentials: Path

    def spoken(self, room: Room) -> str:
        """What the room is called from where the device stands."""
        return "this room" if room.id == self.this_room.id else room.name

    def calendar(self, room: Room, zone: tzinfo, timeout_seconds: float) -> RoomCalendar:
        """The room's calendar; nothing is opened yet.

        Raises:
            CalendarUnreadableError: The address or the credentials are not as they should be.
        """
        if room.collection is None:
            return FileCalendar(self.calendar_folder / f"{room.calendar}", zone)
        return CalDavCalendar(
            urljoin(f"{self.caldav_url.rstrip('/')}/", room.collection.lstrip("/")),
            zone,
            credentials=read_credentials(self.caldav_credentials),
            timeout_seconds=timeout_seconds,
        )


def read_site(settings: Mapping[str, Json]) -> Site:
    """Read the skill's settings.

    Raises:
        SkillError: A room is not as it should be, or ``this_room`` is none of them.
    """
    given = settings["rooms"]
    rooms: dict[str, Room] = {}
    for number, entry in enumerate(given if isinstance(given, list) else [], start=1):
        room = _read_room(number, entry)
        if room.id in rooms:
            raise SkillError(f"skill rooms: two rooms have the id '{room.id}'")
        if room.collection is not None and not settings["caldav_url"]:
            raise SkillError(f"skill rooms: room '{room.id}' has a collection, but caldav_url is empty")
        rooms[room.id] = room
    this_room = rooms.get(str(settings["this_room"]))
    if this_room is None:
        known = ", ".join(rooms) or "none"
        raise SkillError(f"skill rooms: this_room '{settings['this_room']}' is none of the rooms ({known})")
    return Site(
        rooms=rooms,
        this_room=this_room,
        organiser=str(settings["organiser"]),
        longest_minutes=int(str(settings["longest_minutes"])),
        speaks_titles=bool(settings["speak_titles"]),
        calendar_folder=Path(str(settings["calendar_folder"])),
        caldav_url=str(settings["caldav_url"]),
        caldav_credentials=Path(str(settings["caldav_credentials"])),
    )


def room_names(call: ListCall) -> list[Json]:
    """All names that a room goes by, without the article that the sentences bring."""
    return [
        {"in": name.removeprefix("the "), "out": room.id}
        for room in read_site(call.settings).rooms.values()
        for name in (room.name, *room.aliases)
    ]


def _read_room(number: int, entry: Json) -> Room:
    try:
        return Room.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        key = "".join(f", key '{part}'" for part in first["loc"][:1])
        raise SkillError(f"skill rooms: settings.rooms, entry {number}{key}: {first['msg']}") from error
