"""A response: asked for, streamed sentence by sentence, ended once, in one of four ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from nearfield_cloud.orchestrator.answer import (
    AnswerEvent,
    ConfirmationNeeded,
    Finished,
    Planned,
    SentenceReady,
)
from nearfield_cloud.realtime.session import conversation
from nearfield_cloud.realtime.session.commands import (
    CancelAnswer,
    FinishSpeaking,
    Speak,
    StartAnswer,
    StopSpeaking,
)
from nearfield_cloud.realtime.session.draft import Draft
from nearfield_cloud.realtime.session.reports import SoundMade
from nearfield_cloud.realtime.session.state import Answer, Entry, Owed
from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.client import ResponseCreate, ResponseRequest
from nearfield_sync.messages.realtime.items import Content, Item, Message

_Status = Literal["in_progress", "completed", "cancelled", "failed", "incomplete"]
_LONGEST_TRACE = 64


def create(draft: Draft, event: ResponseCreate) -> None:
    """Answer, as soon as all that was said is recognised."""
    request = event.response or ResponseRequest()
    state = draft.state
    if state.answer is not None:
        draft.refuse(
            "conversation_already_has_active_response",
            f"response {state.answer.response_id} is under way: cancel it first",
            event_id=event.event_id,
        )
    elif request.tools:
        draft.refuse(
            "session_tools_unsupported",
            "tools are configured in the cloud, not by a session",
            event_id=event.event_id,
            param="response.tools",
        )
    elif _speaks(draft, request) and not state.hears:
        draft.refuse("audio_unavailable", "this server has no voice: ask for text", event_id=event.event_id)
    elif state.unheard and request.input is None:
        draft.change(owed=Owed(item_id=None, request=request))
    elif not begin(draft, request):
        draft.refuse("nothing_to_answer", "nothing was asked since the last answer", event_id=event.event_id)


def _speaks(draft: Draft, request: ResponseRequest) -> bool:
    modalities = request.output_modalities or draft.state.session.output_modalities
    return "audio" in modalities


def begin(draft: Draft, request: ResponseRequest) -> bool:
    """Begin a response; False where nothing is asked."""
    state = draft.state
    items: tuple[Item, ...] = request.input or tuple(entry.item for entry in state.entries)
    text = conversation.question_of(items)
    if not text:
        return False
    response_id, item_id = draft.new_id("resp"), draft.new_id("item")
    metadata = request.metadata or {}
    answer = Answer(response_id=response_id, item_id=item_id, request=request, speaks=_speaks(draft, request))
    draft.change(answer=answer, owed=None, trace_parent=None)
    draft.tell(server.ResponseCreated(response=_response(draft, answer, "in_progress")))
    own = request.instructions if request.instructions is not None else state.session.instructions
    extra = conversation.instructions_of(items)
    draft.do(
        StartAnswer(
            response_id=response_id,
            turn_id=str(metadata.get("turn_id") or response_id)[:200],
            text=text,
            conversation=conversation.exchanges_of(items),
            instructions="\n".join(part for part in (own, extra) if part),
            language=state.session.nearfield.language if state.session.nearfield else "en",
            trace_parent=_trace_parent(draft, metadata.get("traceparent"), state.trace_parent),
        )
    )
    return True


def _trace_parent(draft: Draft, told: object, before: str | None) -> str | None:
    return told[:_LONGEST_TRACE] if isinstance(told, str) else before


def go_on(draft: Draft, response_id: str, event: AnswerEvent) -> None:
    """Take what the orchestrator says next; what comes late for another response is passed over."""
    answer = draft.state.answer
    if answer is None or answer.response_id != response_id or answer.finished is not None:
        return
    if isinstance(event, Planned):
        draft.change(answer=replace(answer, planned=event))
        _route(draft, response_id, event, None)
    elif isinstance(event, SentenceReady):
        _sentence(draft, answer, event)
    elif isinstance(event, ConfirmationNeeded):
        if draft.state.session.takes("confirmations"):
            draft.tell(
                nearfield.ConfirmationAsked(
                    response_id=response_id,
                    call_id=event.call_id,
                    tool=event.tool,
                    arguments=event.arguments,
                    question=event.question,
                )
            )
        _sentence(draft, answer, SentenceReady(text=event.question))
    else:
        _finish(draft, answer, event)


def _route(draft: Draft, response_id: str, planned: Planned, finished: Finished | None) -> None:
    if not draft.state.session.takes("route"):
        return
    draft.tell(
        nearfield.RouteTold(
            response_id=response_id,
            plan=planned.plan,
            reason=finished.reason if finished else planned.reason,
            outcome=finished.outcome if finished else None,
            may_be_kept_seconds=finished.may_be_kept_seconds if finished else 0,
        )
    )


def _sentence(draft: Draft, answer: Answer, ready: SentenceReady) -> None:
    if not ready.text:
        return
    answer = _begun(draft, answer)
    index = len(answer.sentences)
    if draft.state.session.takes("citations"):
        for citation in ready.citations:
            draft.tell(
                nearfield.CitationTold(
                    response_id=answer.response_id,
                    item_id=answer.item_id,
                    sentence=index,
                    document=citation.document,
                    source=citation.source,
                    quote=citation.quote,
                    chunk_id=citation.chunk_id,
                )
            )
    answer = replace(answer, sentences=(*answer.sentences, ready.text))
    draft.change(answer=answer)
    delta = f" {ready.text}" if index else ready.text
    ids = {"response_id": answer.response_id, "item_id": answer.item_id}
    if answer.speaks:
        draft.tell(server.SpokenDelta(delta=delta, **ids))
        draft.do(
            Speak(
                response_id=answer.response_id,
                index=index,
                text=ready.text,
                speed=draft.state.session.audio.output.speed,
            )
        )
    else:
        draft.tell(server.TextDelta(delta=delta, **ids))


def _begun(draft: Draft, answer: Answer) -> Answer:
    """Tell the answer's message, once."""
    if answer.begun:
        return answer
    item = _message(answer, "in_progress", empty=True)
    answer = replace(answer, begun=True)
    draft.change(answer=answer)
    draft.tell(server.OutputItemAdded(response_id=answer.response_id, item=item))
    if answer.request.conversation == "auto":
        previous = conversation.append(draft, Entry(item=item, response_id=answer.response_id))
        draft.tell(server.ItemAdded(item=item, previous_item_id=previous))
    draft.tell(
        server.PartAdded(response_id=answer.response_id, item_id=answer.item_id, part=_part(answer, ""))
    )
    return answer


