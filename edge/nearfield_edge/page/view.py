"""From the turn engine's events and commands to what a page shows: ``follow(view, it) -> (view, messages)``.

Reports of work that nobody waits for any more are told to watchers as well; here they are dropped by turn and
revision, as the engine drops them. It is not the place where anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nearfield_edge.page.messages import (
    AnswerGiven,
    Heard,
    Hello,
    Message,
    Microphone,
    MuteShown,
    RouteTaken,
    Showing,
    StateChanged,
    TakenBack,
    UnderstoodAs,
)
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev

Step = tuple["View", tuple[Message, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page shows of the device."""

    showing: Showing = Showing.IDLE
    muted: bool = False
    turn_id: str | None = None
    """Of the open turn, which may still be there while nothing is said any more."""
    opened_by: str | None = None
    revision: int = 0
    reply: str = ""
    """What is being said, as far as it is known."""


def follow(view: View, happened: do.Command | ev.Event, at_ms: int) -> Step:
    """Take what happened; give what the page shows now, and what it is told.

    Args:
        view: Before.
        happened: As watchers of the agent see it, in order.
        at_ms: The device's own time.
    """
    match happened:
        case ev.HopHeard():
            return view, ()
        case ev.MuteChanged(muted=muted):
            return replace(view, muted=muted), (MuteShown(muted=muted),)
        case do.OpenTurn():
            opened = replace(view, turn_id=happened.turn_id, opened_by=happened.opened_by, revision=0)
            typed = happened.opened_by in ("text", "later")
            return _show(opened, Showing.THINKING if typed else Showing.LISTENING, at_ms)
        case (
            ev.WakeDetected()
            | ev.TalkPressed()
            | ev.TalkReleased()
            | ev.TextGiven()
            | ev.StopAsked()
            | ev.AnswerDue()
        ):
            return view, ()
    if happened.turn_id != view.turn_id:
        return view, ()
    taken = _follow_command(view, happened, at_ms)
    return _follow_report(view, happened, at_ms) if taken is None else taken


def hello(view: View, microphone: Microphone, at_ms: int) -> Hello:
    """How things stand."""
    return Hello(
        state=view.showing,
        muted=view.muted,
        microphone=microphone,
        turn_id=None if view.showing is Showing.IDLE else view.turn_id,
        at_ms=at_ms,
    )


def _follow_command(view: View, happened: do.Command | ev.WorkEvent, at_ms: int) -> Step | None:
    match happened:
        case do.ReopenTurn(turn_id=turn_id, revision=revision):
            view, told = _show(replace(view, revision=revision), Showing.LISTENING, at_ms)
            return view, (TakenBack(turn_id=turn_id, revision=revision), *told)
        case do.DropGuess(turn_id=turn_id, revision=revision):
            return replace(view, revision=revision), (TakenBack(turn_id=turn_id, revision=revision),)
        case do.Recognise():
            return _show(view, Showing.THINKING, at_ms)
        case do.Understand(transcript=transcript) if transcript.typed:
            return view, (_heard(view, happened.turn_id, transcript.text, final=True),)
        case do.Apologise(revision=revision):
            return replace(view, revision=revision), ()
        case do.Speak() | do.SpeakOn():
            return _follow_reply(view, happened)
        case do.HoldSpeech():
            return _show(view, Showing.LISTENING, at_ms)
        case do.ResumeSpeech():
            return _show(view, Showing.SPEAKING, at_ms)
        case do.CloseTurn():
            view, told = _show(view, Showing.IDLE, at_ms)
            return replace(view, turn_id=None, opened_by=None, reply=""), told
    return None


def _follow_reply(view: View, command: do.Speak | do.SpeakOn) -> Step:
    if isinstance(command, do.Speak):
        view = replace(view, reply=" ".join((command.text, *command.more)))
    elif command.text:
        view = replace(view, reply=f"{view.reply} {command.text}")
    else:
        return view, ()
    return view, (AnswerGiven(turn_id=command.turn_id, text=view.reply),)


def _follow_report(view: View, happened: do.Command | ev.WorkEvent, at_ms: int) -> Step:
    if getattr(happened, "revision", None) != view.revision:
        return view, ()
    match happened:
        case ev.PartialRecognised() | ev.Guessed() if view.showing is Showing.LISTENING:
            return view, (_heard(view, happened.turn_id, happened.transcript.text, final=False),)
        case ev.Recognised() if view.showing is Showing.THINKING:
            return view, (_heard(view, happened.turn_id, happened.transcript.text, final=True),)
        case ev.Understood(turn_id=turn_id, understanding=understanding):
            return view, (UnderstoodAs(turn_id=turn_id, understanding=understanding),)
        case ev.RouteChosen(turn_id=turn_id, decision=decision):
            return view, (RouteTaken(turn_id=turn_id, decision=decision),)
        case ev.SpeechBegan():
            return _show(view, Showing.SPEAKING, at_ms)
        case ev.SpeechEnded():
            return _show(view, Showing.IDLE, at_ms)
    return view, ()


def _heard(view: View, turn_id: str, text: str, *, final: bool) -> Heard:
    return Heard(turn_id=turn_id, revision=view.revision, text=text, final=final)


def _show(view: View, showing: Showing, at_ms: int) -> Step:
    """Show something else; nothing is told where that is what is shown."""
    if showing is view.showing:
        return view, ()
    view = replace(view, showing=showing)
    idle = showing is Showing.IDLE
    return view, (
        StateChanged(
            state=showing,
            turn_id=None if idle else view.turn_id,
            opened_by=None if idle else view.opened_by,
            asks=showing is Showing.LISTENING and view.opened_by == "follow_up",
            at_ms=at_ms,
        ),
    )
