"""The own microphone and loudspeaker, a page's in their place, and what the configuration makes of both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.device import Microphone, Speaker
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.socket_sound import SocketSound, named_format
from nearfield_edge.audio.source import AudioFrame, Mutable
from nearfield_edge.audio.stdin_source import StdinSource
from nearfield_edge.audio.switched import SwitchedSink, SwitchedSource
from nearfield_edge.cli import borders as module
from nearfield_edge.cli.borders import Borders, open_borders
from nearfield_edge.configuration import AudioSection, parse_configuration
from nearfield_edge.errors import ConfigurationError, SinkError, SourceError
from nearfield_models.pcm import HOP_SAMPLES, Samples, to_float
from tests.fakes.sound_card import ScriptedCard

LIMIT_SECONDS = 10


class Room:
    """A device with a microphone of its own and a line for a page's, heard hop by hop."""

    def __init__(self, card: ScriptedCard | None) -> None:
        self.card = card or ScriptedCard(plugged_in=False)
        self.clock = InputClock()
        self.line = SocketSound()
        own = None if card is None else Microphone(clock=self.clock, card=card)
        self.source = SwitchedSource(own, self.line, self.clock)
        self.frames: list[AudioFrame] = []
        self.sent: list[str | bytes] = []
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async with aclosing(self.source.frames()) as frames:
            async for frame in frames:
                self.frames.append(frame)

    def connect(self) -> None:
        async def send(message: str | bytes) -> None:
            self.sent.append(message)

        self.line.connect(named_format(""), send)

    async def levels(self, hops: int, *, own: int = 0, page: int = 0) -> set[int]:
        """Let time pass with these levels at the microphones; what levels the last half of the frames had."""
        before = len(self.frames)
        async with asyncio.timeout(LIMIT_SECONDS):
            for _ in range(hops):
                if self.card.streams:
                    self.card.stream.deliver(own, HOP_SAMPLES)
                self.line.accept(np.full(HOP_SAMPLES, page, "<i2").tobytes())
                await self.clock.advance(HOP_SAMPLES)
        frames = self.frames[before:]
        late = frames[len(frames) // 2 :]
        return {round(float(value) * 32768) for frame in late for value in to_float(frame.pcm)}

    async def own_is_open_again(self) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not self.card.stream.alive:
                await asyncio.sleep(0.001)
                await self.clock.advance(HOP_SAMPLES)

    async def leave(self) -> None:
        await self.source.close()
        async with asyncio.timeout(LIMIT_SECONDS):
            while not self._task.done():
                await self.clock.advance(HOP_SAMPLES)
        await self._task
        firsts = [frame.first_sample for frame in self.frames]
        assert firsts == list(range(0, len(firsts) * HOP_SAMPLES, HOP_SAMPLES))


async def test_while_a_page_has_the_line_it_alone_is_heard_and_the_own_microphone_is_closed() -> None:
    room = Room(ScriptedCard())
    assert await room.levels(50, own=500) == {500}
    room.connect()
    assert await room.levels(50, own=500, page=900) == {900}
    assert room.card.stream.closed
    await room.leave()
    assert room.source.lost_samples == 0


async def test_when_the_page_leaves_the_own_microphone_is_heard_again_and_time_went_on() -> None:
    room = Room(ScriptedCard())
    room.connect()
    await room.levels(100, page=900)
    room.line.disconnect()
    await room.own_is_open_again()
    assert await room.levels(50, own=500) == {500}
    await room.leave()
    assert 100 * HOP_SAMPLES <= room.frames[-1].first_sample <= room.clock.now()


async def test_what_a_page_said_as_it_left_is_not_heard_when_another_comes() -> None:
    room = Room(None)
    room.connect()
    await room.levels(10, page=900)
    room.line.accept(np.full(50 * HOP_SAMPLES, 700, "<i2").tobytes())
    room.line.disconnect()
    await room.levels(50)
    room.connect()
    before = len(room.frames)
    await room.levels(50, page=900)
    heard = {round(float(value) * 32768) for frame in room.frames[before:] for value in to_float(frame.pcm)}
    assert 700 not in heard
    await room.leave()


async def test_without_a_microphone_of_its_own_the_device_hears_silence_in_real_time_until_a_page_comes() -> (
    None
):
    room = Room(None)
    assert await room.levels(100) == {0}
    assert 95 <= len(room.frames) <= 100
    room.connect()
    assert await room.levels(50, page=900) == {900}
    await room.leave()
    assert room.source.lost_samples == 0


async def test_muted_is_muted_whoever_is_heard_and_comes_or_goes_meanwhile() -> None:
    room = Room(ScriptedCard())
    assert isinstance(room.source, Mutable)
    room.source.mute()
    assert await room.levels(50, own=500) == {0}
    room.connect()
    assert await room.levels(50, own=500, page=900) == {0}
    room.line.disconnect()
    assert await room.levels(50, own=500) == {0}
    assert room.card.stream.closed
    room.connect()
    room.source.unmute()
    assert await room.levels(50, own=500, page=900) == {900}
    assert room.card.stream.closed
    await room.leave()


async def test_a_page_that_falls_silent_is_silence_that_counts_as_lost() -> None:
    room = Room(None)
    room.connect()
    await room.levels(50, page=900)
    for _ in range(200):
        await room.clock.advance(HOP_SAMPLES)
    assert 180 <= room.source.lost_samples / HOP_SAMPLES <= 201
    await room.leave()


async def spoken(*chunks: Samples) -> AsyncIterator[Samples]:
    for chunk in chunks:
        yield chunk


async def test_a_reply_goes_to_the_page_that_is_there_when_it_begins_else_to_the_own_sink() -> None:
    room = Room(None)
    own = PacedSink(room.clock)
    sink = SwitchedSink(own, room.line, room.clock)
    for connected in (False, True):
        if connected:
            room.connect()
        playing = asyncio.create_task(sink.play(spoken(np.ones(1_600, np.float32)), 16_000))
        while not playing.done():
            await room.clock.advance(HOP_SAMPLES)
        assert (await playing).samples == 1_600
        kinds = [json.loads(message)["type"] for message in room.sent if isinstance(message, str)]
        assert kinds == (["speech.started", "speech.ended"] if connected else [])
    await sink.close()
    await room.leave()


async def test_stop_reaches_the_page_and_one_reply_is_said_at_a_time() -> None:
    room = Room(None)
    sink = SwitchedSink(PacedSink(room.clock), room.line, room.clock)
    sink.stop()
    room.connect()
    playing = asyncio.create_task(sink.play(spoken(np.ones(32_000, np.float32)), 16_000))
    await room.levels(50)
    room.line.disconnect()  # whoever comes or goes does not change where it is being said
    with pytest.raises(SinkError, match="played already"):
        await sink.play(spoken(), 16_000)
    room.connect()
    sink.stop()
    assert (await playing).stopped
    assert json.loads(room.sent[-1]) == {"type": "speech.stopped"}
    await room.leave()


def card_of(monkeypatch: pytest.MonkeyPatch, card: ScriptedCard) -> None:
    monkeypatch.setattr(module, "_sound_card", lambda: card)


async def opened(line: SocketSound | None = None, **audio: object) -> Borders:
    borders = await open_borders(AudioSection.model_validate(audio), InputClock(), line=line)
    await borders.close()
    return borders


async def test_by_default_a_page_stands_in_where_there_is_no_microphone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card_of(monkeypatch, ScriptedCard(plugged_in=False))
    borders = await opened(SocketSound())
    assert (borders.microphone, borders.hears_itself) == ("none", False)
    said = capsys.readouterr().out
    assert said.count("no_microphone") == 1
    assert said.count("no_loudspeaker") == 1


async def test_without_portaudio_a_page_stands_in_as_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> ScriptedCard:
        raise SourceError("sound devices need PortAudio")

    monkeypatch.setattr(module, "_sound_card", absent)
    assert (await opened(SocketSound())).microphone == "none"
    assert capsys.readouterr().out.count("no_sound_card") == 1
    with pytest.raises(SourceError, match="PortAudio"):
        await opened()


async def test_without_a_page_or_with_a_named_microphone_its_absence_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card_of(monkeypatch, ScriptedCard(plugged_in=False))
    with pytest.raises(SourceError, match="cannot be opened"):
        await opened()
    with pytest.raises(SourceError, match="cannot be opened"):
        await opened(SocketSound(), microphone="USB")
    with pytest.raises(SinkError, match="cannot be opened"):
        await opened(SocketSound(), source="page", speaker="USB")


async def test_with_a_microphone_a_page_only_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    card_of(monkeypatch, ScriptedCard())
    line = SocketSound()
    borders = await opened(line)
    assert (borders.microphone, borders.hears_itself) == ("device", True)
    line.connect(named_format(""), _nowhere)
    assert borders.microphone == "page"
    alone = await opened()
    assert isinstance(alone.source, Microphone)
    assert isinstance(alone.sink, Speaker)


async def test_a_machine_that_has_none_may_leave_both_to_pages() -> None:
    borders = await opened(SocketSound(), source="page", sink="page")
    assert (borders.microphone, borders.hears_itself) == ("none", False)


async def test_standard_input_is_listened_to_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "in").touch()
    with (tmp_path / "in").open() as given:
        monkeypatch.setattr("sys.stdin", given)
        borders = await opened(SocketSound(), source="stdin", sink="none")
    assert isinstance(borders.source, StdinSource)
    assert (borders.line, borders.microphone) == (None, "device")


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        ({"source": "stdin", "sink": "page"}, "leaves no microphone to a page"),
        ({"source": "page", "sink": "websocket"}, "they share a client"),
        ({"source": "websocket"}, "goes with audio.sink"),
    ],
)
async def test_what_does_not_go_together_is_a_sentence(audio: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        await opened(SocketSound(), **audio)


async def test_a_source_that_is_a_page_needs_one() -> None:
    with pytest.raises(SourceError, match="has no page"):
        await opened(source="page", sink="page")
    with pytest.raises(ConfigurationError, match=r"page\.enabled = false"):
        parse_configuration({"audio": {"source": "page"}, "page": {"enabled": False}}, where="the test")


async def _nowhere(_: str | bytes) -> None:
    return
