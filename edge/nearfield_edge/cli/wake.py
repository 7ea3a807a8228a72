"""``nearfield wake``: a wake phrase of the site's own, tried live and tuned on recordings."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.cli.borders import open_borders
from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.cli.presentation import BAR_WIDTH
from nearfield_edge.composition import Surroundings
from nearfield_edge.configuration import WakeSection
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import ConfigurationError, SourceError
from nearfield_edge.wake_tuning import Proposal, Trail, propose
from nearfield_models.engines import load_phrase_wake
from nearfield_models.errors import RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES, SAMPLE_RATE_HZ
from nearfield_models.wake.engine import WakeDetection, WakeEngine
from nearfield_models.wake.phrase_decision import Look
from nearfield_models.wake.phrase_sensitivity import shipped_calibration
from nearfield_models.wake.phrase_spelling import checked_phrase

_SOUND_FILES = (".wav", ".flac", ".ogg", ".mp3", ".aiff")
_QUIET_HOPS = 50

phrase_option = click.option(
    "--phrase",
    "phrases",
    multiple=True,
    help="What to listen for; may be given several times. Default: wake.phrase of the configuration.",
)
folder = click.Path(path_type=Path, file_okay=False)


@click.group("wake")
def command() -> None:
    """Try a wake phrase of your own, or choose its sensitivity from recordings."""


@command.command("try")
@click.argument("audio", required=False, type=click.Path(path_type=Path))
@phrase_option
@config_option
@json_option
def try_phrase(audio: Path | None, phrases: Sequence[str], config: Path | None, as_json: bool) -> None:
    """Show how much each stretch of speech sounds like the phrase, from AUDIO or live, until stopped.

    Without AUDIO the configured source is heard. With --json there is a line of JSON for each look.
    """
    place = place_of(config)
    chosen = _chosen(place, phrases)
    asyncio.run(_try(place, chosen, audio, _json_line if as_json else _Bars(place, chosen).show))


@command.command("tune")
@click.option("--positives", required=True, type=folder, help="Recordings of the phrase.")
@click.option("--negatives", multiple=True, type=folder, help="Recordings of anything else; several times.")
@phrase_option
@config_option
@json_option
def tune(
    positives: Path, negatives: Sequence[Path], phrases: Sequence[str], config: Path | None, as_json: bool
) -> None:
    """Propose a sensitivity from recordings, with the misses and false alarms it would have had."""
    place = place_of(config)
    chosen = _chosen(place, phrases)
    files = _sound_files(positives), [file for each in negatives for file in _sound_files(each)]
    looks: list[Look] = []
    engine = _engine(place, chosen, on_look=looks.append, threshold=math.inf)
    limit = place.configuration.audio.longest_file_seconds
    trails = [[asyncio.run(_trail(engine, looks, file, limit)) for file in part] for part in files]
    proposal = propose(trails[0], trails[1], shipped_calibration())
    if as_json:
        print_json({"phrases": chosen, **asdict(proposal)})
    else:
        _show(Console(), proposal)


def _chosen(place: Surroundings, phrases: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(checked_phrase(phrase) for phrase in phrases) or place.configuration.wake.phrase
    if not chosen:
        raise ConfigurationError(
            "there is no phrase to listen for: give --phrase, or set wake.phrase in the configuration"
        )
    return chosen


def _engine(
    place: Surroundings,
    phrases: Sequence[str],
    *,
    on_look: Callable[[Look], None],
    threshold: float | None = None,
) -> WakeEngine:
    wake = WakeSection(phrase=tuple(phrases), sensitivity=place.configuration.wake.sensitivity)
    configuration = place.configuration.model_copy(update={"wake": wake})
    engines = load_engines(configuration, hear=True, speak=False)
    if engines.asr is None or engines.phrase_vad is None:
        raise RuntimeMissingError("a wake phrase needs the recogniser and the voice detector")
    return load_phrase_wake(
        phrases,
        asr=engines.asr,
        vad=engines.phrase_vad,
        sensitivity=wake.sensitivity,
        threshold=threshold,
        on_look=on_look,
    )


def _sound_files(where: Path) -> list[Path]:
    if not where.is_dir():
        raise SourceError(f"there is no folder {where}: name one with recordings")
    files = sorted(file for file in where.glob("*") if file.suffix.lower() in _SOUND_FILES)
    if not files:
        raise SourceError(f"there are no recordings in {where}: expected {', '.join(_SOUND_FILES)}")
    return files


async def _trail(engine: WakeEngine, looks: list[Look], file: Path, longest_seconds: float) -> Trail:
    engine.reset()
    looks.clear()
    source = FileSource(file, longest_seconds=longest_seconds)
    hops = 0
    async with aclosing(source.frames()) as frames:
        async for frame in frames:
            engine.accept(frame.pcm)
            hops += 1
    for _ in range(_QUIET_HOPS):  # what was said last is looked at once it is over
        engine.accept(bytes(HOP_BYTES))
    return Trail(
        name=str(file),
        seconds=hops / 100,
        looks=tuple(
            (look.stretch.end / SAMPLE_RATE_HZ, look.best.evidence) for look in looks if look.best is not None
        ),
    )


Shown = Callable[[Look, WakeDetection | None], None]


async def _try(place: Surroundings, phrases: Sequence[str], audio: Path | None, show: Shown) -> None:
    looks: list[Look] = []
    # A recording is opened first, so that a wrong name is told at once; a microphone when there is an engine.
    recording = None if audio is None else await _source(place, audio)
    engine = await asyncio.to_thread(_engine, place, phrases, on_look=looks.append)
    source = recording or await _source(place, None)
    async with aclosing(source.frames()) as frames:
        async for frame in frames:
            detection = await asyncio.to_thread(engine.accept, frame.pcm)
            for look in looks:
                show(look, detection)
            looks.clear()


async def _source(place: Surroundings, audio: Path | None) -> AudioSource:
    settings = place.configuration.audio
    if audio is not None:
        return FileSource(audio, longest_seconds=settings.longest_file_seconds)
    borders = await open_borders(settings.model_copy(update={"sink": "none"}), RealTimeClock())
    return borders.source


class _Bars:
    """Looks as lines for people."""

    def __init__(self, place: Surroundings, phrases: Sequence[str]) -> None:
        self._console = Console()
        self._needed = shipped_calibration().threshold(place.configuration.wake.sensitivity)
        needed = f"evidence of {self._needed:.2f} wakes"
        self._console.print(f"listening for {' and '.join(repr(phrase) for phrase in phrases)}: {needed}")

    def show(self, look: Look, detection: WakeDetection | None) -> None:
        """Print one look."""
        if look.best is None:
            return
        length = round(BAR_WIDTH * min(1.0, max(0.0, look.best.evidence)))
        colour = "green" if detection is not None else "yellow"
        bar = f"[{colour}]{'█' * length}[/]{'·' * (BAR_WIDTH - length)}"
        woken = f"  woken by {look.best.phrase!r}" if detection is not None else ""
        at = look.stretch.end / SAMPLE_RATE_HZ
        self._console.print(
            f"{at:8.2f} s  {bar} {look.best.evidence:5.2f}{woken}", highlight=False, soft_wrap=True
        )


def _json_line(look: Look, detection: WakeDetection | None) -> None:
    line = {
        "second": round(look.stretch.end / SAMPLE_RATE_HZ, 2),
        "phrase": look.best.phrase if look.best is not None else None,
        "evidence": round(look.best.evidence, 3) if look.best is not None else None,
        "woken": detection is not None,
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _show(console: Console, proposal: Proposal) -> None:
    heard = proposal.positives - len(proposal.missed)
    console.print(f"wake.sensitivity = {proposal.sensitivity:g}", style="bold", highlight=False)
    console.print(f"hears {heard} of {proposal.positives} recordings of the phrase", highlight=False)
    for name in proposal.missed:
        console.print(f"  misses {name}", style="yellow", highlight=False)
    if proposal.strongest_negative is None:
        console.print("name recordings of other speech with --negatives to know of false alarms")
        return
    console.print(
        f"{proposal.alarms} false alarms in {_told(proposal.hours_of_negatives)} of other recordings; the"
        f" likest has evidence {proposal.strongest_negative:.2f}, {proposal.threshold:.2f} wakes",
        highlight=False,
        soft_wrap=True,
    )


def _told(hours: float) -> str:
    """A length of recordings, in the unit in which it can be read."""
    seconds = round(3600 * hours)
    return f"{hours:.1f} h" if seconds >= 3600 else f"{seconds // 60} min {seconds % 60} s"
