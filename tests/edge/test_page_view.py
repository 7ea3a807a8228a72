"""What pages are told of the turn engine's events and commands: the pure part, and with whole turns."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.page.messages import Hello, Message, Showing, StateChanged, TakenBack
from nearfield_edge.page.view import View, follow, hello
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_sync.messages.turn_record import RouteDecision, Understanding
from tests.edge.devices import staged
from tests.fakes.asr import ScriptedAsr

TURN = "session-00001"
UNDERSTANDING = Understanding(intent="orderDrink", skill="coffee")
DECISION = RouteDecision(route="skill", reason="it fits", confidence=1.0, policy_version="1")


def told(*happened: do.Command | ev.Event, view: View | None = None) -> list[Message]:
    return shown(*happened, view=view)[1]


def shown(*happened: do.Command | ev.Event, view: View | None = None) -> tuple[View, list[Message]]:
    view = view or View()
    messages: list[Message] = []
    for at_ms, each in enumerate(happened):
        view, more = follow(view, each, at_ms)
        messages.extend(more)
    return view, messages


def opened(by: str = "wake") -> do.OpenTurn:
    return do.OpenTurn(turn_id=TURN, opened_by=by, at=0)


def recognise(revision: int = 0) -> do.Recognise:
    return do.Recognise(
        turn_id=TURN,
        revision=revision,
        first_sample=0,
        end_sample=1,
        heard_until=1,
        speech_end=1,
        reason="silence",
        wake_phrase=None,
    )


def partial(text: str, revision: int = 0, turn_id: str = TURN) -> ev.PartialRecognised:
    return ev.PartialRecognised(turn_id=turn_id, revision=revision, transcript=Transcript(text=text))


def recognised(text: str, revision: int = 0) -> ev.Recognised:
    return ev.Recognised(turn_id=TURN, revision=revision, transcript=Transcript(text=text))


def kinds(messages: list[Message]) -> list[str]:
    return [message.type for message in messages]


def states(messages: list[Message]) -> list[str]:
    return [message.state.value for message in messages if isinstance(message, StateChanged)]


def test_a_spoken_turn_is_told_stage_by_stage() -> None:
    view, messages = shown(
        opened(),
        partial("a large"),
        recognise(),
        recognised("a large latte"),
        ev.Understood(turn_id=TURN, revision=0, understanding=UNDERSTANDING),
        ev.RouteChosen(turn_id=TURN, revision=0, understanding=UNDERSTANDING, decision=DECISION),
        ev.Answered(turn_id=TURN, revision=0, answer=Answer(text="Yes.", source="skill:coffee")),
        do.Speak(turn_id=TURN, revision=0, text="Yes."),
        ev.SpeechBegan(turn_id=TURN, revision=0),
        ev.SpeechEnded(turn_id=TURN, revision=0, heard_ms=300),
        do.CommitEffects(turn_id=TURN),
        do.CloseTurn(turn_id=TURN, outcome="answered"),
    )
    assert kinds(messages) == [
        "state", "heard", "state", "heard", "understood", "route", "answer", "state", "state",
    ]  # fmt: skip
    assert states(messages) == ["listening", "thinking", "speaking", "idle"]
    assert view == View()


def test_an_answer_that_was_only_computed_ahead_is_not_told() -> None:
    answered = ev.Answered(turn_id=TURN, revision=0, answer=Answer(text="Yes.", source="skill:coffee"))
    prepared = do.PrepareSpeech(turn_id=TURN, revision=0, text="Yes.")
    assert kinds(told(opened(), answered, prepared)) == ["state"]


def test_what_is_reported_for_a_dropped_guess_or_another_turn_is_not_told() -> None:
    dropped = do.DropGuess(turn_id=TURN, revision=1)
    other = do.Speak(turn_id="session-00000", revision=1, text="other")
    late = (partial("old"), partial("other", 1, "session-00000"), other, recognised("old"))
    messages = told(opened(), dropped, *late, partial("new", revision=1))
    assert kinds(messages) == ["state", "taken_back", "heard"]


def test_a_partial_that_comes_after_the_end_of_the_turn_is_not_told() -> None:
    assert kinds(told(opened(), recognise(), partial("late"))) == ["state", "state"]


def test_a_guess_in_a_silence_is_told_as_what_was_heard_so_far() -> None:
    guess = ev.Guessed(
        turn_id=TURN,
        revision=0,
        speech_end=1,
        transcript=Transcript(text="a latte"),
        sentence=Sentence.WHOLE,
    )
    assert kinds(told(opened(), guess)) == ["state", "heard"]


def test_whoever_speaks_on_takes_back_what_was_shown() -> None:
    speaking = (opened(), recognise(), ev.SpeechBegan(turn_id=TURN, revision=0))
    messages = told(*speaking, do.ReopenTurn(turn_id=TURN, revision=1, at=9), recognise(1))
    assert messages[3] == TakenBack(turn_id=TURN, revision=1)
    assert states(messages) == ["listening", "thinking", "speaking", "listening", "thinking"]


def test_a_question_says_that_its_answer_is_waited_for() -> None:
    messages = told(opened("follow_up"))
    assert isinstance(messages[0], StateChanged)
    assert (messages[0].asks, messages[0].opened_by) == (True, "follow_up")


def test_after_an_apology_reports_of_its_revision_count() -> None:
    sorry = do.Apologise(turn_id=TURN, revision=1, fault="too_slow")
    view, messages = shown(opened(), recognise(), sorry, ev.SpeechBegan(turn_id=TURN, revision=1))
    assert view.showing is Showing.SPEAKING
    assert states(messages)[-1] == "speaking"


def test_a_hop_of_sound_changes_and_tells_nothing() -> None:
    view = View(showing=Showing.LISTENING, turn_id=TURN)
    after, messages = follow(view, ev.HopHeard(at=1, speech=True), 0)
    assert after is view
    assert messages == ()


def test_hello_says_how_things_stand() -> None:
    view, _ = shown(opened(), ev.MuteChanged(at=0, muted=True))
    assert hello(view, "page", 7) == Hello(
        state=Showing.LISTENING, muted=True, microphone="page", turn_id=TURN, at_ms=7
    )


HAPPENING = st.one_of(
    st.sampled_from(["wake", "text", "follow_up"]).map(opened),
    st.integers(0, 2).map(recognise),
    st.integers(0, 2).map(lambda revision: partial("x", revision)),
    st.integers(0, 2).map(lambda revision: recognised("x", revision)),
    st.integers(0, 2).map(lambda revision: do.ReopenTurn(turn_id=TURN, revision=revision, at=0)),
    st.integers(0, 2).map(lambda revision: do.Speak(turn_id=TURN, revision=revision, text="x")),
    st.integers(0, 2).map(lambda revision: ev.SpeechBegan(turn_id=TURN, revision=revision)),
    st.integers(0, 2).map(lambda revision: ev.SpeechEnded(turn_id=TURN, revision=revision, heard_ms=1)),
    st.booleans().map(lambda muted: ev.MuteChanged(at=0, muted=muted)),
    st.just(do.CloseTurn(turn_id=TURN, outcome="answered")),
)


@given(st.lists(HAPPENING, max_size=30))
def test_in_any_order_the_last_state_that_was_told_is_the_one_that_hello_says(
    happened: list[do.Command | ev.Event],
) -> None:
    view, messages = shown(*happened)
    last = next((m for m in reversed(messages) if isinstance(m, StateChanged)), None)
    now = hello(view, "device", 0)
    assert now.state is (Showing.IDLE if last is None else last.state)
    assert now.turn_id == (None if last is None else last.turn_id)
    changes = [m.state for m in messages if isinstance(m, StateChanged)]
    assert all(one is not next_one for one, next_one in pairwise(changes))


async def test_a_whole_spoken_turn_of_the_agent_shows_each_state_once(tmp_path: Path) -> None:
    seen: list[Message] = []
    view = View()

    def watch(happened: do.Command | ev.Event) -> None:
        nonlocal view
        view, messages = follow(view, happened, 0)
        seen.extend(messages)

    async with staged(tmp_path, asr=ScriptedAsr(["a large latte please"] * 9), watcher=watch) as stage:
        await stage.hear((300, False), (900, True), (3_000, False))
    assert states(seen) == ["listening", "thinking", "speaking", "idle"]
    assert kinds(seen).count("answer") == 1


def test_a_reply_that_is_held_for_somebody_who_speaks_is_shown_as_listening() -> None:
    began = ev.SpeechBegan(turn_id=TURN, revision=0)
    held, resumed = do.HoldSpeech(turn_id=TURN), do.ResumeSpeech(turn_id=TURN)
    states = [
        message.state for message in told(opened(), began, held, resumed) if isinstance(message, StateChanged)
    ]
    assert states == [Showing.LISTENING, Showing.SPEAKING, Showing.LISTENING, Showing.SPEAKING]