def _part(answer: Answer, text: str) -> server.Part:
    return (
        server.Part(type="audio", transcript=text) if answer.speaks else server.Part(type="text", text=text)
    )


def _message(
    answer: Answer, status: Literal["completed", "incomplete", "in_progress"], *, empty: bool = False
) -> Message:
    content = (
        Content(type="output_audio", transcript=answer.text)
        if answer.speaks
        else Content(type="output_text", text=answer.text)
    )
    return Message(id=answer.item_id, role="assistant", status=status, content=() if empty else (content,))


def _response(
    draft: Draft, answer: Answer, status: _Status, details: server.ResponseStatus | None = None
) -> server.Response:
    output: tuple[Item, ...] = ()
    if answer.begun and status != "in_progress":
        output = (_message(answer, "completed" if status == "completed" else "incomplete"),)
    return server.Response(
        id=answer.response_id,
        status=status,
        status_details=details,
        output=output,
        output_modalities=("audio",) if answer.speaks else ("text",),
        conversation_id=None if answer.request.conversation == "none" else f"conv_{draft.state.id[5:]}",
        metadata=answer.request.metadata,
        usage=server.Usage(total_tokens=answer.finished.model_tokens) if answer.finished else None,
    )


def _finish(draft: Draft, answer: Answer, finished: Finished) -> None:
    answer = replace(answer, finished=finished)
    draft.change(answer=answer)
    if answer.speaks and answer.sentences:
        draft.do(FinishSpeaking(response_id=answer.response_id))  # over when all of it sounds
    else:
        _close_as_finished(draft, answer)


