"""Whole exchanges with the shipped rooms skill: what is said, what is answered, what is in the calendar."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from nearfield_edge.calendars.calendar import RoomCalendar
from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import EffectRejectedError, SkillError, SkillFailedError
from nearfield_edge.skills.api import FunctionEffect
from nearfield_edge.skills.conversation import Conversation
from nearfield_edge.skills.loading import load_skill, shipped_skills_folder
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.skills.replies import read_yaml
from nearfield_edge.skills.runtime import SkillAnswer, SkillRuntime
from nearfield_edge.skills.worker import FunctionWorker
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_sync.messages.turn_record import Json
from nearfield_sync.telemetry import Counters
from tests.edge.radicale import PASSWORD, USER, CalendarServer, running_server
from tests.fakes.calendars import booking

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, 14, 10, tzinfo=LONDON)
GUARD = PermissionGuard()


@dataclass(frozen=True, slots=True)
class _Understood:
    skill: str
    intent: str
    slots: dict[str, Json]


@dataclass(slots=True)
class Device:
    """A device in the boardroom, with a clock that is set and effects that are settled by the test."""

    runtime: SkillRuntime
    grammar: Grammar
    data_folder: Path
    now: datetime = MONDAY
    conversation: Conversation = field(default_factory=Conversation)
    answers: list[SkillAnswer] = field(default_factory=list)
    settles: bool = True

    def say(self, text: str) -> str:
        """Say something, let its effects be carried out twice over, and give the answer."""
        self.now += timedelta(seconds=5)
        (context,) = self.runtime.contexts(self.conversation, self.now)
        matches = match_text(self.grammar, text, context=context)
        assert matches, f"not understood: {text} ({context})"
        match = matches[0]
        slots = {name: slot.value for name, slot in match.slots.items()}
        understood = _Understood(match.skill, match.intent, slots)
        answer = self.runtime.answer(understood, self.conversation, now=self.now, key=text)
        assert answer.refusals == ()
        self.conversation = answer.conversation
        self.answers.append(answer)
        if self.settles:
            self.settle(answer)
        return answer.text

    def settle(self, answer: SkillAnswer, times: int = 2) -> None:
        """Deliver an answer's effects, as the outbox may: more than once with one key."""
        for number, effect in enumerate(answer.effects):
            for _ in range(times):
                self.runtime.apply(
                    "rooms", cast("FunctionEffect", effect), key=f"{len(self.answers)}/{number}", now=self.now
                )

    def calendar(self, room: str = "boardroom") -> RoomCalendar:
        """The room's calendar file, as another program sees it."""
        return FileCalendar(self.data_folder / "calendars" / f"{room}.ics", LONDON)

    def taken(self, room: str = "boardroom") -> list[str]:
        """Who has the room in the coming ten days: ``23 14:00-15:00``."""
        return spans(self.calendar(room))


def spans(calendar: RoomCalendar) -> list[str]:
    begin = (MONDAY - timedelta(days=1)).astimezone(UTC)
    found = calendar.bookings(Interval(start=begin, end=begin + timedelta(days=11)))
    local = [(b.interval.start.astimezone(LONDON), b.interval.end.astimezone(LONDON)) for b in found]
    return [f"{start:%d %H:%M}-{end:%H:%M}" for start, end in local]


def new_device(tmp_path: Path, settings: dict[str, Json] | None = None) -> Device:
    skill = load_skill(
        shipped_skills_folder() / "rooms",
        settings=settings or {},
        data_folder=tmp_path / "rooms",
        guard=GUARD,
    )
    runtime = SkillRuntime([skill], FunctionWorker(GUARD, Counters()))
    names = cast("Sequence[Any]", runtime.lists()["rooms"]["room"])
    return Device(runtime, _sentences().with_list("rooms", "room", names), tmp_path / "rooms")


@functools.cache
def _sentences() -> Grammar:
    path = shipped_skills_folder() / "rooms" / "sentences.yaml"
    return compile_grammar([SentenceSource(skill="rooms", templates=read_yaml(path))])


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return new_device(tmp_path)


def _at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=LONDON)


# Booking


