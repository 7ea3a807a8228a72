"""Several endpoints as one language model: asked in order, those that failed of late left alone for a while.

A stream that fails after something was said is gone on with by the next endpoint, which is told what was
said: whole sentences only, since half of one may have been shown but was never spoken.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, Literal

from nearfield_cloud.breaker import Asked, Breaker, BreakerSettings, Ended, step
from nearfield_cloud.errors import LanguageModelError
from nearfield_cloud.language_model.chat import (
    LanguageModel,
    Message,
    ModelEvent,
    ModelRequest,
    Restarted,
    TextArrived,
)
from nearfield_cloud.orchestrator.sentences import cut
from nearfield_sync.clock import Clock

GO_ON: Final = "Go on exactly behind what you have said. Do not repeat any of it."


@dataclass(slots=True)
class Choice:
    """One endpoint, and how it has been doing."""

    name: str
    model: LanguageModel
    settings: BreakerSettings
    breaker: Breaker = Breaker()  # noqa: RUF009 (frozen)


class EndpointsInOrder:
    """A `LanguageModel` that fails only when all its endpoints do."""

    def __init__(self, choices: Sequence[Choice], clock: Clock) -> None:
        self._choices = tuple(choices)
        self._clock = clock

    async def aclose(self) -> None:
        """Close all connections."""
        for choice in self._choices:
            await choice.model.aclose()

    def health(self) -> dict[str, str]:
        """Each endpoint's phase: ``closed`` is well, ``open`` is left alone, ``half_open`` is being tried."""
        return {choice.name: choice.breaker.phase for choice in self._choices}

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer; the contract is the seam's.

        Raises:
            LanguageModelError: Every endpoint failed or is being left alone.
        """
        said = ""
        faults: list[str] = []
        for choice in self._choices:
            admitted_at_ms = self._clock.monotonic_ms()
            if not self._admits(choice, admitted_at_ms):
                faults.append(f"{choice.name} is being left alone")
                continue
            outcome: Literal["succeeded", "failed", "given_up"] = "given_up"
            try:
                async with aclosing(choice.model.stream(_going_on(request, said))) as events:
                    async for event in events:
                        if isinstance(event, TextArrived):
                            said += event.text
                        yield event
                outcome = "succeeded"
                return
            except LanguageModelError as error:
                outcome = "failed"
                faults.append(str(error))
                said = "" if request.shape is not None else _kept(said)
                yield Restarted(endpoint=choice.name, fault=str(error), kept=said)
            finally:
                self._judge(choice, admitted_at_ms, outcome)
        raise LanguageModelError("no language model answered: " + "; ".join(faults))

    def _admits(self, choice: Choice, at_ms: float) -> bool:
        choice.breaker, admitted = step(choice.breaker, Asked(at_ms=at_ms), choice.settings)
        return admitted

    def _judge(
        self, choice: Choice, admitted_at_ms: float, outcome: Literal["succeeded", "failed", "given_up"]
    ) -> None:
        ended = Ended(at_ms=self._clock.monotonic_ms(), admitted_at_ms=admitted_at_ms, outcome=outcome)
        choice.breaker, _ = step(choice.breaker, ended, choice.settings)


def _kept(said: str) -> str:
    return said[: len(said) - len(cut(said)[1])]


def _going_on(request: ModelRequest, said: str) -> ModelRequest:
    if not said:
        return request
    behind = (Message(role="assistant", text=said), Message(role="user", text=GO_ON))
    return replace(request, messages=(*request.messages, *behind))
