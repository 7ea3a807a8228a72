"""Whole turns in real time: from the end of speech to the first sample of the reply that can be heard.

Real orders, spread over all of them by a seed, are said one after the other to the product's own device
with all its engines (``customers``), as fast as life. Zero is the end of speech in the clean recording, as
in ``orders``; what counts as heard is the first sample of more than 1 % of full scale that the sink is
given, or the moment at which it is given where that is later. The device's own marks (``decision``,
``transcript``, ``understood``, ``first_sound``) come from its record, moved to that zero.

``fresh`` is with replies that were never said before; ``cached`` is the same orders again, by a device that
has their replies among its prompts. ``lost``: not understood right in the end, or not one turn.
``taken_back``: a reply could be heard already when the customer went on. ``processor`` is of the whole
process, in cores. ``beside_recognition``: a sentence of 12 words, said while recognition of something else
was still under way.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.configuration import Configuration
from nearfield_edge.engine_loading import Engines, load_engines
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_sync.telemetry import LogOptions, configure_logs
from tools.bench.customers import Served, SpokenOrder, Till
from tools.bench.order_sounds import Labels, in_noise, read_labels, read_sound
from tools.bench.order_trials import KITCHEN
from tools.bench.paused_orders import room_tone
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target
from tools.bench.speech_end import speech_end

BESIDE: Final = 12
"""Sentences that are said beside recognition, where there are as many orders."""
_BEFORE_SECONDS: Final = 0.5
_AFTER_SECONDS: Final = 3
_QUIET: Final = 0.1
_PROMPTS_MEGABYTES: Final = 100
_PLACES: Final = ("library", "garden", "kitchen", "workshop", "gallery", "studio", "chapel", "archive")
_WAYS: Final = ("left", "right")


def _at_most(name: str, figure: str, value: float, unit: str = "ms") -> Target:
    return Target(name=name, figure=figure, at="most", value=value, unit=unit)


TARGETS: Final = (
    _at_most("first audible sample, p50", "fresh.first_audible_ms.p50", 400),
    _at_most("first audible sample, p95", "fresh.first_audible_ms.p95", 700),
    _at_most("the same, cached, p50", "cached.first_audible_ms.p50", 320),
    _at_most("processor while a person speaks", "processor.speaking_cores", 1.2, "cores"),
    _at_most("beside recognition, p50", "beside_recognition.first_audible_ms.p50", 150),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--limit", type=int, default=60, metavar="N", help="how many orders (default: 60)")
    parser.add_argument("--snr-db", type=float, metavar="N", help="in kitchen noise; absent: as recorded")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the choice, and of the noise")
    parser.add_argument(
        "--idle-seconds", type=float, default=20.0, metavar="N", help="idle first (default: 20)"
    )


def run(arguments: argparse.Namespace) -> Report:
    """Let customers come and measure."""
    title = "whole turns in real time" + ("" if arguments.snr_db is None else f" at {arguments.snr_db:g} dB")
    labels = read_labels(arguments.data / "orders")
    if labels is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="conversation", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    configure_logs(LogOptions(style="console", level="error"))
    engines = load_engines(Configuration(), hear=True, speak=True)
    orders = spoken_orders(arguments.data, labels, arguments.limit, arguments.snr_db, arguments.seed)
    figures = asyncio.run(
        _measured(engines, orders, labels, quiet_noise(arguments.data, arguments.idle_seconds))
    )
    return Report(
        name="conversation",
        title=title,
        figures={"orders": len(orders), "seed": arguments.seed, "snr_db": arguments.snr_db, **figures},
        targets=TARGETS,
        packages=("numpy", "onnxruntime", "gruut", "hassil", "pymicro-wakeword"),
    )


def chosen(names: Sequence[str], count: int, seed: int) -> list[str]:
    """So many names, one from each of as many equal parts; all where there are not more."""
    if count >= len(names):
        return [*names]
    chance = random.Random(seed)  # noqa: S311 (a choice of recordings, no secret)
    borders = [number * len(names) // count for number in range(count + 1)]
    return [names[chance.randrange(first, end)] for first, end in pairwise(borders)]


def spoken_orders(
    data: Path, labels: Labels, count: int, snr_db: float | None, seed: int
) -> list[SpokenOrder]:
    """Orders with half a second before the speech and three after it, in noise if wanted."""
    noise = None if snr_db is None else read_sound(data / KITCHEN)
    found = []
    for name in chosen(sorted(labels), count, seed):
        clean = read_sound(data / "orders" / "speech" / name)
        end, backwards = speech_end(clean), speech_end(clean[::-1])
        if end is None or backwards is None:
            continue
        samples = np.concatenate([clean, room_tone(clean, _AFTER_SECONDS * SAMPLE_RATE_HZ)])
        if noise is not None and snr_db is not None:
            samples = in_noise(samples, noise, snr_db, name=name, seed=seed)
        begin = clean.size - backwards
        first = max(0, begin - int(_BEFORE_SECONDS * SAMPLE_RATE_HZ))
        found.append(
            SpokenOrder(
                name=name,
                samples=samples[first : end + _AFTER_SECONDS * SAMPLE_RATE_HZ],
                speech_begin=begin - first,
                speech_end=end - first,
            )
        )
    return found


def quiet_noise(data: Path, seconds: float) -> Samples:
    """A kitchen at a tenth of its level, to be idle in."""
    size = int(seconds * SAMPLE_RATE_HZ)
    return _QUIET * np.resize(read_sound(data / KITCHEN), size).astype(np.float32)


async def _measured(
    engines: Engines, orders: Sequence[SpokenOrder], labels: Labels, quiet: Samples
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as folder:
        data = Path(folder)
        fresh, idle = await _served(engines, orders, data / "fresh", "as they are", quiet=quiet)
        replies = [each.record.reply.text for each in fresh if each.record and each.record.reply]
        prompts = {"texts": replies, "most_megabytes": _PROMPTS_MEGABYTES}
        cached, _ = await _served(engines, orders, data / "cached", "replies kept", prompts=prompts)
        beside = await _beside_recognition(engines, orders, data / "beside")
    kept = [each for each in cached if each.from_store]
    return {
        "fresh": scored(fresh, labels),
        "cached": {"from_store": len(kept), **scored(kept, labels)},
        "processor": {"speaking_cores": speaking_cores([*fresh, *cached]), "idle_cores": idle},
        "beside_recognition": beside,
        "by_order": [_told(each, labels) for each in fresh],
    }


async def _served(
    engines: Engines,
    orders: Sequence[SpokenOrder],
    data: Path,
    title: str,
    *,
    prompts: dict[str, Any] | None = None,
    quiet: Samples | None = None,
) -> tuple[list[Served], float | None]:
    till = Till(RealTimeClock())
    async with till.at_work(engines, data, {} if prompts is None else {"prompts": prompts}):
        idle = None if quiet is None else await till.idle_cores(quiet)
        return [await till.serve(order) for order in _tracked(orders, title)], idle


async def _beside_recognition(engines: Engines, orders: Sequence[SpokenOrder], data: Path) -> dict[str, Any]:
    """Let somebody type a request while somebody speaks; the reply is the sentence."""
    ways = list(directions().items())[: min(BESIDE, len(orders))]
    site = await asyncio.to_thread(_write_site, data, dict(ways))
    till, found = Till(RealTimeClock()), []
    raw = {
        "skills": {"settings": {"visit": {"site_file": str(site)}}},
        "understanding": {"paraphrases": False},  # they would have to be learned for these places first
    }
    async with till.at_work(engines, data, raw):
        for number, (place, _) in enumerate(_tracked(ways, "beside recognition")):
            order = orders[number % len(orders)]
            found.append(await till.interrupt_with(order, f"Where is the {place}?"))
    heard = [took for took, recognising in found if took is not None and recognising]
    return {"n": len(heard), "of": len(found), "first_audible_ms": spread(heard)}


def directions() -> dict[str, str]:
    """Places, and the way to each in a sentence of 12 words that no device has said before."""
    return {
        f"{way} {place}": f"Go down the stairs and turn {way}, the {place} is behind reception."
        for place in _PLACES
        for way in _WAYS
    }


def _write_site(data: Path, ways: dict[str, str]) -> Path:
    places = "".join(
        f'[[places]]\nname = "the {place}"\nsaid_as = ["{place}"]\ndirections = "{way}"\n\n'
        for place, way in ways.items()
    )
    data.mkdir(parents=True)
    site = data / "site.toml"
    site.write_text(places, encoding="utf-8")
    return site


def scored(served: Sequence[Served], labels: Labels) -> dict[str, Any]:
    """The figures of some orders; times from the end of speech."""
    marks = {"decision": "endpoint", "transcript": "transcript", "understood": "understood"}
    audible = [each.first_audible_ms for each in served if each.first_audible_ms is not None]
    return {
        "n": len(served),
        "first_audible_ms": spread(audible),
        **{f"{name}_ms": spread(_marks(served, mark)) for name, mark in marks.items()},
        "first_sound_ms": spread(_marks(served, "first_audio")),
        "reopened": sum(each.reopened > 0 for each in served),
        "taken_back": sum(each.taken_back > 0 for each in served),
        "lost": sum(not is_right(each, labels) for each in served),
        "silent": len(served) - len(audible),
    }


def is_right(served: Served, labels: Labels) -> bool:
    """Whether intent and all labelled slots are right, in one turn."""
    if served.record is None:
        return False
    understood, label = served.record.understanding, labels[served.name]
    return understood.intent == label["intent"] and all(
        understood.slots.get(slot) == value for slot, value in label["slots"].items()
    )


def speaking_cores(served: Sequence[Served]) -> float | None:
    """Processor seconds of the process for each second in which a person spoke."""
    seconds = sum(each.speech_seconds for each in served)
    return sum(each.processor_seconds for each in served) / seconds if seconds else None


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and the largest; none of no values."""
    if not values:
        return {}
    p50, p95 = np.percentile(values, [50, 95])
    return {name: round(float(at), 1) for name, at in (("p50", p50), ("p95", p95), ("max", max(values)))}


def _marks(served: Sequence[Served], mark: str) -> list[float]:
    found = []
    for each in served:
        at = None if each.record is None else getattr(each.record.timings_ms, mark)
        if at is not None and each.device_end_ms is not None:
            found.append(at + each.device_end_ms)
    return found


def _told(served: Served, labels: Labels) -> dict[str, Any]:
    return {
        "name": served.name,
        "first_audible_ms": served.first_audible_ms,
        "reopened": served.reopened,
        "taken_back": served.taken_back,
        "right": is_right(served, labels),
        "heard": "" if served.record is None else served.record.transcript,
    }


def _tracked(of: Sequence[Any], title: str) -> Iterable[Any]:
    return track(of, title, console=Console(stderr=True), transient=True)
