"""What is heard: speech becomes an item, its words a question."""

from __future__ import annotations

from nearfield_cloud.realtime.session import answering, conversation
from nearfield_cloud.realtime.session.commands import Hear, StopSpeaking, Transcribe
from nearfield_cloud.realtime.session.draft import Draft
from nearfield_cloud.realtime.session.reports import (
    NotCommitted,
    NotTranscribed,
    PlaybackEnded,
    SoundCommitted,
    SpeechEnded,
    StayedSilent,
    Transcribed,
)
from nearfield_cloud.realtime.session.state import Entry, Owed
from nearfield_models.pcm import Samples
from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.client import ResponseRequest
from nearfield_sync.messages.realtime.items import Content, Message


def began(draft: Draft, at_ms: int) -> None:
    """Somebody speaks: an answer is interrupted, where the session wants that."""
    item_id = draft.new_id("item")
    draft.change(speech_item=item_id)
    draft.tell(server.SpeechStarted(audio_start_ms=at_ms, item_id=item_id))
    detection = draft.state.session.audio.input.turn_detection
    if detection is not None and detection.interrupt_response:
        playing = draft.state.playing
        stopped = answering.cancel(draft, "turn_detected")
        if not stopped and playing is not None:
            draft.do(StopSpeaking(response_id=playing))


def ended(draft: Draft, report: SpeechEnded) -> None:
    """Somebody has spoken: recognise it, and answer if the session wants that."""
    item_id = draft.state.speech_item or draft.new_id("item")
    draft.change(speech_item=None)
    draft.tell(server.SpeechStopped(audio_end_ms=report.at_ms, item_id=item_id))
    commit(draft, item_id, report.sound)
    detection = draft.state.session.audio.input.turn_detection
    if detection is not None and detection.create_response and draft.state.answer is None:
        draft.change(owed=Owed(item_id=item_id, request=ResponseRequest()))


def committed(draft: Draft, report: SoundCommitted) -> None:
    """The client has ended its input."""
    if report.item_id in draft.state.unheard:
        commit(draft, report.item_id, report.sound)


def not_committed(draft: Draft, report: NotCommitted) -> None:
    """The client has ended an input that was none."""
    draft.change(unheard=draft.state.unheard - {report.item_id})
    draft.refuse(report.code, report.message, event_id=report.event_id)
    answer_what_waited(draft)


def commit(draft: Draft, item_id: str, sound: Samples) -> None:
    """Make a message of sound."""
    item = Message(id=item_id, role="user", status="in_progress", content=(Content(type="input_audio"),))
    previous = conversation.append(draft, Entry(item=item))
    draft.change(unheard=draft.state.unheard | {item_id})
    draft.tell(server.AudioCommitted(item_id=item_id, previous_item_id=previous))
    draft.tell(server.ItemAdded(item=item, previous_item_id=previous))
    draft.do(Transcribe(item_id=item_id, sound=sound))
    conversation.make_room(draft)


def partly(draft: Draft, text: str) -> None:
    """What somebody has said so far."""
    if draft.state.speech_item is None or not text:
        return
    draft.do(Hear(text=text, conversation=conversation.exchanges_so_far(draft.state)))
    if draft.state.session.takes("partials"):
        draft.tell(nearfield.Partial(item_id=draft.state.speech_item, text=text))


def transcribed(draft: Draft, report: Transcribed) -> None:
    """The words of an item are known: tell them, and answer if that waited for them."""
    if report.item_id not in draft.state.unheard:
        return
    _heard(draft, report.item_id, report.text)
    if draft.state.session.audio.input.transcription is not None:
        if report.text:
            draft.tell(server.TranscriptDelta(item_id=report.item_id, delta=report.text))
        usage = server.SoundUsage(seconds=report.seconds)
        draft.tell(server.TranscriptCompleted(item_id=report.item_id, transcript=report.text, usage=usage))
    answer_what_waited(draft)


def not_transcribed(draft: Draft, report: NotTranscribed) -> None:
    """The words of an item will not be known."""
    if report.item_id not in draft.state.unheard:
        return
    _heard(draft, report.item_id, "")
    fault = server.Fault(type="server_error", code=report.code, message=report.message)
    draft.tell(server.TranscriptFailed(item_id=report.item_id, error=fault))
    answer_what_waited(draft)


def _heard(draft: Draft, item_id: str, text: str) -> None:
    draft.change(unheard=draft.state.unheard - {item_id})
    content = (Content(type="input_audio", transcript=text),)
    item = Message(id=item_id, role="user", status="completed", content=content)
    conversation.put(draft, Entry(item=item))
    draft.tell(server.ItemDone(item=item))
    conversation.make_room(draft)


def answer_what_waited(draft: Draft) -> None:
    """Begin the response that is owed, once everything is recognised; silence needs no answer."""
    owed = draft.state.owed
    if owed is None or draft.state.unheard:
        return
    draft.change(owed=None)
    if draft.state.answer is not None:
        return
    if not answering.begin(draft, owed.request) and owed.item_id is None:
        draft.refuse("nothing_to_answer", "nothing was asked since the last answer", event_id=None)


def stayed_silent(draft: Draft, report: StayedSilent) -> None:
    """Nobody spoke after an answer."""
    draft.tell(
        server.IdleTimeout(
            audio_start_ms=report.from_ms, audio_end_ms=report.at_ms, item_id=draft.new_id("item")
        )
    )


def playback_ended(draft: Draft, report: PlaybackEnded) -> None:
    """The track is silent; of an answer that was cut only what was heard stays in the conversation."""
    if draft.state.playing == report.response_id:
        draft.change(playing=None)
        told = server.OutputCleared if report.cut else server.OutputStopped
        draft.tell(told(response_id=report.response_id))
    said = (entry for entry in draft.state.entries if entry.response_id == report.response_id)
    entry = next(said, None)
    if report.cut and entry is not None:
        conversation.cut(draft, entry, report.played_ms)