def test_a_room_is_booked_out_of_the_box_and_lands_in_its_calendar(device: Device) -> None:
    assert device.say("book this room from three to four") == (
        "Booked: this room from three o'clock to four o'clock."
    )
    assert device.taken() == ["23 15:00-16:00"]


def test_another_room_is_booked_for_a_length_on_another_day(device: Device) -> None:
    said = device.say("book the atrium for an hour at half past ten tomorrow")
    assert said == "Booked: the atrium from ten thirty tomorrow to eleven thirty."
    assert device.taken("atrium") == ["24 10:30-11:30"]
    assert device.taken() == []


def test_a_length_alone_means_this_room_and_now(device: Device) -> None:
    assert device.say("Book this room for thirty minutes, please.") == (
        "Booked. This room is yours until two forty."
    )
    assert device.taken() == ["23 14:10-14:40"]


def test_a_missing_length_is_asked_for(device: Device) -> None:
    assert "how long" in device.say("book this room at three")
    assert device.say("an hour") == "Booked: this room from three o'clock to four o'clock."
    assert device.taken() == ["23 15:00-16:00"]


def test_a_question_for_the_length_can_be_answered_with_an_end(device: Device) -> None:
    device.say("book the library tomorrow at three")
    assert device.say("until half past four") == (
        "Booked: the library from three o'clock tomorrow to four thirty."
    )


def test_a_missing_start_is_asked_for_and_then_the_length(device: Device) -> None:
    assert device.say("book the atrium tomorrow") == "When do you want the atrium?"
    assert "how long" in device.say("at nine")
    assert device.say("for two hours") == "Booked: the atrium from nine o'clock tomorrow to eleven o'clock."
    assert device.taken("atrium") == ["24 09:00-11:00"]


def test_nine_in_the_evening_or_tomorrow_is_asked(device: Device) -> None:
    device.now = _at(18)
    asked = device.say("book this room at nine for an hour")
    assert asked == "Do you mean nine o'clock in the evening, or nine o'clock tomorrow?"
    assert device.say("tomorrow") == "Booked: this room from nine o'clock tomorrow to ten o'clock."


@pytest.mark.parametrize(
    ("answer", "span"), [("this evening", "23 21:00-22:00"), ("nine in the morning", "24 09:00-10:00")]
)
def test_the_question_which_nine_takes_either_answer(device: Device, answer: str, span: str) -> None:
    device.now = _at(18)
    device.say("book this room at nine for an hour")
    device.say(answer)
    assert device.taken() == [span]


def test_a_taken_room_is_refused_with_who_has_it_and_what_is_free(device: Device) -> None:
    device.calendar().book(booking("b", _at(15), 60, organiser="Ada"))
    said = device.say("book this room from half past three to half past four")
    assert said == (
        "Ada has this room until four o'clock. The atrium and the library are free then."
        " This room is next free at four o'clock."
    )
    assert device.taken() == ["23 15:00-16:00"]


def test_any_room_is_the_first_that_is_free(device: Device) -> None:
    device.calendar().book(booking("b", _at(15), 60))
    assert device.say("book a room from three to four") == (
        "Booked: the atrium from three o'clock to four o'clock."
    )


def test_what_is_past_or_too_long_is_refused(device: Device) -> None:
    assert device.say("book this room today at two pm for an hour") == ("That is past: two o'clock is over.")
    assert device.say("book this room for six hours") == "That is too long for me: I book four hours at most."
    assert device.taken() == []


# Follow-ups


def test_a_booking_is_made_longer_by_a_follow_up(device: Device) -> None:
    device.say("book this room for thirty minutes")
    assert device.say("make it an hour") == "Done. You have this room until three ten."
    assert device.taken() == ["23 14:10-15:10"]


def test_a_booking_moves_to_another_room_by_a_follow_up(device: Device) -> None:
    device.say("book this room from three to four")
    assert device.say("the atrium instead") == (
        "Changed. You have the atrium from three o'clock to four o'clock."
    )
    assert device.taken() == []
    assert device.taken("atrium") == ["23 15:00-16:00"]


