"""One question and its answer as events of the protocol: pure, no line and no clock."""

from __future__ import annotations

from typing import Final, cast, get_args

from nearfield_edge.errors import EscalationRefusedError
from nearfield_edge.escalation.failures import printable
from nearfield_edge.escalation.line import LARGEST_SENT_BYTES
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    Citation,
    CloudEvent,
    ConfirmationAsked,
    EscalatedQuestion,
    Outcome,
    RouteTold,
)
from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.client import ResponseCreate, ResponseRequest
from nearfield_sync.messages.realtime.items import Message, assistant_text, user_text
from nearfield_sync.messages.realtime.nearfield import ServerEvent
from nearfield_sync.messages.realtime.reading import write_event
from nearfield_sync.messages.realtime.session import (
    EXTRAS,
    Audio,
    AudioInput,
    Nearfield,
    RealtimeSession,
    Resume,
)

KEY: Final = "nearfield_key"
"""In the metadata of a response: the question's idempotency key."""
_OUTCOMES: Final = frozenset(get_args(Outcome))


def question_event(question: EscalatedQuestion, event_id: str, *, most_exchanges: int) -> str:
    """What is sent: the question with its context, answered apart from any conversation at the other end.

    The device owns the conversation; what the cloud shall know of it goes along, so that nothing is lost
    with a line and nothing has to be taken back.

    Raises:
        EscalationRefusedError: It is too long to be sent (``question_too_long``).
    """
    context: list[Message] = []
    for exchange in question.conversation[-most_exchanges:] if most_exchanges else ():
        context += [user_text(exchange.question), assistant_text(exchange.answer)]
    metadata = {KEY: question.key, "turn_id": question.turn_id}
    if question.trace_parent is not None:
        metadata["traceparent"] = question.trace_parent
    request = ResponseRequest(
        output_modalities=("text",),
        conversation="none",
        input=(*context, user_text(question.text)),
        metadata=metadata,
    )
    text = write_event(ResponseCreate(event_id=event_id, response=request))
    if len(text.encode()) > LARGEST_SENT_BYTES:
        raise EscalationRefusedError(
            f"the question and its context have more than {LARGEST_SENT_BYTES} bytes",
            code="question_too_long",
        )
    return text


def session_wanted(language: str, resume: Resume | None) -> RealtimeSession:
    """The session that the device asks for: text, with all of our events, resumed where there was one."""
    # What was not set is not sent, and the other end's defaults hold.
    wanted = Nearfield(events=EXTRAS, language=language)
    if resume is not None:
        wanted = Nearfield(events=EXTRAS, language=language, resume=resume)
    return RealtimeSession(
        type="realtime",
        output_modalities=("text",),
        audio=Audio(input=AudioInput(turn_detection=None)),
        nearfield=wanted,
    )


class AnswerReader:
    """Puts one answer together from the events of a call, among which there are those of others."""

    def __init__(self, key: str, event_id: str, *, longest_characters: int) -> None:
        """Wait for the answer to one question.

        Args:
            key: The question's.
            event_id: Of the event that asked.
            longest_characters: An answer that goes on beyond is given up.
        """
        self.response_id: str | None = None
        """As soon as the cloud has begun."""
        self.over = False
        self._key = key
        self._event_id = event_id
        self._longest_characters = longest_characters
        self._characters = 0
        self._sentences = 0
        self._citations: dict[int, tuple[Citation, ...]] = {}
        self._ended: nearfield.RouteTold | None = None
        self._confirming = ""

    def take(self, event: ServerEvent) -> CloudEvent | None:
        """What an event means for this answer; None where it means nothing yet.

        Raises:
            EscalationRefusedError: The cloud declined or failed, or the answer is too long.
        """
        match event:
            case server.ErrorTold() if event.error.event_id == self._event_id:
                self.over = True
                raise _refused(event.error)
            case server.ResponseCreated() if (event.response.metadata or {}).get(KEY) == self._key:
                self.response_id = event.response.id
            case server.ResponseDone() if event.response.id == self.response_id:
                self.over = True
                return self._done(event.response)
        if self.response_id is None or getattr(event, "response_id", None) != self.response_id:
            return None
        return self._of_response(event)

    def _of_response(self, event: ServerEvent) -> CloudEvent | None:
        match event:
            case nearfield.RouteTold() if event.outcome is None:
                return RouteTold(plan=printable(event.plan), reason=printable(event.reason))
            case nearfield.RouteTold():
                self._ended = event
            case nearfield.CitationTold():
                self._cite(event)
            case server.TextDelta():
                return self._sentence(event.delta)
            case nearfield.ConfirmationAsked():
                self._count(len(event.question))
                self._confirming = event.question
                return ConfirmationAsked(
                    call_id=event.call_id,
                    tool=event.tool,
                    arguments=event.arguments,
                    question=event.question,
                )
        return None

    def _cite(self, told: nearfield.CitationTold) -> None:
        self._count(len(told.quote) + len(told.document) + len(told.source))
        citation = Citation(
            document=told.document, source=told.source, quote=told.quote, chunk_id=told.chunk_id
        )
        self._citations[told.sentence] = (*self._citations.get(told.sentence, ()), citation)

    def _sentence(self, delta: str) -> AnswerSentence | None:
        self._count(len(delta))
        text = " ".join(delta.split())
        citations = self._citations.pop(self._sentences, ())
        self._sentences += 1
        if text and text == " ".join(self._confirming.split()):
            # The cloud says it as well, for those who do not take our events.
            self._confirming = ""
            return None
        return AnswerSentence(text=text, citations=citations) if text else None

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > self._longest_characters:
            raise EscalationRefusedError(
                f"the answer has more than {self._longest_characters} characters", code="answer_too_long"
            )

    def _done(self, response: server.Response) -> Answered:
        ended, details = self._ended, response.status_details
        if ended is not None and ended.outcome in _OUTCOMES:
            return Answered(
                outcome=cast("Outcome", ended.outcome),
                reason=printable(ended.reason),
                may_be_kept_seconds=max(ended.may_be_kept_seconds, 0),
            )
        if response.status == "failed" and details is not None and details.error is not None:
            raise _refused(details.error)
        if response.status in ("completed", "incomplete"):
            return Answered(outcome="answered", reason=f"the cloud said {response.status}")
        outcome: Outcome = "cancelled" if response.status == "cancelled" else "failed"
        return Answered(outcome=outcome, reason=f"the cloud said {response.status}")


def _refused(fault: server.Fault) -> EscalationRefusedError:
    return EscalationRefusedError(
        f"the cloud declined: {printable(fault.message)}", code=printable(fault.code or "escalation_refused")
    )
