"""What the device says when no skill speaks: fixed, short, and honest about what happened."""

from __future__ import annotations

from nearfield_edge.turn.content import Answer

NOT_UNDERSTOOD = "Sorry, I did not understand that."
NOT_SURE = "I am not sure what you meant. Could you say it again?"
SAY_AGAIN = "Sorry. Please say it again."
FORGOTTEN = "That was a while ago, and I have forgotten what we spoke of. Please say it in full."

_FAULTS = {
    "too_slow": "Sorry, that took too long. Please try again.",
    "record_failed": "Sorry, I cannot take that now, because I cannot store it. Please ask somebody here.",
    "permission_refused": "Sorry, I am not allowed to do that.",
    "egress_refused": "Sorry, this device may not connect to anything from here.",
}
_ANY_FAULT = "Sorry, something went wrong. Please try again."


def fixed_phrases() -> tuple[str, ...]:
    """All that is said in the same words every time."""
    return (NOT_UNDERSTOOD, NOT_SURE, SAY_AGAIN, FORGOTTEN, *_FAULTS.values(), _ANY_FAULT)


def did_you_say(one: str, other: str) -> str:
    """Asks for a choice between the words of two values."""
    return f"Did you say {one} or {other}?"


def did_you_mean(sentence: str) -> str:
    """Asks whether a whole sentence was meant."""
    return f"Did you mean: {sentence}?"


def apology(fault: str) -> Answer:
    """What is said after a failure; ``fault`` is an error's code."""
    return Answer(text=_FAULTS.get(fault, _ANY_FAULT), source=f"phrase:{fault}")