def test_a_booking_moves_to_another_time_that_overlaps_itself(device: Device) -> None:
    device.say("book this room from three to four")
    assert "three thirty to four thirty" in device.say("make it half past three")
    assert device.taken() == ["23 15:30-16:30"]


def test_a_booking_is_not_moved_onto_somebody_and_stays(device: Device) -> None:
    device.calendar("atrium").book(booking("b", _at(15), 60, organiser="Ada"))
    device.say("book this room from three to four")
    assert device.say("the atrium instead").startswith("Ada has the atrium until four o'clock.")
    assert device.taken() == ["23 15:00-16:00"]


def test_after_a_booking_and_tomorrow_books_the_same_again(device: Device) -> None:
    device.say("book this room from three to four")
    assert device.say("and tomorrow") == "Booked: this room from three o'clock tomorrow to four o'clock."
    assert device.taken() == ["23 15:00-16:00", "24 15:00-16:00"]


def test_the_same_again_keeps_room_and_time_after_a_change(device: Device) -> None:
    device.say("book this room from three to four")
    device.say("the atrium instead")
    assert device.say("and tomorrow") == "Booked: the atrium from three o'clock tomorrow to four o'clock."


def test_after_a_booking_what_about_tomorrow_only_asks(device: Device) -> None:
    device.say("book this room from three to four")
    assert device.say("what about tomorrow") == "Yes, this room is free at three o'clock tomorrow."
    assert device.say("what about the atrium") == "Yes, the atrium is free at three o'clock."
    assert device.taken() == ["23 15:00-16:00"]
    assert device.taken("atrium") == []


def test_a_booking_is_not_moved_into_the_past(device: Device) -> None:
    device.say("book this room tomorrow from nine to ten")
    assert device.say("make it today") == "That is past: nine o'clock is over."
    assert device.taken() == ["24 09:00-10:00"]


def test_an_extended_booking_can_be_given_another_length(device: Device) -> None:
    device.calendar().book(booking("b", _at(14), 30))
    device.say("extend by an hour")
    assert device.say("make it two hours") == "Done. You have this room until four o'clock."
    assert device.taken() == ["23 14:00-16:00"]


def test_two_extensions_before_either_is_delivered_add_up(device: Device) -> None:
    device.calendar().book(booking("b", _at(14), 30))
    device.settles = False
    device.say("half an hour more")
    assert device.say("half an hour more") == "Done. You have this room until three thirty."


def test_after_a_refusal_another_room_is_tried(device: Device) -> None:
    device.calendar().book(booking("b", _at(15), 60))
    device.say("book this room from three to four")
    assert device.say("the library instead") == "Booked: the library from three o'clock to four o'clock."


@pytest.mark.parametrize(
    "words",
    [
        "and one for tomorrow too",
        "the same for tomorrow",
        "the same again tomorrow",
        "and for tomorrow as well",
    ],
)
def test_the_same_on_another_day_is_one_more_booking(device: Device, words: str) -> None:
    device.say("book the atrium from three to four")
    assert device.say(words) == "Booked: the atrium from three o'clock tomorrow to four o'clock."
    assert device.taken("atrium") == ["23 15:00-16:00", "24 15:00-16:00"]


def test_the_same_again_asks_for_the_day_that_it_lacks(device: Device) -> None:
    device.say("book the atrium from three to four")
    assert device.say("the same again") == "For when?"
    assert device.say("on Thursday").startswith("Booked: the atrium from three o'clock on Thursday")


def test_a_time_without_a_day_is_on_the_day_talked_of(device: Device) -> None:
    device.say("book the atrium tomorrow from three to four")
    device.say("no, at five")
    device.say("and another one at nine")
    assert device.taken("atrium") == ["24 09:00-10:00", "24 17:00-18:00"]


def test_what_was_asked_about_can_be_booked(device: Device) -> None:
    device.say("is the atrium free at four tomorrow")
    assert device.say("book it for an hour").startswith("Booked: the atrium from four o'clock tomorrow")
    device.say("what about the library")
    assert device.say("take it").startswith("Booked: the library from four o'clock tomorrow")
    assert (device.taken("atrium"), device.taken("library")) == (["24 16:00-17:00"], ["24 16:00-17:00"])


