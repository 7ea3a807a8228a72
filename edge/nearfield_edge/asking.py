"""Turns that are answered from beyond the skills, part by part, for as long as anybody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

from nearfield_edge.dialogue import Dialogue
from nearfield_edge.escalation.beyond import Beyond, Wanted
from nearfield_edge.routing.router import Reach
from nearfield_edge.streams import until
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import AnswerPart

Key = tuple[str, int]
"""Turn and revision."""


class Asking:
    """Answers that stream in.

    Args:
        beyond: Who is asked.
        dialogue: Waits for a yes or a no to what is offered.
        report: Told of the answer and of its parts.
    """

    def __init__(self, beyond: Beyond, dialogue: Dialogue, report: Callable[[ev.Event], None]) -> None:
        self._beyond = beyond
        self._dialogue = dialogue
        self._report = report
        self._unwanted: dict[Key, asyncio.Future[None]] = {}
        """Done once what streams in for a revision is not wanted any more."""

    def takes(self, command: do.Act) -> bool:
        """Whether a turn is answered here."""
        return self._beyond.answers_to(command.decision, command.transcript.text)

    async def reach(self, text: str) -> Reach:
        """What could answer these words besides a skill."""
        return await self._beyond.reach(text)

    async def ask(self, command: do.Act) -> None:
        """Report what comes, until it ends or is cancelled; an answer that fails midway is ended."""
        key = (command.turn_id, command.revision)
        goes_on = False
        self._dialogue.answered_beyond(command.turn_id)
        alone = partial(self._dialogue.answer_alone, *key, command.understanding)
        unwanted = self._unwanted.setdefault(key, asyncio.get_running_loop().create_future())
        wanted = Wanted(
            turn_id=command.turn_id,
            revision=command.revision,
            text=command.transcript.text,
            understanding=command.understanding,
            decision=command.decision,
        )
        try:
            async with aclosing(until(self._beyond.answers(wanted, alone), unwanted)) as answers:
                async for answer in answers:
                    if answer.offer is not None:
                        self._dialogue.answered_beyond(command.turn_id, answer.offer)
                    if isinstance(answer, AnswerPart):
                        goes_on = not answer.last
                        self._report(ev.AnswerWentOn(turn_id=key[0], revision=key[1], part=answer))
                    else:
                        goes_on = answer.goes_on
                        self._report(ev.Answered(turn_id=key[0], revision=key[1], answer=answer))
        finally:
            if goes_on:  # whoever says it would wait for the rest
                end = AnswerPart(text="", last=True)
                self._report(ev.AnswerWentOn(turn_id=key[0], revision=key[1], part=end))

    def cancel(self, turn_id: str, revision: int) -> None:
        """Want no more of an answer, whether it was asked for already or not."""
        unwanted = self._unwanted.setdefault((turn_id, revision), asyncio.get_running_loop().create_future())
        if not unwanted.done():
            unwanted.set_result(None)

    def cancel_all(self) -> None:
        """Want nothing any more."""
        for turn_id, revision in list(self._unwanted):
            self.cancel(turn_id, revision)

    def forget(self, turn_id: str) -> None:
        """Let go of a closed turn."""
        self._unwanted = {key: value for key, value in self._unwanted.items() if key[0] != turn_id}
