"""Taking the wake phrase off a request said in one breath with it."""

from __future__ import annotations

import pytest

from nearfield_edge.wake_phrase import without_wake_phrase


@pytest.mark.parametrize(
    ("heard", "phrase", "request_"),
    [
        ("Alexa, what is the Wi-Fi password?", "Alexa", "what is the Wi-Fi password?"),
        ("Alexa can I get a latte", "alexa", "can I get a latte"),
        ("Ok, nabud, reserve the room", "Okay Nabu", "reserve the room"),
        ("Okay Naboo which rooms are free", "Okay Nabu", "which rooms are free"),
        ("and so on. Alexa, make it small", "Alexa", "make it small"),
        ("what is the Wi-Fi password?", "Alexa", "what is the Wi-Fi password?"),
        ("a latte please", "Okay Nabu", "a latte please"),
        ("Alexa", "Alexa", ""),
        ("", "Alexa", ""),
    ],
)
def test_only_what_follows_the_phrase_remains(heard: str, phrase: str, request_: str) -> None:
    assert without_wake_phrase(heard, phrase) == request_


def test_a_request_that_names_the_phrase_later_is_left_whole() -> None:
    heard = "please tell my friend and colleague Alexa that I am here"
    assert without_wake_phrase(heard, "Alexa") == heard