def test_a_free_room_is_taken_by_name_and_the_answer_to_how_long_completes_it(device: Device) -> None:
    device.say("which rooms are free at four tomorrow")
    assert "for how long" in device.say("I'll take the library").lower()
    assert device.say("half an hour") == "Booked: the library from four o'clock tomorrow to four thirty."


def test_a_room_that_is_free_now_is_booked_from_now(device: Device) -> None:
    device.say("is the library free")
    device.say("book it for half an hour")
    assert device.taken("library") == ["23 14:10-14:40"]


def test_a_room_spoken_of_needs_no_name(device: Device) -> None:
    device.calendar("atrium").book(booking("b", _at(10, day=24), 60, organiser="Ada"))
    device.say("is the atrium free")
    assert device.say("who has it tomorrow").startswith("Tomorrow the atrium is taken: Ada")
    assert device.say("and is it free at ten tomorrow").startswith("No, Ada has the atrium")


def test_what_was_cancelled_by_mistake_is_booked_again(device: Device) -> None:
    device.say("book the atrium from three to four")
    device.say("cancel that")
    assert device.say("the same again") == "Booked: the atrium from three o'clock to four o'clock."
    device.say("we don't need it any more")
    assert device.taken("atrium") == []


def test_what_was_cancelled_cannot_be_changed_only_booked_anew(device: Device) -> None:
    device.say("book the atrium from three to four")
    device.say("cancel that")
    assert device.say("make it an hour and a half").startswith("Booked: the atrium")
    assert [effect.function for effect in device.answers[-1].effects] == ["delivery:book"]  # type: ignore[union-attr]


def test_what_was_booked_last_can_be_cancelled(device: Device) -> None:
    device.say("book the atrium from three to four")
    assert device.say("cancel that") == "I have cancelled the atrium from three o'clock to four o'clock."
    assert device.taken("atrium") == []


def test_a_question_goes_on_to_another_day_and_another_room(device: Device) -> None:
    device.calendar("atrium").book(booking("b", _at(9, day=24), 8 * 60, organiser="Ada"))
    assert (
        device.say("is the atrium free at four")
        == "Yes, the atrium is free at four o'clock, until nine o'clock tomorrow."
    )
    assert device.say("and tomorrow?") == (
        "No, Ada has the atrium at four o'clock tomorrow. It is next free at five o'clock tomorrow."
    )
    assert device.say("what about the library") == "Yes, the library is free at four o'clock tomorrow."


def test_a_follow_up_is_forgotten_with_the_conversation(device: Device) -> None:
    device.say("is the atrium free at four")
    device.now += timedelta(minutes=5)
    (context,) = device.runtime.contexts(device.conversation, device.now)
    assert match_text(device.grammar, "and tomorrow", context=context) == ()


# Extending and releasing


def test_the_running_booking_is_extended(device: Device) -> None:
    device.calendar().book(booking("b", _at(14), 30, organiser="Ada"))
    assert device.say("extend by 30 minutes") == "Done. You have this room until three o'clock."
    assert device.say("half an hour more") == "Done. You have this room until three thirty."
    assert device.say("extend until five") == "Done. You have this room until five o'clock."
    assert device.taken() == ["23 14:00-17:00"]


def test_how_long_to_extend_is_asked_for(device: Device) -> None:
    device.calendar().book(booking("b", _at(14), 30))
    assert device.say("extend the meeting") == "By how long?"
    assert device.say("half an hour") == "Done. You have this room until three o'clock."


def test_an_extension_into_the_next_booking_is_refused(device: Device) -> None:
    device.calendar().book(booking("a", _at(14), 60))
    device.calendar().book(booking("b", _at(15), 60, organiser="Ada"))
    assert device.say("half an hour more") == "Sorry, Ada has this room from three o'clock."
    assert device.taken() == ["23 14:00-15:00", "23 15:00-16:00"]


def test_there_is_nothing_to_extend_or_release_in_a_free_room(device: Device) -> None:
    assert device.say("extend by an hour").startswith("Nobody has this room")
    assert device.say("we're done") == "Nobody has this room at the moment."


