"""``nearfield say``: the device's voice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import click

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.given_sounds import GivenSounds
from nearfield_edge.audio.riff import WavFile
from nearfield_edge.cli.options import config_option, place_of
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import SinkError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.resampling import StreamResampler
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.speech import SoundSource, speak
from nearfield_models.tts.ssml import is_ssml, parse_ssml


@click.command("say")
@click.argument("text")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write a WAV file instead."
)
@click.option("--ssml", is_flag=True, help="Read TEXT as SSML; what begins with <speak is read so anyway.")
@click.option(
    "--sound", "sounds", multiple=True, metavar="NAME=FILE", help="A recording that SSML may play as NAME."
)
@config_option
def command(text: str, output: Path | None, ssml: bool, sounds: tuple[str, ...], config: Path | None) -> None:
    """Speak TEXT, to the speaker or into a file."""
    given = GivenSounds(dict(_named(sound) for sound in sounds))
    place = place_of(config)
    engines = load_engines(place.configuration, hear=False, speak=True)
    if engines.tts is None:
        raise SinkError("no voice is configured: set engines.tts")
    for notice in engines.notices:
        _tell(notice)
    voice = engines.tts
    chunks = _ssml(voice, text, given) if ssml or is_ssml(text) else voice.synthesise(text)
    if output is None:
        asyncio.run(_play(voice, chunks, place.configuration.audio.speaker))
    else:
        _write(voice, chunks, output)


def _named(sound: str) -> tuple[str, Path]:
    name, equals, file = sound.partition("=")
    if not (name and equals and file):
        raise click.BadParameter(f"'{sound}' is not NAME=FILE", param_hint="--sound")
    return name, Path(file)


def _ssml(voice: TtsEngine, text: str, sounds: SoundSource) -> Iterator[Samples]:
    known = voice.capabilities
    read = parse_ssml(text, language=known.language, voice=known.voice)
    for ignored in read.ignored:
        _tell(f"line {ignored.line}, column {ignored.column}: ignored: {ignored.what}")

    def reached(name: str, sample: int) -> None:
        _tell(f"mark {name} at {sample / known.sample_rate_hz:.3f} s (sample {sample})")

    return speak(voice, read.pieces, sounds=sounds, on_mark=reached)


def _tell(message: str) -> None:
    print(f"nearfield: {message}", file=sys.stderr)


def _write(voice: TtsEngine, chunks: Iterator[Samples], output: Path) -> None:
    converter = StreamResampler(voice.capabilities.sample_rate_hz, SAMPLE_RATE_HZ)
    file = WavFile(output)
    end = 0
    try:
        for chunk in chunks:
            end = _append(file, end, converter.accept(chunk))
        _append(file, end, converter.finish())
    finally:
        file.close()


def _append(file: WavFile, at: int, samples: Samples) -> int:
    file.write(0, at, samples)
    return at + samples.size


async def _play(voice: TtsEngine, chunks: Iterator[Samples], name: str | None) -> None:
    from nearfield_edge.audio.device import Speaker

    async def pieces() -> AsyncGenerator[Samples]:
        for chunk in chunks:
            yield chunk

    speaker = Speaker(name, clock=RealTimeClock())
    try:
        async with aclosing(pieces()) as spoken:
            await speaker.play(spoken, voice.capabilities.sample_rate_hz)
    finally:
        await speaker.close()