def all_spoken(draft: Draft, response_id: str) -> None:
    """All sound was made: the response is over if its words are."""
    answer = draft.state.answer
    if answer is not None and answer.response_id == response_id and answer.finished is not None:
        _close_as_finished(draft, answer)


def not_spoken(draft: Draft, response_id: str, code: str, message: str) -> None:
    """The voice failed: so does the response."""
    answer = draft.state.answer
    if answer is not None and answer.response_id == response_id:
        draft.do(CancelAnswer(response_id=response_id))
        fault = server.Fault(type="server_error", code=code, message=message)
        _close(draft, answer, "failed", server.ResponseStatus(type="failed", error=fault))


def _close_as_finished(draft: Draft, answer: Answer) -> None:
    finished = answer.finished
    if finished is None:
        return
    if finished.outcome == "failed":
        fault = server.Fault(type="server_error", code="orchestration_failed", message=finished.reason)
        _close(draft, answer, "failed", server.ResponseStatus(type="failed", error=fault))
    elif finished.outcome == "cancelled":
        _close(draft, answer, "cancelled", server.ResponseStatus(type="cancelled"))
    else:
        _close(draft, answer, "completed", None)


def cancel(draft: Draft, reason: Literal["turn_detected", "client_cancelled"]) -> bool:
    """End the response under way, and its sound; False where there is none."""
    answer = draft.state.answer
    draft.change(owed=None)
    if answer is None:
        return False
    draft.do(CancelAnswer(response_id=answer.response_id))
    if answer.speaks:
        draft.do(StopSpeaking(response_id=answer.response_id))
    _close(draft, answer, "cancelled", server.ResponseStatus(type="cancelled", reason=reason))
    return True


def _close(draft: Draft, answer: Answer, status: _Status, details: server.ResponseStatus | None) -> None:
    if answer.begun:
        _close_message(draft, answer, complete=status == "completed")
    if answer.finished is not None:
        planned = answer.planned or Planned(plan="talk", reason=answer.finished.reason)
        _route(draft, answer.response_id, planned, answer.finished)
    draft.tell(server.ResponseDone(response=_response(draft, answer, status, details)))
    draft.change(answer=None)
    conversation.make_room(draft)


def _close_message(draft: Draft, answer: Answer, *, complete: bool) -> None:
    ids = {"response_id": answer.response_id, "item_id": answer.item_id}
    if answer.speaks:
        if not draft.state.on_track:
            draft.tell(server.AudioDone(**ids))
        draft.tell(server.SpokenDone(transcript=answer.text, **ids))
    else:
        draft.tell(server.TextDone(text=answer.text, **ids))
    draft.tell(server.PartDone(part=_part(answer, answer.text), **ids))
    item = _message(answer, "completed" if complete else "incomplete")
    draft.tell(server.OutputItemDone(response_id=answer.response_id, item=item))
    entry = draft.state.entry(answer.item_id)
    if entry is not None:
        conversation.put(
            draft,
            replace(entry, item=item, sentences=answer.sentences, durations_ms=answer.durations_ms),
        )
        draft.tell(server.ItemDone(item=item))


def sound_made(draft: Draft, report: SoundMade) -> None:
    """Pass sound on to a client that has no track."""
    answer = draft.state.answer
    if answer is not None and answer.response_id == report.response_id:
        draft.tell(
            server.AudioDelta(response_id=answer.response_id, item_id=answer.item_id, delta=report.audio)
        )


def sentence_spoken(draft: Draft, response_id: str, duration_ms: int) -> None:
    """Remember how long a sentence sounds; sentences are spoken in their order."""
    answer = draft.state.answer
    if answer is not None and answer.response_id == response_id:
        draft.change(answer=replace(answer, durations_ms=(*answer.durations_ms, duration_ms)))
