"""Answering visitors from the site file."""

from __future__ import annotations

from pathlib import Path

from nearfield_edge.calendars.speech import say_day
from nearfield_edge.calendars.spoken_times import resolve_day
from nearfield_edge.shipped_skills.visit.site import Person, Place, Site, read_site
from nearfield_edge.skills.api import (
    Effect,
    FunctionEffect,
    HttpEffect,
    ListCall,
    MqttEffect,
    SkillCall,
    SkillReply,
)
from nearfield_edge.skills.replies import clock
from nearfield_sync.messages.turn_record import Json


def places(call: ListCall) -> list[Json]:
    """The list ``place``."""
    return _list_values(read_site(Path(str(call.settings["site_file"]))).places)


def people(call: ListCall) -> list[Json]:
    """The list ``person``."""
    return _list_values(read_site(Path(str(call.settings["site_file"]))).people)


def find_place(call: SkillCall) -> SkillReply:
    """``findPlace``."""
    wanted = str(call.slots["place"])
    for place in _site(call).places:
        if place.name == wanted:
            return SkillReply(reply="directions", values={"directions": place.directions})
    return SkillReply(reply="unknown_place", values={"place": wanted})


def find_person(call: SkillCall) -> SkillReply:
    """``findPerson``."""
    wanted = str(call.slots["person"])
    person = _person(call, wanted)
    if person is None or not person.directions:
        return SkillReply(reply="unknown_place", values={"place": wanted})
    return SkillReply(reply="directions", values={"directions": person.directions})


def opening_hours(call: SkillCall) -> SkillReply:
    """``openingHours`` of a day."""
    today = call.now.date()
    day = resolve_day(str(call.slots.get("day", "today")), today)
    spoken = say_day(day, today)
    spans = _site(call).spans_on(day)
    if not spans:
        return SkillReply(reply="closed_on", values={"day": spoken})
    texts: list[Json] = [f"{clock(begin)} to {clock(end)}" for begin, end in spans]
    return SkillReply(reply="open_on", values={"day": spoken, "spans": texts})


def open_now(call: SkillCall) -> SkillReply:
    """``openNow``."""
    site = _site(call)
    until = site.open_until(call.now)
    if until is not None:
        return SkillReply(reply="open_until", values={"until": clock(until)})
    following = site.next_opening(call.now)
    if following is None:
        return SkillReply(reply="closed_for_long")
    day, begin = following
    return SkillReply(
        reply="closed_until", values={"day": say_day(day, call.now.date()), "from_time": clock(begin)}
    )


def wifi(call: SkillCall) -> SkillReply:
    """``wifi``: name and password, spelled for those who type."""
    network = _site(call).wifi
    if network is None:
        return SkillReply(reply="no_wifi")
    if not network.password:
        return SkillReply(reply="wifi_open", values={"network": network.network})
    return SkillReply(
        reply="wifi",
        values={
            "network": network.network,
            "password": network.password,
            "spelled": ", ".join(_letter(letter) for letter in network.password),
        },
    )


def call_person(call: SkillCall) -> SkillReply:
    """``callPerson``: promises the call; the outbox makes it."""
    wanted = str(call.slots["person"])
    person = _person(call, wanted)
    if person is None:
        return SkillReply(reply="unknown_person", values={"person": wanted})
    return SkillReply(
        reply="calling",
        values={"person": person.name},
        effects=(_calling(call, person),),
    )


def _calling(call: SkillCall, person: Person) -> Effect:
    body: dict[str, Json] = {
        "person": person.name,
        "address": person.address,
        "called_at": call.now.isoformat(),
    }
    url, topic = str(call.settings["call_url"]), str(call.settings["call_topic"])
    if url:
        return HttpEffect(method="POST", url=url, body=body)
    if topic:
        return MqttEffect(topic=topic, body=body)
    return FunctionEffect(function="calls:record_call", arguments=body)


def _site(call: SkillCall) -> Site:
    return read_site(Path(str(call.settings["site_file"])))


def _person(call: SkillCall, name: str) -> Person | None:
    return next((person for person in _site(call).people if person.name == name), None)


def _list_values(entries: tuple[Place, ...] | tuple[Person, ...]) -> list[Json]:
    return [{"in": said, "out": entry.name} for entry in entries for said in (entry.name, *entry.said_as)]


def _letter(letter: str) -> str:
    if letter.isupper():
        return f"capital {letter}"
    return _SIGNS.get(letter, letter)


_SIGNS = {
    "-": "dash",
    "_": "underscore",
    ".": "dot",
    "!": "exclamation mark",
    "@": "at",
    "#": "hash",
    "$": "dollar",
    "%": "percent",
    "&": "and sign",
    "*": "star",
    "+": "plus",
    "/": "slash",
    "?": "question mark",
    " ": "space",
}
