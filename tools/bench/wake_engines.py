"""What runs a wake-word network against what else can: the same recordings, score by score.

``pymicro-wakeword`` (its own interpreter) and LiteRT run the same pack over the same sound, in turn on each
recording, so that a busy machine slows both. For the comparison the pack's threshold is set to nothing, and
each then tells every score that is not 0, hop by hop.

* ``scores``: of hops where either tells one: how many are the same to a millionth, the largest difference.
* ``heard``: recordings with a detection at the pack's own threshold.
* ``cpu_percent_of_one_core``: processor time over the length of the sound; the front end is in it.

An openWakeWord-format pack (``--openwakeword``) is measured beside them where it is fetched; its scores are
of another model, and only ``heard`` and the cost can be held against the others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import soundfile

from nearfield_models.engines import WAKE_ENGINES
from nearfield_models.errors import PackNotFoundError
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, SAMPLE_RATE_HZ
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.wake.engine import WakeEngine
from nearfield_models.wake.litert_microwakeword import LiteRtMicroWakeWord
from nearfield_models.wake.microwakeword import MicroWakeWord
from nearfield_models.wake.model_card import read_model_card
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

REFERENCE: Final = "microwakeword"
LITERT: Final = "microwakeword-litert"
OPEN: Final = "openwakeword"
_ONE_THREAD: Final = RuntimeOptions(threads=1)
_GAP: Final = bytes(SAMPLE_RATE_HZ)
_SAME: Final = 1e-6

TARGETS: Final = (
    Target(name="LiteRT's scores are the reference's", figure="scores.same_share", at="least", value=1.0),
)


@dataclass(slots=True)
class Listening:
    """What an engine told of one folder after another."""

    detections: list[bool] = field(default_factory=list)
    """One a recording: whether it was heard at all."""
    cpu_seconds: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    data = default_data() / "wake"
    parser.add_argument("--pack", default="microwakeword-alexa", help="a microWakeWord pack")
    parser.add_argument("--openwakeword", default="openwakeword-alexa", metavar="PACK", help="of that format")
    parser.add_argument(
        "--positives", type=Path, default=data / "alexa", metavar="DIR", help="says the phrase"
    )
    parser.add_argument(
        "--negatives",
        type=Path,
        nargs="+",
        default=[data / "computer", data / "jarvis"],
        metavar="DIR",
        help="says something else",
    )
    parser.add_argument("--limit", type=int, default=60, metavar="N", help="recordings of each folder")


def run(arguments: argparse.Namespace) -> Report:
    """Listen with each engine, then compare score by score."""
    store = ModelStore.default()
    pack = store.installed(arguments.pack)
    engines: dict[str, WakeEngine] = {
        name: WAKE_ENGINES[name](pack, _ONE_THREAD, ()) for name in (REFERENCE, LITERT)
    }
    skipped = []
    try:
        engines[OPEN] = WAKE_ENGINES[OPEN](store.installed(arguments.openwakeword), _ONE_THREAD, ())
    except PackNotFoundError as error:
        skipped.append(f"openWakeWord: {error}")
    positives = _clips(arguments.positives, arguments.limit)
    negatives = [clip for folder in arguments.negatives for clip in _clips(folder, arguments.limit)]
    heard = _listen(engines, positives)
    alarmed = _listen(engines, negatives)
    seconds = sum(len(clip) for clip in (*positives, *negatives)) / (2 * SAMPLE_RATE_HZ)
    figures: dict[str, Any] = {
        "positives": len(positives),
        "negatives": len(negatives),
        "minutes": seconds / 60,
        "scores": _compared(pack, [*positives, *negatives]),
    }
    for name in engines:
        cpu_seconds = heard[name].cpu_seconds + alarmed[name].cpu_seconds
        figures[name] = {
            "heard": sum(heard[name].detections),
            "false_alarms": sum(alarmed[name].detections),
            "cpu_percent_of_one_core": 100 * cpu_seconds / seconds,
        }
    return Report(
        name="wake-engines",
        title="wake-word networks on their runtimes",
        figures=figures,
        targets=TARGETS,
        skipped=skipped,
        packages=("pymicro-wakeword", "pymicro-features", "ai-edge-litert", "numpy"),
    )


def _clips(folder: Path, limit: int) -> list[bytes]:
    """Recordings in whole hops, each followed by half a second of silence; spread evenly over the folder."""
    files = sorted(folder.glob("*.flac"))
    if not files:
        raise SystemExit(f"no recordings (*.flac) in {folder}: name a folder that has some")
    count = min(limit, len(files))
    return [_clip(files[index * len(files) // count]) for index in range(count)]


def _clip(file: Path) -> bytes:
    samples, rate_hz = soundfile.read(file, dtype="int16")
    if rate_hz != SAMPLE_RATE_HZ or samples.ndim != 1:
        raise SystemExit(f"{file} is not {SAMPLE_RATE_HZ} Hz mono: convert it first")
    whole: bytes = samples[: samples.size // HOP_SAMPLES * HOP_SAMPLES].tobytes()
    return whole + _GAP


def _listen(engines: Mapping[str, WakeEngine], clips: Sequence[bytes]) -> dict[str, Listening]:
    told = {name: Listening() for name in engines}
    for clip in clips:
        for name, engine in engines.items():
            engine.reset()
            began = time.process_time()
            scores = _scores(engine, clip)
            told[name].cpu_seconds += time.process_time() - began
            told[name].detections.append(any(scores))
    return told


def _scores(engine: WakeEngine, clip: bytes) -> list[float]:
    """One a hop; 0 where nothing is told."""
    hops = (clip[at : at + HOP_BYTES] for at in range(0, len(clip), HOP_BYTES))
    return [0.0 if (told := engine.accept(hop)) is None else told.score for hop in hops]


def _compared(pack: InstalledPack, clips: Sequence[bytes]) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        telling = _telling_all(pack, Path(folder))
        reference = MicroWakeWord(telling, _ONE_THREAD, refractory_ms=0)
        litert = LiteRtMicroWakeWord(telling, _ONE_THREAD, refractory_ms=0)
        differences = []
        for clip in clips:
            reference.reset()
            litert.reset()
            pairs = zip(_scores(reference, clip), _scores(litert, clip), strict=True)
            differences += [abs(one - other) for one, other in pairs if one or other]
    same = sum(difference <= _SAME for difference in differences)
    return {
        "compared": len(differences),
        "same_share": same / max(1, len(differences)),
        "largest_difference": max(differences, default=0.0),
    }


def _telling_all(pack: InstalledPack, folder: Path) -> InstalledPack:
    """The pack with a threshold of nothing."""
    card = read_model_card(pack).card
    network = pack.file(card.model)
    (folder / card.model).write_bytes(network.read_bytes())
    told = card.model_copy(update={"micro": card.micro.model_copy(update={"probability_cutoff": 0.0})})
    (folder / "card.json").write_text(told.model_dump_json())
    return replace(pack, folder=folder, names=("card.json", card.model))
