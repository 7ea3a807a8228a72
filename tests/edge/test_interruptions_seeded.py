"""A thousand interruptions at random moments: nothing freezes, every turn ends, the next one works."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from nearfield_edge.agent import Agent
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.state import Phase
from nearfield_models.asr.engine import Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import HOP_BYTES, Samples
from tests.edge.devices import Stage, sound, staged
from tests.fakes.asr import ScriptedAsr

SAID = (
    "can I have a large latte with whole milk please",
    "make it small",
    "what is the wifi password",
    "where is the restroom",
    "yes",
    "mm-hm",
    "stop",
    "something else altogether",
    "",
)
ORDER = SAID[0]
INTERRUPTIONS = 1_000
SPEECH, SILENCE = (sound((10, speech)) for speech in (True, False))
assert len(SPEECH) == HOP_BYTES


class WhateverAsr(ScriptedAsr):
    """Hears anything at all."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        if cancellation is not None:
            cancellation.check()
        return Hypothesis(text=self._chance.choice(SAID))


class Interrupter:
    """Talks into replies."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self._stage = stage
        self._chance = chance
        self.agent: Agent = stage.device.agent

    async def hear(self, ms: int, pcm: bytes) -> None:
        for _ in range(ms // 10):
            await self.agent.hear(AudioFrame(stream_id="m", first_sample=self.agent.state.at, pcm=pcm))

    async def until_speaking(self) -> None:
        """Ask until there is a reply to interrupt."""
        self.agent.tell(ev.TextGiven(at=self.agent.state.at, text=ORDER))
        for _ in range(400):
            await self.hear(10, SILENCE)
            turn = self.agent.state.turn
            if turn is not None and turn.phase is Phase.SPEAKING:
                return
        raise AssertionError("an order was not answered within four seconds")

    async def interrupt(self) -> None:
        await self.hear(self._chance.randrange(0, 1_200, 10), SILENCE)
        match self._chance.randrange(8):
            case 0:
                self.agent.tell(ev.StopAsked(at=self.agent.state.at))
            case 1:
                self.agent.tell(ev.TextGiven(at=self.agent.state.at, text=self._chance.choice(SAID[:5])))
            case 2:
                self.agent.tell(ev.TalkPressed(at=self.agent.state.at, held=False))
            case _:
                for _ in range(self._chance.randrange(1, 4)):
                    await self.hear(self._chance.randrange(20, 1_300, 10), SPEECH)
                    await self.hear(self._chance.randrange(20, 900, 10), SILENCE)


@pytest.mark.parametrize("seed", [1])
async def test_a_thousand_interruptions_at_random_moments_freeze_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chance that can be had again
    async with staged(tmp_path, asr=WhateverAsr(chance), follow_up_ms=1_000) as stage:
        talk = Interrupter(stage, chance)
        for _ in range(INTERRUPTIONS):
            await talk.until_speaking()
            await talk.interrupt()
        async with asyncio.timeout(60):
            await talk.agent.rest()
        opened = [each.turn_id for each in stage.happened if isinstance(each, do.OpenTurn)]
        assert [each.turn_id for each in stage.happened if isinstance(each, do.CloseTurn)] == opened
        assert sorted(record.turn_id for record in stage.records) == sorted(opened)
        happened = {type(each) for each in stage.happened}
        assert happened >= {do.HoldSpeech, do.ResumeSpeech, do.ReopenTurn, do.StopSpeaking, do.CommitEffects}
        assert {record.opened_by for record in stage.records} >= {"interruption", "text", "talk"}
        assert not any(record.outcome == "failed" for record in stage.records)
