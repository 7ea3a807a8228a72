"""What is masked before a text leaves the device, and what is left alone."""

from __future__ import annotations

import time

import pytest

from nearfield_sync.errors import RedactionError
from nearfield_sync.redaction.redactor import NamesKnown, Redactor


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(
    ("said", "leaves"),
    [
        ("my number is five five five one two three four", "my number is [PHONE_1]"),
        ("call me on oh seven seven double zero nine hundred one two three", "call me on [PHONE_1]"),
        ("ring +44 20 7946 0958 please", "ring [PHONE_1] please"),
        ("anna dot smith at example dot com is my email", "[EMAIL_1] is my email"),
        ("write to j underscore doe four two at mail dot example dot co dot uk", "write to [EMAIL_1]"),
        ("mail Anna.Smith@example.com today", "mail [EMAIL_1] today"),
        ("my name is priya ramaswamy", "my name is [NAME_1]"),
        ("this is peter o'connor from the bakery", "this is [NAME_1] from the bakery"),
        ("tell will that i am here", "tell [NAME_1] that i am here"),
        ("i live at forty two baker street in london", "i live at [ADDRESS_1]"),
        ("deliver to 12 Main Street, Springfield 62704", "deliver to [ADDRESS_1]"),
        ("card four two four two four two four two four two four two four two four two", "card [CARD_1]"),
        ("pay to DE89 3704 0044 0532 0130 00 now", "pay to [IBAN_1] now"),
        ("my social security number is one two three forty five six seven eight nine", "[NATIONAL_ID_1]"),
        ("i was born on the third of march nineteen eighty four", "i was born on [BIRTH_DATE_1]"),
        ("the door code is one two three four", "the door code is [SECRET_1]"),
        ("the password is correct horse battery and it expires", "the password is [SECRET_1] and it expires"),
        ("my plate is a b one two c d e", "my plate is [PLATE_1]"),
        ("b for bravo d for delta five one s m r is my car's plate", "[PLATE_1] is my car's plate"),
        ("customer number eight eight seven three two one", "customer number [ACCOUNT_1]"),
        ("open www dot example dot com slash help", "open [URL_1]"),
        ("the server is one nine two dot one six eight dot one dot one", "the server is [IP_1]"),
    ],
)
def test_what_is_personal_is_masked_however_it_is_said(redactor: Redactor, said: str, leaves: str) -> None:
    text = redactor.redact(said).text
    assert text == leaves or (leaves.startswith("[") and text.endswith(leaves))


@pytest.mark.parametrize(
    "said",
    [
        "what is the capital of france",
        "call the lift",
        "room two hundred and five is cold",
        "twenty five croissants for friday please",
        "what happened in nineteen sixty nine",
        "are you open on december twenty fourth",
        "who is albert einstein",
        "play a song by taylor swift",
        "i will be late in may",
        "what is the weather in austin",
        "what is the wifi password",
        "my password is wrong",
        "one earl grey and a margherita",
        "it is a twenty minute drive",
        "the score was three to one",
        "convert two thousand three hundred dollars to euros",
        "send me the name of the street",
        "what is an iban",
        "",
    ],
)
def test_ordinary_questions_leave_as_they_were_asked(redactor: Redactor, said: str) -> None:
    assert redactor.redact(said).text == said


def test_people_of_the_site_are_masked_wherever_they_stand_and_its_things_never(redactor: Redactor) -> None:
    said = "is the Monet free for Tim Quill and the tower of anna"
    site = NamesKnown(persons=("Tim Quill", "Tim"), others=("monet", "tower of Anna"))
    assert redactor.redact(said, site).text == "is the Monet free for [NAME_1] and the tower of anna"


def test_accents_and_capitals_do_not_hide_a_name(redactor: Redactor) -> None:
    site = NamesKnown(persons=("Zoë Łukasz",))
    assert redactor.redact("ZOE Łukasz, bitte", site).text == "[NAME_1], bitte"


def test_no_text_over_the_limit_is_taken(redactor: Redactor) -> None:
    with pytest.raises(RedactionError, match="8001 characters"):
        redactor.redact("a" * 8_001)


def test_an_unknown_region_is_refused_by_name() -> None:
    with pytest.raises(RedactionError, match="'UK' is no region"):
        Redactor(regions=("UK",))


@pytest.mark.parametrize(
    "piece",
    ["1 ", "one ", "a@a.", "a dot ", "at ", "my name is ", "anna ", "1.2.", ":", "double ", "street "],
)
def test_a_text_that_is_made_to_be_slow_is_not(redactor: Redactor, piece: str) -> None:
    text = (piece * 8_000)[:8_000]
    began = time.thread_time()
    redactor.redact(text)
    assert time.thread_time() - began < 2
