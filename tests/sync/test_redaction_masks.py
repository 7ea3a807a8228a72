"""Masks through a conversation, and filling them again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_sync.errors import RedactionError
from nearfield_sync.redaction.redactor import Redactor
from nearfield_sync.redaction.spans import MOST_MASKS, Masks, restore

REDACTOR = Redactor()


def test_the_same_person_keeps_the_mask_and_another_gets_the_next() -> None:
    first = REDACTOR.redact("tell anna smith and peter that i am here")
    second = REDACTOR.redact("where is anna and where is maria", earlier=first.masks)
    assert first.text == "tell [NAME_1] and [NAME_2] that i am here"
    assert second.text == "where is [NAME_1] and where is [NAME_3]"


def test_kinds_are_counted_and_a_repetition_counts_again() -> None:
    redacted = REDACTOR.redact("call anna on 2125550123 or anna at home on 2125550123")
    assert redacted.counts == {"name": 2, "phone": 2}
    assert redacted.text == "call [NAME_1] on [PHONE_1] or [NAME_1] at home on [PHONE_1]"


def test_an_answer_is_filled_on_the_device_with_what_was_said() -> None:
    asked = REDACTOR.redact("is Anna Smith in and is her number 2125550123")
    answer = "[NAME_1] is in room 4; [PHONE_1] is hers, [NAME_7] and [whatever_1] are nobody."
    assert (
        restore(answer, asked.masks)
        == "Anna Smith is in room 4; 2125550123 is hers, [NAME_7] and [whatever_1] are nobody."
    )


def test_what_was_masked_is_found_by_its_place_in_the_text() -> None:
    said = "hello my name is anna smith"
    (span,) = REDACTOR.redact(said).spans
    assert (said[span.start : span.end], span.kind, span.mask) == ("anna smith", "name", "[NAME_1]")


def test_a_conversation_masks_only_so_much() -> None:
    masks = Masks()
    for number in range(MOST_MASKS):
        masks, _ = masks.with_value("phone", str(number), (str(number),))
    with pytest.raises(RedactionError, match=str(MOST_MASKS)):
        masks.with_value("phone", "more", ("more",))
    assert masks.with_value("phone", "7", ("7",))[1] == "[PHONE_8]"


WORDS = st.sampled_from(
    [
        *(
            "my",
            "name",
            "is",
            "anna",
            "smith",
            "call",
            "me",
            "at",
            "five",
            "oh",
            "double",
            "seven",
            "dot",
            "com",
        ),
        *(
            "example",
            "the",
            "a",
            "b",
            "c",
            "two",
            "hundred",
            "street",
            "password",
            "was",
            "born",
            "on",
            "march",
        ),
        *("nineteen", "-", ",", ".", "'", "@", "12", "4242424242424242", "é", "İ"),
    ]
)


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_a_redacted_text_filled_again_is_the_text_that_was_said(said: str) -> None:
    redacted = REDACTOR.redact(said)
    kept, end = "", 0
    for span in redacted.spans:
        assert end <= span.start < span.end
        kept += said[end : span.start] + span.mask
        end = span.end
    assert redacted.text == kept + said[end:]
    if len(redacted.masks.given) == len(redacted.spans):  # nothing was said twice in two ways
        assert restore(redacted.text, redacted.masks) == said


@given(st.text(max_size=200))
def test_no_text_breaks_it(said: str) -> None:
    assert REDACTOR.redact(said).text is not None
