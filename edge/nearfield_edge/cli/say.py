"""``nearfield say``: the device's voice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import click

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.riff import WavFile
from nearfield_edge.cli.options import config_option, place_of
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import SinkError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.resampling import StreamResampler
from nearfield_models.tts.engine import TtsEngine


@click.command("say")
@click.argument("text")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write a WAV file instead."
)
@config_option
def command(text: str, output: Path | None, config: Path | None) -> None:
    """Speak TEXT, to the speaker or into a file."""
    place = place_of(config)
    engines = load_engines(place.configuration, hear=False, speak=True)
    if engines.tts is None:
        raise SinkError("no voice is configured: set engines.tts")
    for notice in engines.notices:
        print(f"nearfield: {notice}", file=sys.stderr)
    if output is None:
        asyncio.run(_play(engines.tts, text, place.configuration.audio.speaker))
    else:
        _write(engines.tts, text, output)


def _write(voice: TtsEngine, text: str, output: Path) -> None:
    converter = StreamResampler(voice.capabilities.sample_rate_hz, SAMPLE_RATE_HZ)
    file = WavFile(output)
    end = 0
    try:
        for chunk in voice.synthesise(text):
            end = _append(file, end, converter.accept(chunk))
        _append(file, end, converter.finish())
    finally:
        file.close()


def _append(file: WavFile, at: int, samples: Samples) -> int:
    file.write(0, at, samples)
    return at + samples.size


async def _play(voice: TtsEngine, text: str, name: str | None) -> None:
    from nearfield_edge.audio.device import Speaker

    async def chunks() -> AsyncGenerator[Samples]:
        for chunk in voice.synthesise(text):
            yield chunk

    speaker = Speaker(name, clock=RealTimeClock())
    try:
        async with aclosing(chunks()) as pieces:
            await speaker.play(pieces, voice.capabilities.sample_rate_hz)
    finally:
        await speaker.close()
