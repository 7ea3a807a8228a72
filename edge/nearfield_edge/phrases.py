"""What the device says when no skill speaks: fixed, short, and honest about what happened."""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn.content import Answer

NOT_UNDERSTOOD = "Sorry, I did not understand that."
NOT_SURE = "I am not sure what you meant. Could you say it again?"
SAY_AGAIN = "Sorry. Please say it again."
FORGOTTEN = "That was a while ago, and I have forgotten what we spoke of. Please say it in full."

NO_LINK = "I do not know that by myself, and I cannot reach anybody to ask at the moment."
NO_ANSWER = "I do not know that by myself, and I did not get an answer."
SHALL_I_ASK = "Shall I find out later?"
WILL_ASK = "I will find out as soon as I can."
YOUR_QUESTION = "Here is the answer to your question."
CANNOT_KEEP = "I cannot remember any more questions."
ALL_RIGHT = "All right."
NOTHING_DONE = "It is too late for that. Nothing was done."
CUT_OFF = "I have lost the connection, so that is all I can say."

_FAULTS = {
    "too_slow": "Sorry, that took too long. Please try again.",
    "record_failed": "Sorry, I cannot take that now, because I cannot store it. Please ask somebody here.",
    "permission_refused": "Sorry, I am not allowed to do that.",
    "egress_refused": "Sorry, this device may not connect to anything from here.",
}
_ANY_FAULT = "Sorry, something went wrong. Please try again."


def fixed_phrases() -> tuple[str, ...]:
    """All that is said in the same words every time."""
    own = (NOT_UNDERSTOOD, NOT_SURE, SAY_AGAIN, FORGOTTEN, ALL_RIGHT)
    cloud = (NO_LINK, NO_ANSWER, SHALL_I_ASK, WILL_ASK, YOUR_QUESTION, CANNOT_KEEP, NOTHING_DONE, CUT_OFF)
    return (*own, *cloud, *_FAULTS.values(), _ANY_FAULT)


def you_asked(question: str) -> str:
    """Introduces an answer that comes later."""
    return f"You asked: {question.rstrip(' ?.')}?"


def did_you_say(one: str, other: str) -> str:
    """Asks for a choice between the words of two values."""
    return f"Did you say {one} or {other}?"


def did_you_mean(sentence: str) -> str:
    """Asks whether a whole sentence was meant."""
    return f"Did you mean: {sentence}?"


def without_cloud(alone: Answer, outcome: str) -> Answer:
    """What is said where the cloud was asked in vain.

    Args:
        alone: What the device says by itself; it stands where it is more than that nothing was understood.
        outcome: Code of what became of the question.
    """
    if alone.source != "phrase:not_understood":
        return replace(alone, fault=outcome)
    text = NO_LINK if outcome == "link_lost" else NO_ANSWER
    return Answer(text=text, source=f"phrase:{outcome}", fault=outcome)


def apology(fault: str) -> Answer:
    """What is said after a failure; ``fault`` is an error's code."""
    return Answer(text=_FAULTS.get(fault, _ANY_FAULT), source=f"phrase:{fault}")
