from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import apsw
import pytest

from nearfield_edge.errors import SkillError
from nearfield_edge.shipped_skills.visit.site import Site, read_site
from nearfield_edge.skills.api import FunctionEffect, HttpEffect, MqttEffect
from nearfield_edge.skills.permissions import PermissionGuard
from tests.edge.skill_folders import Visitor


@pytest.fixture
def visitor(tmp_path: Path, guard: PermissionGuard) -> Visitor:
    return Visitor("visit", tmp_path, guard)


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("Where are the toilets?", "Go past the lifts, and the toilets are on your left."),
        ("How do I get to the cafeteria?", "Take the lift to the second floor and turn right."),
        ("When are you open?", "Today we are open from 9 AM to 5:30 PM."),
        ("Are you open on Sunday?", "On Sunday we are closed."),
        ("What are your opening hours tomorrow?", "Tomorrow we are open from 10 AM to 2 PM."),
        ("Are you open?", "Yes, we are open until 5:30 PM."),
        ("Where is Maria?", "Maria Lopez sits on the first floor, in the room beside the stairs."),
    ],
)
def test_questions_are_answered_from_the_site_file(visitor: Visitor, words: str, reply: str) -> None:
    assert visitor.says(words).text == reply


@pytest.mark.parametrize(
    "words", ["What's the Wi-Fi password?", "how do I get on the wifi", "do you have WiFi"]
)
def test_the_password_is_spelled(visitor: Visitor, words: str) -> None:
    assert "spelled capital W, e, l, c, o, m, e, 4, 2" in visitor.says(words).text


def test_a_follow_up_asks_about_another_day(visitor: Visitor) -> None:
    visitor.says("Are you open on Saturday?")
    assert visitor.says("And on Sunday?").text == "On Sunday we are closed."
    assert visitor.says("and tomorrow").text.startswith("Tomorrow we are open")


def test_a_closed_place_says_when_it_opens_again(tmp_path: Path, guard: PermissionGuard) -> None:
    saturday_night = datetime(2026, 3, 7, 22, 0, tzinfo=UTC)
    visitor = Visitor("visit", tmp_path, guard, now=saturday_night)
    assert visitor.says("Are you open now?").text == "No, we are closed now. We open on Monday at 9 AM."


def test_a_person_is_called_by_name(visitor: Visitor) -> None:
    answer = visitor.says("I'm here to see Tom Baker.")
    (effect,) = answer.effects
    assert isinstance(effect, FunctionEffect)
    assert effect.arguments["address"] == "extension 10"
    assert "Tom Baker" in answer.text


def test_whom_to_call_is_asked_and_the_bare_name_is_enough(visitor: Visitor) -> None:
    asked = visitor.says("I have an appointment.")
    assert asked.question is not None
    assert asked.effects == ()
    assert len(visitor.says("Maria Lopez").effects) == 1


def test_the_person_spoken_of_is_called(visitor: Visitor) -> None:
    visitor.says("Where is Maria?")
    (effect,) = visitor.says("Call her please.").effects
    assert isinstance(effect, FunctionEffect)
    assert effect.arguments["person"] == "Maria Lopez"


@pytest.mark.parametrize(
    ("words", "follow_up", "reply"),
    [
        ("call Tom", "where is he", "You find Tom Baker in the workshop behind the car park."),
        ("where is Maria", "and how do I get to her", "Maria Lopez sits on the first floor"),
        ("is there a toilet here", "how do I get there", "Go past the lifts"),
        ("where is the cafeteria", "say that again", "Take the lift to the second floor"),
        ("are you open on Saturday", "can you repeat that", "Tomorrow we are open from 10 AM"),
        ("what's the wifi password", "spell it again", "The Wi-Fi is called"),
    ],
)
def test_what_was_spoken_of_needs_no_name(visitor: Visitor, words: str, follow_up: str, reply: str) -> None:
    visitor.says(words)
    assert visitor.says(follow_up).text.startswith(reply)


def test_him_is_asked_for_where_nobody_was_named(visitor: Visitor) -> None:
    visitor.says("are you open now")
    assert visitor.says("call him").question is not None


def test_the_call_log_keeps_one_call_a_key(visitor: Visitor, tmp_path: Path) -> None:
    (effect,) = visitor.says("call reception").effects
    assert isinstance(effect, FunctionEffect)
    for _ in range(2):
        visitor.runtime.apply("visit", effect, key="turn-1/0/0", now=visitor.now)
    log = apsw.Connection(str(tmp_path / "visit" / "calls.db"))
    assert list(log.execute("SELECT person, address FROM call")) == [("reception", "extension 1")]
    log.close()


def test_calls_go_where_the_site_wants_them(tmp_path: Path, guard: PermissionGuard) -> None:
    by_http = Visitor("visit", tmp_path, guard, settings={"call_url": "https://desk.example/call"})
    assert isinstance(by_http.says("call Maria").effects[0], HttpEffect)
    by_mqtt = Visitor("visit", tmp_path, guard, settings={"call_topic": "desk/calls"})
    assert isinstance(by_mqtt.says("call Maria").effects[0], MqttEffect)


SITE = """
[hours]
friday = ["13:00-17:00", "08:00-12:00"]
[exceptions]
"2026-03-13" = []
[[places]]
name = "room one"
directions = "Upstairs."
"""


def test_an_opening_that_is_far_ahead_is_told_with_its_date(tmp_path: Path, guard: PermissionGuard) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    late = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
    visitor = Visitor("visit", tmp_path / "data", guard, settings={"site_file": str(file)}, now=late)
    assert visitor.says("are you open now").text == (
        "No, we are closed now. We open on Friday the twentieth of March at 8 AM."
    )


def test_a_site_brings_its_own_file(tmp_path: Path, guard: PermissionGuard) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    visitor = Visitor("visit", tmp_path / "data", guard, settings={"site_file": str(file)})
    assert visitor.says("where is room one").text == "Upstairs."
    assert visitor.says("when are you open today").text == (
        "Today we are open from 8 AM to noon and 1 PM to 5 PM."
    )
    assert visitor.says("what is the wifi password").text == "There is no Wi-Fi for guests here."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[hours]\nfriday = ['9-17']", "hours.friday.0.*not of the form"),
        ("[hours]\nfriday = ['17:00-09:00']", "ends before it begins"),
        ("[hours]\nfryday = []", "did you mean 'friday'"),
        ("[[people]]\nname = 'A'", "people.0.address' is missing"),
        ("nothing", "not valid TOML"),
    ],
)
def test_a_wrong_site_file_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(text)
    with pytest.raises(SkillError, match=words):
        read_site(file)


def test_a_missing_site_file_stops_the_start(tmp_path: Path, guard: PermissionGuard) -> None:
    with pytest.raises(SkillError, match=r"site file .*cannot be read"):
        Visitor("visit", tmp_path, guard, settings={"site_file": str(tmp_path / "nowhere.toml")})


def test_exceptions_outweigh_weekdays_and_the_next_opening_is_found() -> None:
    site = Site.model_validate({"hours": {"friday": ["09:00-10:00"]}, "exceptions": {"2026-03-13": []}})
    opening = site.next_opening(datetime(2026, 3, 6, 9, 30, tzinfo=UTC))
    assert opening is not None
    assert opening[0] == date(2026, 3, 20)
    assert Site().next_opening(datetime(2026, 3, 6, tzinfo=UTC)) is None