@pytest.mark.parametrize("words", ["release the room", "we're done", "end the meeting"])
def test_releasing_ends_the_running_booking_now(device: Device, words: str) -> None:
    device.calendar().book(booking("b", _at(14), 120))
    assert "free again" in device.say(words)
    assert device.taken() == ["23 14:00-14:10"]


def test_releasing_ends_only_todays_meeting_of_a_series(device: Device) -> None:
    device.calendar().book(booking("other", _at(8), 30))
    path = device.data_folder / "calendars" / "boardroom.ics"
    series = (
        "BEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261123T140000Z\r\n"
        "DTEND:20261123T150000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    path.write_text(path.read_text().replace("END:VCALENDAR", series))
    device.say("release the room")
    assert device.taken() == ["23 08:00-08:30", "23 14:00-14:10", "24 14:00-15:00"]


# Asking


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("who has this room", "Ada has this room, until three o'clock."),
        ("who has this room now", "Ada has this room, until three o'clock."),
        (
            "who's got this room at half past three",
            "Grace has this room at three thirty, until four o'clock.",
        ),
        ("who has this room next", "Next is Grace, at three o'clock."),
        ("who has the library", "Nobody has the library."),
        (
            "who has this room at eight pm",
            "Nobody has this room at eight o'clock in the evening. It is free until nine o'clock tomorrow.",
        ),
        (
            "who has this room tomorrow",
            "Tomorrow this room is taken: somebody from nine o'clock to ten thirty.",
        ),
        (
            "who has the atrium tomorrow",
            (
                "Tomorrow the atrium is taken: Ada from eight o'clock in the evening "
                "to nine o'clock in the evening."
            ),
        ),
        ("who has the library tomorrow", "Nobody has the library tomorrow."),
        ("which rooms are free", "The atrium and the library are free now."),
        ("which rooms are free at four", "This room, the atrium and the library are free at four o'clock."),
        (
            "what rooms are free tomorrow morning",
            (
                "The atrium and the library are free tomorrow morning. Also partly free tomorrow "
                "morning: this room from eight o'clock to nine o'clock."
            ),
        ),
        ("is this room free", "No, Ada has this room now. It is next free at four o'clock."),
        ("is the atrium free tomorrow morning", "Yes, the atrium is free tomorrow morning."),
        ("when is this room free", "This room is free today from four o'clock to six o'clock."),
        (
            "when is this room free tomorrow",
            (
                "This room is free tomorrow from eight o'clock to nine o'clock and from ten "
                "thirty to six o'clock."
            ),
        ),
        (
            "is this room free from four to five",
            "Yes, this room is free at four o'clock, until nine o'clock tomorrow.",
        ),
    ],
)
def test_questions_are_answered_from_the_calendars(device: Device, words: str, answer: str) -> None:
    device.calendar().book(booking("a", _at(14), 60, organiser="Ada"))
    device.calendar().book(booking("b", _at(15), 60, organiser="Grace"))
    device.calendar().book(booking("c", _at(9, day=24), 90, title="Secret project"))
    device.calendar("atrium").book(booking("d", _at(20, day=24), 60, organiser="Ada"))
    before = device.taken()
    assert device.say(words) == answer
    assert device.answers[-1].effects == ()
    assert device.taken() == before


def test_when_no_room_is_free_the_first_to_be_is_named(device: Device) -> None:
    for room, minutes in (("boardroom", 120), ("atrium", 60), ("library", 90)):
        device.calendar(room).book(booking(room, _at(14), minutes))
    assert (
        device.say("which rooms are free now")
        == "No room is free now. The first is the atrium, at three o'clock."
    )


def test_what_a_booking_is_about_is_said_only_where_the_site_allows_it(tmp_path: Path) -> None:
    device = new_device(tmp_path, {"speak_titles": True})
    device.calendar().book(booking("c", _at(14), 60, title="Planning"))
    assert device.say("who has this room") == "Planning has this room, until three o'clock."


def test_an_all_day_event_keeps_the_room_all_day(device: Device) -> None:
    path = device.data_folder / "calendars" / "boardroom.ics"
    path.parent.mkdir(parents=True)
    path.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:d\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART;VALUE=DATE:20261123\r\nSUMMARY:Offsite\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert device.say("is this room free").startswith("No, somebody has this room now.")


