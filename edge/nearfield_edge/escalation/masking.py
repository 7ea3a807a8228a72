"""Questions made fit to leave: masked, with what was said before them, masked as well."""

from __future__ import annotations

from collections.abc import Callable

from nearfield_edge.escalation.asked import Asked
from nearfield_edge.escalation.beyond import Wanted
from nearfield_edge.escalation.context import RecentExchanges
from nearfield_edge.escalation.seam import EscalatedQuestion, PastExchange
from nearfield_sync.clock import Clock
from nearfield_sync.redaction.spans import Masks, Redacted
from nearfield_sync.telemetry import Counters

Redact = Callable[[str, Masks], Redacted]
"""Masks what is personal in a text, with the masks of the conversation so far."""


class Masking:
    """Masks the questions of one device; a mask stands for the same through a conversation."""

    def __init__(
        self,
        redact: Redact,
        recent: RecentExchanges,
        *,
        clock: Clock,
        counters: Counters,
        language: str = "en",
        trace_parent: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Take the parts.

        Args:
            redact: Masks.
            recent: What was said in the last turns.
            clock: Measures.
            counters: Get ``nearfield_masked_total{kind}``.
            language: Of the questions.
            trace_parent: Gives a turn's span, by its id, as the cloud is told of it.
        """
        self._redact = redact
        self._recent = recent
        self._clock = clock
        self._counters = counters
        self._language = language
        self._trace_parent = trace_parent
        self._masks = Masks()

    @property
    def conversation(self) -> tuple[PastExchange, ...]:
        """What was said before, as it was said: it stays on the device."""
        return self._recent.latest()

    def asked(self, wanted: Wanted) -> Asked:
        """The question as it may leave; takes a millisecond or two.

        Raises:
            RedactionError: It may not.
        """
        before = self._recent.latest()
        masks = self._masks if before else Masks()
        conversation = []
        for exchange in before:
            question = self._redact(exchange.question, masks)
            answer = self._redact(exchange.answer, question.masks)
            masks = answer.masks
            conversation.append(PastExchange(question=question.text, answer=answer.text))
        redacted = self._redact(wanted.text, masks)
        self._masks = redacted.masks
        for kind, count in redacted.counts.items():
            self._counters.add("nearfield_masked_total", count, kind=kind)
        asking = EscalatedQuestion(
            turn_id=wanted.turn_id,
            revision=wanted.revision,
            text=redacted.text,
            language=self._language,
            conversation=tuple(conversation),
            trace_parent=self._trace_parent(wanted.turn_id),
        )
        return Asked(
            spoken=wanted.text, redacted=redacted, question=asking, began_ms=self._clock.monotonic_ms()
        )
