"""A session as a pure reducer: what is asked and reported, in any order, leaves it whole."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nearfield_cloud.orchestrator.answer import Finished, Planned, SentenceReady
from nearfield_cloud.orchestrator.question import Exchange
from nearfield_cloud.realtime.session import commands, reports
from nearfield_cloud.realtime.session.reducer import reduce
from nearfield_cloud.realtime.session.state import Entry, SessionLimits, SessionState
from nearfield_sync.messages.realtime import client
from nearfield_sync.messages.realtime.items import Message, assistant_text, user_text
from nearfield_sync.messages.realtime.nearfield import ServerEvent
from nearfield_sync.messages.realtime.session import EXTRAS, Nearfield, RealtimeSession

SOUND = np.zeros(16_000, np.float32)
DONE = Finished(outcome="answered", reason="grounded")


def state_of(*modalities: str, on_track: bool = False, **fields: Any) -> SessionState:
    chosen: Any = modalities or ("text",)
    session = RealtimeSession(
        id="sess_abc", output_modalities=chosen, nearfield=Nearfield(events=EXTRAS), **fields
    )
    return SessionState(session=session, on_track=on_track)


class Followed:
    """Reduces one event after another and keeps what came out."""

    def __init__(self, state: SessionState) -> None:
        self.state = state
        self.told: list[ServerEvent] = []
        self.wanted: list[commands.Command] = []

    def take(self, *events: Any) -> Followed:
        for event in events:
            self.state, wanted = reduce(self.state, event)
            self.told += [one.event for one in wanted if isinstance(one, commands.Tell)]
            self.wanted += [one for one in wanted if not isinstance(one, commands.Tell)]
        return self

    def kinds(self) -> list[str]:
        return [event.type for event in self.told]

    def codes(self) -> list[Any]:
        return [event.error.code for event in self.told if event.type == "error"]

    def of(self, kind: Any) -> list[Any]:
        return [one for one in self.wanted if isinstance(one, kind)]


def asked(text: str = "How many?", item_id: str = "q1") -> client.ItemCreate:
    return client.ItemCreate(item=user_text(text, item_id=item_id))


def sentence(response_id: str, text: str) -> reports.Answered:
    return reports.Answered(response_id=response_id, event=SentenceReady(text=text))


def test_the_question_is_all_that_was_said_since_the_last_answer() -> None:
    followed = Followed(state_of(instructions="Be brief.")).take(
        asked("What is it?", "q1"),
        client.ItemCreate(item=assistant_text("A grinder.", item_id="a1")),
        client.ItemCreate(item=Message(role="system", content=user_text("In the shop.").content)),
        asked("How much", "q2"),
        asked("is that?", "q3"),
        client.ResponseCreate(),
    )
    (ask,) = followed.of(commands.StartAnswer)
    assert ask.text == "How much is that?"
    assert ask.conversation == (Exchange(question="What is it?", answer="A grinder."),)
    assert ask.instructions == "Be brief.\nIn the shop."


def test_a_response_that_waits_for_what_was_said_begins_once_it_is_recognised() -> None:
    followed = Followed(state_of()).take(client.AudioCommit(), client.ResponseCreate())
    (commit,) = followed.of(commands.CommitSound)
    followed.take(reports.SoundCommitted(item_id=commit.item_id, sound=SOUND))
    assert not followed.of(commands.StartAnswer)
    (transcribe,) = followed.of(commands.Transcribe)
    followed.take(reports.Transcribed(item_id=transcribe.item_id, text="How many?", seconds=1.0))
    assert [ask.text for ask in followed.of(commands.StartAnswer)] == ["How many?"]


def test_a_client_that_ends_an_input_of_nothing_is_told_so_and_its_response_is_not_awaited() -> None:
    followed = Followed(state_of()).take(client.AudioCommit(event_id="mine"), client.ResponseCreate())
    (commit,) = followed.of(commands.CommitSound)
    followed.take(
        reports.NotCommitted(item_id=commit.item_id, code="empty", message="nothing", event_id="mine")
    )
    assert followed.codes() == ["empty", "nothing_to_answer"]
    assert (followed.state.owed, followed.state.unheard) == (None, frozenset())


def test_silence_that_was_taken_for_speech_is_not_answered() -> None:
    followed = Followed(state_of()).take(
        reports.SpeechBegan(at_ms=0), reports.SpeechEnded(at_ms=400, sound=SOUND)
    )
    (transcribe,) = followed.of(commands.Transcribe)
    followed.take(reports.Transcribed(item_id=transcribe.item_id, text="", seconds=0.4))
    assert "response.created" not in followed.kinds()
    assert followed.state.owed is None


def test_whoever_speaks_over_an_answer_interrupts_it_and_only_what_was_heard_stays() -> None:
    followed = Followed(state_of("audio", on_track=True)).take(asked(), client.ResponseCreate())
    response_id = followed.of(commands.StartAnswer)[0].response_id
    followed.take(
        sentence(response_id, "Up to three."),
        sentence(response_id, "Each of them holds two litres."),
        reports.SentenceSpoken(response_id=response_id, index=0, duration_ms=1_000),
        reports.PlaybackBegan(response_id=response_id),
        reports.SentenceSpoken(response_id=response_id, index=1, duration_ms=2_000),
        reports.SpeechBegan(at_ms=5_000),
    )
    assert followed.of(commands.StopSpeaking)
    assert followed.of(commands.CancelAnswer)
    done = next(event for event in followed.told if event.type == "response.done")
    assert done.response.status_details is not None
    assert done.response.status_details.reason == "turn_detected"
    followed.take(reports.PlaybackEnded(response_id=response_id, cut=True, played_ms=2_000))
    assert followed.kinds()[-2:] == ["output_audio_buffer.cleared", "conversation.item.truncated"]
    answer = followed.state.entries[-1].item
    assert isinstance(answer, Message)
    assert answer.words == "Up to three. Each of them"


def test_a_session_that_wants_no_interruptions_gets_none() -> None:
    session = RealtimeSession.model_validate(
        {
            "id": "sess_a",
            "audio": {"input": {"turn_detection": {"type": "server_vad", "interrupt_response": False}}},
        }
    )
    followed = Followed(SessionState(session=session)).take(
        asked(), client.ResponseCreate(), reports.SpeechBegan(at_ms=0)
    )
    assert not followed.of(commands.CancelAnswer)


def test_what_a_cancelled_answer_still_says_is_passed_over() -> None:
    followed = Followed(state_of()).take(asked(), client.ResponseCreate())
    first = followed.of(commands.StartAnswer)[0].response_id
    followed.take(client.ResponseCancel(), client.ResponseCreate())
    before = len(followed.told)
    followed.take(sentence(first, "Late."), reports.Answered(response_id=first, event=DONE))
    assert len(followed.told) == before


def test_one_response_at_a_time() -> None:
    followed = Followed(state_of()).take(
        asked(), client.ResponseCreate(), client.ResponseCreate(event_id="mine")
    )
    assert followed.codes() == ["conversation_already_has_active_response"]


def test_a_response_out_of_the_conversation_leaves_no_item_in_it() -> None:
    request = client.ResponseRequest(conversation="none", input=(user_text("Aside?"),))
    followed = Followed(state_of()).take(client.ResponseCreate(response=request))
    response_id = followed.of(commands.StartAnswer)[0].response_id
    followed.take(sentence(response_id, "Yes."), reports.Answered(response_id=response_id, event=DONE))
    assert followed.kinds()[-1] == "response.done"
    assert followed.state.entries == ()


def test_what_cannot_be_is_refused_by_name_and_with_the_event_s_id() -> None:
    deaf = SessionState(session=RealtimeSession(id="sess_a", output_modalities=("text",)), hears=False)
    tools = RealtimeSession(tools=({"type": "function", "name": "f"},))
    followed = Followed(deaf).take(
        client.AudioAppend(audio="AAAA"),
        client.ResponseCreate(),
        client.ItemDelete(item_id="none"),
        client.ItemRetrieve(item_id="none"),
        client.ItemTruncate(item_id="none", content_index=0, audio_end_ms=1),
        client.ItemCreate(item=user_text("x" * 9_000)),
        client.ItemCreate(item=user_text("x"), previous_item_id="none"),
        client.ResponseCancel(),
        client.SessionUpdate(session=tools),
        client.SessionUpdate(session=RealtimeSession(output_modalities=("audio",)), event_id="mine"),
    )
    assert followed.codes() == [
        "audio_unavailable",
        "nothing_to_answer",
        "item_not_found",
        "item_not_found",
        "item_not_found",
        "text_too_long",
        "item_not_found",
        "response_cancel_not_active",
        "session_tools_unsupported",
        "audio_unavailable",
    ]
    last = followed.told[-1]
    assert last.type == "error"
    assert last.error.event_id == "mine"


def test_a_client_cannot_set_what_the_server_tells() -> None:
    before = state_of()
    stolen = RealtimeSession(id="sess_other", nearfield=Nearfield(events=("route",), resume_secret="guess"))
    followed = Followed(before).take(client.SessionUpdate(session=stolen))
    assert followed.state.id == before.id
    assert followed.state.session.nearfield is not None
    assert followed.state.session.nearfield.resume_secret is None


class AnyOrder(RuleBasedStateMachine):
    """Clients and workers say anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.followed = Followed(state_of("audio", on_track=True))
        self.followed.state = SessionState(
            session=self.followed.state.session, limits=SessionLimits(most_items=4), on_track=True
        )
        self.number = 0

    def _response(self) -> str:
        answer = self.followed.state.answer
        return answer.response_id if answer else "resp_none"

    @rule(text=st.sampled_from(["How many?", "", "And now?"]))
    def ask(self, text: str) -> None:
        self.number += 1
        self.followed.take(asked(text, f"q{self.number}"))

    @rule(conversation=st.sampled_from(["auto", "none"]), modality=st.sampled_from(["text", "audio"]))
    def respond(self, conversation: Any, modality: Any) -> None:
        request = client.ResponseRequest(conversation=conversation, output_modalities=(modality,))
        self.followed.take(client.ResponseCreate(response=request))

    @rule(
        event=st.sampled_from(
            [
                Planned(plan="knowledge", reason="r"),
                SentenceReady(text="Yes it is."),
                DONE,
                Finished(outcome="failed", reason="broke"),
                Finished(outcome="cancelled", reason="closed"),
            ]
        )
    )
    def answered(self, event: Any) -> None:
        self.followed.take(reports.Answered(response_id=self._response(), event=event))

    @rule()
    def spoken(self) -> None:
        self.followed.take(
            reports.SentenceSpoken(response_id=self._response(), index=0, duration_ms=900),
            reports.AllSpoken(response_id=self._response()),
        )

    @rule(cut=st.booleans())
    def played(self, cut: bool) -> None:
        response_id = self._response()
        self.followed.take(
            reports.PlaybackBegan(response_id=response_id),
            reports.PlaybackEnded(response_id=response_id, cut=cut, played_ms=300),
        )

    @rule()
    def voice_fails(self) -> None:
        self.followed.take(reports.NotSpoken(response_id=self._response(), code="engine_failed", message="x"))

    @rule()
    def speak(self) -> None:
        self.followed.take(reports.SpeechBegan(at_ms=1))

    @rule()
    def stop_speaking(self) -> None:
        self.followed.take(reports.SpeechEnded(at_ms=2, sound=SOUND))

    @rule(text=st.sampled_from(["", "hello there"]), fails=st.booleans())
    def recognised(self, text: str, fails: bool) -> None:
        for item_id in sorted(self.followed.state.unheard)[:1]:
            self.followed.take(
                reports.NotTranscribed(item_id=item_id, code="engine_failed", message="x")
                if fails
                else reports.Transcribed(item_id=item_id, text=text, seconds=1.0)
            )

    @rule(event=st.sampled_from([client.ResponseCancel(), client.OutputClear(), client.AudioClear()]))
    def stop(self, event: Any) -> None:
        self.followed.take(event)

    @rule(empty=st.booleans())
    def commit(self, empty: bool) -> None:
        self.followed.take(client.AudioCommit())
        item_id = self.followed.of(commands.CommitSound)[-1].item_id
        self.followed.take(
            reports.NotCommitted(item_id=item_id, code="empty", message="x", event_id=None)
            if empty
            else reports.SoundCommitted(item_id=item_id, sound=SOUND)
        )

    @rule(first=st.booleans(), kind=st.sampled_from([client.ItemDelete, client.ItemRetrieve]))
    def touch(self, first: bool, kind: Any) -> None:
        entries: tuple[Entry, ...] = self.followed.state.entries
        if entries:
            self.followed.take(kind(item_id=entries[0 if first else -1].id))

    @rule()
    def part(self) -> None:
        self.followed.state = self.followed.state.parted()
        self.followed.told.clear()

    @invariant()
    def every_response_ends_at_most_once_and_none_is_forgotten(self) -> None:
        begun = [e.response.id for e in self.followed.told if e.type == "response.created"]
        done = [e.response.id for e in self.followed.told if e.type == "response.done"]
        assert len(set(done)) == len(done)
        answer = self.followed.state.answer
        assert set(begun) - set(done) == ({answer.response_id} & set(begun) if answer else set())

    @invariant()
    def ids_are_given_once_and_the_conversation_stays_small(self) -> None:
        ids = [entry.id for entry in self.followed.state.entries]
        assert len(ids) == len(set(ids))
        waiting = set(ids) & self.followed.state.unheard
        assert len(ids) - len(waiting) <= 4 + (self.followed.state.answer is not None)

    @invariant()
    def nothing_waits_for_what_is_recognised(self) -> None:
        if not self.followed.state.unheard:
            assert self.followed.state.owed is None


AnyOrder.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow], deadline=None
)
TestAnyOrder = AnyOrder.TestCase