# Promises, faults and settings


def test_nothing_is_written_before_the_turn_is_settled(device: Device) -> None:
    device.settles = False
    device.say("book this room from three to four")
    assert device.taken() == []
    device.settle(device.answers[-1])
    assert device.taken() == ["23 15:00-16:00"]


def test_a_promise_that_is_not_delivered_yet_counts_as_taken(device: Device) -> None:
    device.settles = False
    device.say("book this room from three to four")
    assert device.say("book this room at half past three for an hour").startswith("The room's device has")


def test_a_room_that_was_taken_since_the_promise_is_rejected_for_ever(device: Device) -> None:
    device.settles = False
    device.say("book this room from three to four")
    device.calendar().book(booking("faster", _at(15), 60))
    with pytest.raises(EffectRejectedError, match="the room is taken"):
        device.settle(device.answers[-1])
    assert len(device.taken()) == 1


def test_a_broken_calendar_fails_the_turn_by_name_and_is_left_as_it_is(device: Device) -> None:
    path = device.data_folder / "calendars" / "boardroom.ics"
    path.parent.mkdir(parents=True)
    path.write_text("torn")
    with pytest.raises(SkillFailedError, match=r"boardroom\.ics: not an iCalendar file"):
        device.say("who has this room")
    assert path.read_text() == "torn"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"this_room": "cellar"}, "this_room 'cellar' is none of the rooms"),
        ({"rooms": []}, "is none of the rooms"),
        ({"rooms": [{"id": "boardroom", "name": "x"}]}, "entry 1: .*either 'calendar'"),
        ({"rooms": [{"id": "boardroom", "name": "x", "calendar": "../x.ics"}]}, "entry 1, key 'calendar'"),
        ({"rooms": [{"id": "boardroom", "name": "x", "collection": "b/"}]}, "caldav_url is empty"),
        ({"rooms": [{"id": "boardroom", "name": "x", "calendar": "x.ics", "colour": "red"}]}, "key 'colour'"),
    ],
)
def test_wrong_settings_are_named_when_the_device_starts(
    tmp_path: Path, settings: dict[str, Json], sentence: str
) -> None:
    with pytest.raises(SkillError, match=sentence):
        new_device(tmp_path, settings)


# The same on a CalDAV server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    with running_server(tmp_path_factory.mktemp("radicale")) as running:
        yield running


NewDevice = Callable[[str], Device]


@pytest.fixture
def new_caldav_device(server: CalendarServer, tmp_path: Path) -> NewDevice:
    def make(url: str) -> Device:
        (tmp_path / "rooms").mkdir(exist_ok=True)
        credentials = tmp_path / "rooms" / "caldav.toml"
        credentials.write_text(f'user = "{USER}"\npassword = "{PASSWORD}"\n')
        credentials.chmod(0o600)
        rooms: list[Json] = [{"id": "boardroom", "name": "the boardroom", "collection": f"{USER}/boardroom/"}]
        return new_device(tmp_path, {"caldav_url": url, "rooms": rooms})

    return make


@pytest.mark.server
def test_the_conversation_is_the_same_on_a_calendar_server(
    server: CalendarServer, new_caldav_device: NewDevice
) -> None:
    server.new_calendar("boardroom")
    device = new_caldav_device(server.url)
    assert device.say("book this room for thirty minutes") == "Booked. This room is yours until two forty."
    assert device.say("who has this room") == "The room's device has this room, until two forty."
    assert device.say("half an hour more") == "Done. You have this room until three ten."
    device.now += timedelta(minutes=2)
    assert "free again" in device.say("we're done")
    device.now += timedelta(minutes=1)
    assert device.say("who has this room") == "Nobody has this room."


@pytest.mark.server
def test_a_server_that_cannot_be_reached_fails_the_turn_by_name(new_caldav_device: NewDevice) -> None:
    device = new_caldav_device("http://127.0.0.1:9/")
    with pytest.raises(SkillFailedError, match="cannot be reached"):
        device.say("who has this room")
