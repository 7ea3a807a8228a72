"""The items of a conversation: added, taken out, cut to what was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nearfield_cloud.orchestrator.question import Exchange
from nearfield_cloud.realtime.session.draft import Draft
from nearfield_cloud.realtime.session.state import Entry, SessionState
from nearfield_sync.messages.realtime import client, server
from nearfield_sync.messages.realtime.items import Content, Item, Message


def create(draft: Draft, event: client.ItemCreate) -> None:
    """Add an item of the client's."""
    state, item = draft.state, event.item
    fault = _fault(draft, event)
    if fault is not None:
        draft.refuse(*fault, event_id=event.event_id)
        return
    kept = item.model_copy(update={"id": item.id or draft.new_id("item"), "status": "completed"})
    if isinstance(kept, Message):
        kept = kept.model_copy(update={"content": tuple(_without_sound(part) for part in kept.content)})
    after = event.previous_item_id
    if after == "root":
        place, previous = 0, None
    elif after is None:
        place, previous = len(state.entries), _last_id(draft)
    else:
        place, previous = 1 + [entry.id for entry in state.entries].index(after), after
    entries = list(draft.state.entries)
    entries.insert(place, Entry(item=kept))
    draft.change(entries=tuple(entries))
    draft.tell(server.ItemAdded(item=kept, previous_item_id=previous))
    draft.tell(server.ItemDone(item=kept, previous_item_id=previous))
    make_room(draft)


def _fault(draft: Draft, event: client.ItemCreate) -> tuple[str, str] | None:
    """Code and message of what is wrong with a new item."""
    state, item = draft.state, event.item
    if item.id and state.entry(item.id):
        return "item_exists", f"there is an item {item.id!r} already"
    if event.previous_item_id not in (None, "root") and not state.entry(event.previous_item_id or ""):
        return "item_not_found", f"there is no item {event.previous_item_id!r} to come after"
    if isinstance(item, Message):
        if len(item.words) > state.limits.longest_text_characters:
            return "text_too_long", f"a text of more than {state.limits.longest_text_characters} characters"
        if any(part.type == "input_audio" and not part.transcript for part in item.content):
            return "audio_unread", "sound is taken by input_audio_buffer.append, not in an item"
    elif len(item.model_dump_json()) > state.limits.longest_text_characters:
        return "text_too_long", f"an item of more than {state.limits.longest_text_characters} characters"
    return None


def _without_sound(part: Content) -> Content:
    return part.model_copy(update={"audio": None}) if part.audio else part


def delete(draft: Draft, event: client.ItemDelete) -> None:
    """Take an item out."""
    if draft.state.entry(event.item_id) is None:
        draft.refuse("item_not_found", f"there is no item {event.item_id!r}", event_id=event.event_id)
        return
    remove(draft, event.item_id)


def remove(draft: Draft, item_id: str) -> None:
    """Take an item out and tell it."""
    draft.change(
        entries=tuple(entry for entry in draft.state.entries if entry.id != item_id),
        unheard=draft.state.unheard - {item_id},
    )
    draft.tell(server.ItemDeleted(item_id=item_id))


def retrieve(draft: Draft, event: client.ItemRetrieve) -> None:
    """Tell an item."""
    entry = draft.state.entry(event.item_id)
    if entry is None:
        draft.refuse("item_not_found", f"there is no item {event.item_id!r}", event_id=event.event_id)
        return
    draft.tell(server.ItemRetrieved(item=entry.item))


def truncate(draft: Draft, event: client.ItemTruncate) -> None:
    """Cut an answer to what was heard of it."""
    entry = draft.state.entry(event.item_id)
    if entry is None or not isinstance(entry.item, Message) or entry.item.role != "assistant":
        draft.refuse("item_not_found", f"there is no answer {event.item_id!r}", event_id=event.event_id)
        return
    if event.content_index >= max(1, len(entry.item.content)):
        draft.refuse(
            "content_not_found", f"the item has no part {event.content_index}", event_id=event.event_id
        )
        return
    cut(draft, entry, event.audio_end_ms)


def cut(draft: Draft, entry: Entry, heard_ms: int) -> None:
    """Leave of an answer what sounds in its first ``heard_ms``, and tell it."""
    sentences = heard(entry, heard_ms)
    if isinstance(entry.item, Message):
        content = tuple(
            part.model_copy(update={"transcript": " ".join(sentences)})
            if part.type == "output_audio"
            else part
            for part in entry.item.content
        )
        item = entry.item.model_copy(update={"content": content, "status": "incomplete"})
        put(draft, replace(entry, item=item, sentences=sentences))
    draft.tell(server.ItemTruncated(item_id=entry.id, content_index=0, audio_end_ms=heard_ms))


def heard(entry: Entry, heard_ms: int) -> tuple[str, ...]:
    """The sentences, and of the one that was cut its words, that sound in the first ``heard_ms``."""
    kept: list[str] = []
    left = float(heard_ms)
    for sentence, duration in zip(entry.sentences, entry.durations_ms, strict=False):
        if left >= duration:
            kept.append(sentence)
        elif left > 0:
            words = sentence.split()
            spoken = words[: int(len(words) * left / duration)]
            kept += [" ".join(spoken)] if spoken else []
        left -= duration
    return tuple(kept)


def put(draft: Draft, changed: Entry) -> None:
    """Replace the entry of the same id."""
    draft.change(entries=tuple(changed if entry.id == changed.id else entry for entry in draft.state.entries))


def append(draft: Draft, entry: Entry) -> str | None:
    """Add an entry at the end and give the id before it."""
    previous = _last_id(draft)
    draft.change(entries=(*draft.state.entries, entry))
    return previous


def _last_id(draft: Draft) -> str | None:
    return draft.state.entries[-1].id if draft.state.entries else None


def make_room(draft: Draft) -> None:
    """Let the oldest items go where there are too many; what is under way stays."""
    state = draft.state
    busy = {state.answer.item_id} if state.answer else set()
    old = [entry.id for entry in state.entries if entry.id not in busy | state.unheard]
    for item_id in old[: max(0, len(state.entries) - state.limits.most_items)]:
        remove(draft, item_id)


def question_of(items: Sequence[Item]) -> str:
    """What is asked: the person's words since the last answer."""
    asked: list[str] = []
    for item in items:
        if isinstance(item, Message) and item.role == "assistant":
            asked = []
        elif isinstance(item, Message) and item.role == "user" and item.words:
            asked.append(item.words)
    return " ".join(asked)


def exchanges_of(items: Sequence[Item]) -> tuple[Exchange, ...]:
    """The questions that were answered, each with its answer."""
    found: list[Exchange] = []
    asked: list[str] = []
    for item in items:
        if not isinstance(item, Message) or not item.words:
            continue
        if item.role == "user":
            asked.append(item.words)
        elif item.role == "assistant" and asked:
            found.append(Exchange(question=" ".join(asked), answer=item.words))
            asked = []
        elif item.role == "assistant" and found:
            found[-1] = Exchange(question=found[-1].question, answer=f"{found[-1].answer} {item.words}")
    return tuple(found)


def exchanges_so_far(state: SessionState) -> tuple[Exchange, ...]:
    """The exchanges of the session's own conversation."""
    return exchanges_of(tuple(entry.item for entry in state.entries))


def instructions_of(items: Sequence[Item]) -> str:
    """What system messages say."""
    return "\n".join(
        item.words for item in items if isinstance(item, Message) and item.role == "system" and item.words
    )
