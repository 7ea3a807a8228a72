"""``reduce(state, event) -> (state, commands)``: all that a session decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nearfield_cloud.realtime.session import answering, conversation, listening, reports
from nearfield_cloud.realtime.session.commands import (
    ClearSound,
    Command,
    CommitSound,
    Confirm,
    Hear,
    Listen,
    StopSpeaking,
    TakeSound,
)
from nearfield_cloud.realtime.session.draft import Draft
from nearfield_cloud.realtime.session.state import SessionState
from nearfield_sync.messages.realtime import client, server
from nearfield_sync.messages.realtime.client import ClientEvent
from nearfield_sync.messages.realtime.session import RealtimeSession, updated


def reduce(
    state: SessionState, event: ClientEvent | reports.Report
) -> tuple[SessionState, tuple[Command, ...]]:
    """Take what a client or a worker says; late and foreign reports change nothing."""
    draft = Draft(state)
    _STEPS[type(event)](draft, event)
    return draft.state, tuple(draft.commands)


def opened(state: SessionState) -> tuple[SessionState, tuple[Command, ...]]:
    """Greet the client."""
    draft = Draft(state)
    draft.tell(server.SessionCreated(session=state.session))
    draft.do(Listen(session=state.session))
    return draft.state, tuple(draft.commands)


def refusal(state: SessionState, session: RealtimeSession) -> tuple[str, str, str] | None:
    """Code, sentence and place of what these settings ask in vain."""
    if session.tools:
        return "session_tools_unsupported", "tools are configured in the cloud, not by a session", "tools"
    if session.speaks and not state.hears:
        return "audio_unavailable", "this server has no voice: ask for text", "output_modalities"
    return None


def _update(draft: Draft, event: client.SessionUpdate) -> None:
    before = draft.state.session
    session = updated(before, event.session).model_copy(
        update={"id": before.id, "object": before.object, "expires_at": before.expires_at}
    )
    if session.nearfield is not None:
        told = before.nearfield
        ours = {
            "resume": None,
            "resume_secret": told.resume_secret if told else None,
            "resumed": told.resumed if told else None,
        }
        session = session.model_copy(update={"nearfield": session.nearfield.model_copy(update=ours)})
    fault = refusal(draft.state, session)
    if fault is not None:
        code, message, place = fault
        draft.refuse(code, message, event_id=event.event_id, param=f"session.{place}")
        return
    draft.change(session=session)
    draft.do(Listen(session=session))
    draft.tell(server.SessionUpdated(session=session))


def _append(draft: Draft, event: client.AudioAppend) -> None:
    if not draft.state.hears:
        draft.refuse("audio_unavailable", "this server does not hear: send text", event_id=event.event_id)
        return
    draft.do(TakeSound(audio=event.audio, event_id=event.event_id))


def _commit(draft: Draft, event: client.AudioCommit) -> None:
    if not draft.state.hears:
        draft.refuse("audio_unavailable", "this server does not hear: send text", event_id=event.event_id)
        return
    item_id = draft.state.speech_item or draft.new_id("item")
    # a response that is asked for next waits for what is in the buffer now
    draft.change(speech_item=None, unheard=draft.state.unheard | {item_id})
    draft.do(CommitSound(item_id=item_id, event_id=event.event_id))


def _clear(draft: Draft, event: client.AudioClear) -> None:
    draft.do(ClearSound())
    draft.change(speech_item=None)
    draft.tell(server.AudioCleared())


def _delete(draft: Draft, event: client.ItemDelete) -> None:
    conversation.delete(draft, event)
    owed = draft.state.owed
    if owed is not None and owed.item_id == event.item_id:  # what was to be answered is gone
        draft.change(owed=None)
    listening.answer_what_waited(draft)


def _cancel(draft: Draft, event: client.ResponseCancel) -> None:
    answer = draft.state.answer
    named = event.response_id
    if answer is None or (named is not None and named != answer.response_id):
        draft.refuse("response_cancel_not_active", "no such response is under way", event_id=event.event_id)
        return
    answering.cancel(draft, "client_cancelled")


def _silence(draft: Draft, event: client.OutputClear) -> None:
    playing = draft.state.playing
    if not answering.cancel(draft, "client_cancelled") and playing is not None:
        draft.do(StopSpeaking(response_id=playing))


def _unfinished(draft: Draft, event: client.UnfinishedQuestion) -> None:
    if event.text:
        draft.do(Hear(text=event.text, conversation=conversation.exchanges_so_far(draft.state)))


def _confirm(draft: Draft, event: client.Confirm) -> None:
    draft.do(Confirm(call_id=event.call_id, agreed=event.agreed, event_id=event.event_id))


def _playback_began(draft: Draft, report: reports.PlaybackBegan) -> None:
    draft.change(playing=report.response_id)
    draft.tell(server.OutputStarted(response_id=report.response_id))


def _failed(draft: Draft, report: reports.Failed) -> None:
    fault = server.Fault(
        type="invalid_request_error" if report.theirs else "server_error",
        code=report.code,
        message=report.message,
        event_id=report.event_id,
    )
    draft.tell(server.ErrorTold(error=fault))


_STEPS: Final[dict[type, Callable[[Draft, Any], None]]] = {
    client.SessionUpdate: _update,
    client.AudioAppend: _append,
    client.AudioCommit: _commit,
    client.AudioClear: _clear,
    client.ItemCreate: conversation.create,
    client.ItemDelete: _delete,
    client.ItemRetrieve: conversation.retrieve,
    client.ItemTruncate: conversation.truncate,
    client.ResponseCreate: answering.create,
    client.ResponseCancel: _cancel,
    client.OutputClear: _silence,
    client.UnfinishedQuestion: _unfinished,
    client.Confirm: _confirm,
    client.Trace: lambda draft, event: draft.change(trace_parent=event.traceparent),
    client.ClientHeartbeat: lambda draft, event: None,
    reports.SpeechBegan: lambda draft, report: listening.began(draft, report.at_ms),
    reports.SpeechEnded: listening.ended,
    reports.SoundCommitted: listening.committed,
    reports.NotCommitted: listening.not_committed,
    reports.StayedSilent: listening.stayed_silent,
    reports.PartlyHeard: lambda draft, report: listening.partly(draft, report.text),
    reports.Transcribed: listening.transcribed,
    reports.NotTranscribed: listening.not_transcribed,
    reports.Answered: lambda draft, report: answering.go_on(draft, report.response_id, report.event),
    reports.SoundMade: answering.sound_made,
    reports.SentenceSpoken: lambda draft, report: answering.sentence_spoken(
        draft, report.response_id, report.duration_ms
    ),
    reports.AllSpoken: lambda draft, report: answering.all_spoken(draft, report.response_id),
    reports.NotSpoken: lambda draft, report: answering.not_spoken(
        draft, report.response_id, report.code, report.message
    ),
    reports.PlaybackBegan: _playback_began,
    reports.PlaybackEnded: listening.playback_ended,
    reports.Failed: _failed,
}
