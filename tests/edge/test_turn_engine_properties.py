"""The turn engine under any order of events: every turn ends, none hangs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, AnswerPart, Transcript
from nearfield_edge.turn.endpoint import EndpointSettings, Sentence
from nearfield_edge.turn.reducer import reduce
from nearfield_edge.turn.state import Mode, State, Turn, TurnSettings
from nearfield_models.pcm import HOP_SAMPLES
from nearfield_sync.messages.turn_record import RouteDecision, Understanding

SHORT = TurnSettings(
    endpoint=EndpointSettings(
        end_silence_ms=50,
        steps=((1.0, 40), (0.0, 80)),
        longest_silence_ms=120,
        no_speech_ms=200,
        longest_turn_ms=400,
    ),
    post_roll_ms=20,
    judge_at_ms=(30, 60),
    most_guesses=3,
    reopen_ms=120,
    follow_up_ms=200,
    think_ms=200,
    longest_reply_ms=300,
    partial_every_ms=40,
    tail_ms=20,
    wake_pause_ms=20,
    overlap_ms=30,
    interrupt_ms=90,
    resume_ms=30,
    hold_ms=60,
)
UNDERSTANDING = Understanding(intent="i", skill="s", confidence=1.0, source="grammar")
DECISION = RouteDecision(route="skill", reason="r", confidence=1.0, policy_version="1")

Action = tuple[str, int, bool]
INPUTS = ("hop", "wake", "press", "release", "text", "mute", "stop", "answered_text")
REPORTS = (
    "partial",
    "guessed",
    "judged",
    "recognised",
    "empty",
    "understood",
    "route",
    "answered",
    "silent_answer",
    "due",
    "growing_answer",
    "went_on",
)
PLAYBACK = ("began", "ended", "failed", "stale")
NAMES = (*INPUTS, *REPORTS, *PLAYBACK)
ACTIONS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(min_value=1, max_value=20), st.booleans()), max_size=80
)


def _silent_since(turn: Turn | None) -> int:
    if turn is None:
        return 0
    return turn.overlap.heard if turn.overlap is not None else turn.speech_end or 0


class Machine:
    """The reducer with everything it ever commanded."""

    def __init__(self, mode: Mode, half_duplex: bool) -> None:
        self.state = State(settings=replace(SHORT, mode=mode, half_duplex=half_duplex), session="s")
        self.at = 0
        self.commands: list[do.Command] = []

    def tell(self, event: ev.Event) -> None:
        self.state, commands = reduce(self.state, event)
        self.commands.extend(commands)

    def hops(self, count: int, speech: bool) -> None:
        for _ in range(count):
            self.at += HOP_SAMPLES
            self.tell(ev.HopHeard(at=self.at, speech=speech))

    def perform(self, action: Action) -> None:
        name, number, flag = action
        at = self.at
        turn = self.state.turn
        work = {
            "turn_id": turn.turn_id if turn and name != "stale" else "s-00000",
            "revision": turn.revision if turn else 0,
        }
        answer = Answer(text="words", source="s", asks=flag, effects=("k",) if number % 2 else ())
        events: dict[str, ev.Event] = {
            "wake": ev.WakeDetected(at=at, phrase="p", score=1.0),
            "press": ev.TalkPressed(at=at, held=flag),
            "release": ev.TalkReleased(at=at),
            "text": ev.TextGiven(at=at, text="words"),
            "mute": ev.MuteChanged(at=at, muted=flag),
            "stop": ev.StopAsked(at=at),
            "due": ev.AnswerDue(at=at, answer=answer),
            "partial": ev.PartialRecognised(**work, transcript=Transcript(text="w")),  # type: ignore[arg-type]
            "guessed": ev.Guessed(
                **work,  # type: ignore[arg-type]
                speech_end=_silent_since(turn),
                transcript=Transcript(text="stop" if number == 7 else "words" if flag else "other words"),
                sentence=list(Sentence)[number % len(Sentence)],
            ),
            "judged": ev.TurnJudged(
                **work,  # type: ignore[arg-type]
                speech_end=_silent_since(turn),
                completeness=number / 20,
            ),
            "recognised": ev.Recognised(**work, transcript=Transcript(text="words")),  # type: ignore[arg-type]
            "empty": ev.Recognised(**work, transcript=Transcript(text="")),  # type: ignore[arg-type]
            "understood": ev.Understood(**work, understanding=UNDERSTANDING),  # type: ignore[arg-type]
            "route": ev.RouteChosen(**work, understanding=UNDERSTANDING, decision=DECISION),  # type: ignore[arg-type]
            "answered": ev.Answered(**work, answer=answer),  # type: ignore[arg-type]
            "silent_answer": ev.Answered(**work, answer=replace(answer, text="")),  # type: ignore[arg-type]
            "growing_answer": ev.Answered(**work, answer=replace(answer, goes_on=True)),  # type: ignore[arg-type]
            "went_on": ev.AnswerWentOn(
                **work,  # type: ignore[arg-type]
                part=AnswerPart(text="more" if number % 3 else "", last=number % 2 == 0, asks=flag),
            ),
            "began": ev.SpeechBegan(**work),  # type: ignore[arg-type]
            "ended": ev.SpeechEnded(**work, heard_ms=10),  # type: ignore[arg-type]
            "failed": ev.WorkFailed(**work, stage="RecognisePartial" if flag else "Act", code="c"),  # type: ignore[arg-type]
            "stale": ev.Answered(**work, answer=answer),  # type: ignore[arg-type]
        }
        if name == "hop":
            self.hops(number, flag)
        elif name == "answered_text":
            self.perform(("text", number, flag))
            self.perform(("answered", number, flag))
        else:
            self.tell(events[name])


def played(mode: Mode, half_duplex: bool, actions: list[Action], tail_speech: bool) -> Machine:
    machine = Machine(mode, half_duplex)
    for action in actions:
        machine.perform(action)
    if tail_speech:
        machine.hops(60, True)
    machine.hops(200, False)
    return machine


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Mode), st.booleans(), ACTIONS, st.booleans())
def test_every_turn_ends_once_and_silence_brings_the_device_to_rest(
    mode: Mode, half_duplex: bool, actions: list[Action], tail_speech: bool
) -> None:
    machine = played(mode, half_duplex, actions, tail_speech)
    assert machine.state.turn is None
    opened = [command.turn_id for command in machine.commands if isinstance(command, do.OpenTurn)]
    closed = [command.turn_id for command in machine.commands if isinstance(command, do.CloseTurn)]
    assert opened == closed
    assert len(set(opened)) == len(opened)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Mode), st.booleans(), ACTIONS)
def test_nothing_is_commanded_for_a_turn_after_its_end(
    mode: Mode, half_duplex: bool, actions: list[Action]
) -> None:
    ended: set[str] = set()
    for command in played(mode, half_duplex, actions, False).commands:
        assert command.turn_id not in ended
        if isinstance(command, do.CloseTurn):
            ended.add(command.turn_id)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Mode), st.booleans(), ACTIONS)
def test_effects_are_committed_at_most_once_and_never_dropped_afterwards(
    mode: Mode, half_duplex: bool, actions: list[Action]
) -> None:
    committed: Counter[str] = Counter()
    for command in played(mode, half_duplex, actions, False).commands:
        if isinstance(command, do.CommitEffects):
            committed[command.turn_id] += 1
        if isinstance(command, do.DropEffects):
            assert not committed[command.turn_id]
    assert all(count == 1 for count in committed.values())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(Mode), st.booleans(), ACTIONS)
def test_an_answered_turn_that_closes_as_answered_was_committed(
    mode: Mode, half_duplex: bool, actions: list[Action]
) -> None:
    committed: set[str] = set()
    for command in played(mode, half_duplex, actions, False).commands:
        if isinstance(command, do.CommitEffects):
            committed.add(command.turn_id)
        if isinstance(command, do.CloseTurn) and command.outcome == "answered":
            assert command.turn_id in committed


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Mode), ACTIONS)
def test_a_reply_that_is_held_goes_on_or_its_turn_ends_or_is_reopened(
    mode: Mode, actions: list[Action]
) -> None:
    machine = played(mode, False, actions, False)
    held: set[str] = set()
    for command in machine.commands:
        if isinstance(command, do.HoldSpeech):
            assert command.turn_id not in held
            held.add(command.turn_id)
        if isinstance(command, do.ResumeSpeech):
            held.remove(command.turn_id)
        if isinstance(command, do.CloseTurn | do.StopSpeaking):
            held.discard(command.turn_id)
    assert not held


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=100, max_value=600))
def test_speech_without_end_ends_turn_after_turn(hops: int) -> None:
    machine = Machine(Mode.OPEN_MIC, False)
    machine.hops(hops, True)
    machine.hops(200, False)
    assert machine.state.turn is None
    assert any(isinstance(command, do.CloseTurn) for command in machine.commands)
