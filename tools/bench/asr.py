"""How soon the final transcript is there, against faster-whisper tiny.en int8 in the same run.

Both hear the same utterances: real orders, cut by the VAD as the device does it (0.3 s before the speech,
0.3 s after it). Each runs in a process of its own with the same number of threads, model loaded and warm,
one utterance at a time and in turn, so that a busy machine slows both. Each utterance is decoded
``--repeats`` times and its median counts. faster-whisper decodes greedily, without its VAD and without
conditioning on earlier text: its quickest setting. It is installed into ``build/peers``, never into the
product's environment.

``decoding_ms`` is the time from samples to text, ``rtf`` that time as a share of the sound's length. The
target is on utterances. ``whole_recordings`` is the same with 1 to 3 s of silence around the speech left on:
faster-whisper always computes a window of 30 s, Moonshine what there is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import soundfile

from nearfield_models import load_asr, load_vad
from nearfield_models.errors import ModelsError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.store import ModelStore
from tools.bench.recordings import ROOT, default_data
from tools.bench.report import Report, Target

PEER_FOLDER = ROOT / "build" / "peers" / "faster-whisper"
PEER_PROGRAM = Path(__file__).parent / "faster_whisper_peer.py"
PEER_PACK = "whisper-tiny-en-ct2"
_MARGIN_SAMPLES = 3 * SAMPLE_RATE_HZ // 10
TIMES_FASTER = Target(
    name="asr_four_times_faster_than_faster_whisper",
    figure="utterances.times_faster",
    at="least",
    value=4.0,
    unit="times",
)

Decode = Callable[[Path], tuple[float, str]]
"""Decodes a file; gives seconds and text."""


class PeerMissingError(Exception):
    """The peer cannot be measured here; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data() / "orders", help="holds speech/*.flac")
    parser.add_argument("--limit", type=int, default=40, help="orders, spread evenly over all")
    parser.add_argument("--repeats", type=int, default=3, help="decodings of each")
    parser.add_argument("--threads", type=int, default=2, help="for either recogniser")


def run(arguments: argparse.Namespace) -> Report:
    """Measure both; without the peer its figures are absent and the target is missed."""
    files = _chosen(sorted(arguments.data.glob("speech/*.flac")), arguments.limit)
    if not files:
        raise SystemExit(f"no recordings in {arguments.data / 'speech'}: name the folder with --data")
    ours = _our_decoder(arguments.threads)
    figures: dict[str, Any] = {"n": len(files), "threads": arguments.threads}
    skipped = []
    with TemporaryDirectory() as folder:
        sounds = {"utterances": _cut_by_vad(files, Path(folder)), "whole_recordings": files}
        try:
            with _peer(arguments.threads) as (peer, versions):
                decoders = {"moonshine": ours, "faster_whisper": peer}
                for name, chosen in sounds.items():
                    figures[name] = _compared(decoders, chosen, arguments.repeats)
            figures["peer_versions"] = versions
        except PeerMissingError as error:
            skipped.append(f"faster-whisper: {error}")
            for name, chosen in sounds.items():
                figures[name] = _compared({"moonshine": ours}, chosen, arguments.repeats)
    return Report(
        name="asr",
        title="time from samples to final transcript on real orders",
        figures=figures,
        targets=(TIMES_FASTER,),
        skipped=skipped,
    )


def _chosen(files: Sequence[Path], limit: int) -> list[Path]:
    """So many files, spread evenly: names are random, but neighbours can be the same speaker."""
    count = min(limit, len(files))
    return [files[index * len(files) // count] for index in range(count)]


def _our_decoder(threads: int) -> Decode:
    asr = load_asr("moonshine-tiny-en", runtime=RuntimeOptions(threads=threads))
    asr.warm_up()

    def decode(file: Path) -> tuple[float, str]:
        samples = _read(file)
        began = time.perf_counter()
        text = asr.transcribe(samples).text
        return time.perf_counter() - began, text

    return decode


@contextmanager
def _peer(threads: int) -> Iterator[tuple[Decode, dict[str, str]]]:
    """Start the peer's process; it answers each file name with a line of JSON."""
    python = peer_python()
    command = [str(python), str(PEER_PROGRAM), str(peer_model()), str(threads)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        pipe_in, pipe_out = child.stdin, child.stdout
        if pipe_in is None or pipe_out is None:
            raise PeerMissingError("its process has no pipes")

        def answer() -> dict[str, Any]:
            line = pipe_out.readline()
            if not line:
                said = child.stderr.read().strip().splitlines() if child.stderr else []
                raise PeerMissingError(f"its process ended: {said[-1] if said else 'without a word'}")
            return dict(json.loads(line))

        def decode(file: Path) -> tuple[float, str]:
            pipe_in.write(f"{file}\n")
            pipe_in.flush()
            told = answer()
            return float(told["seconds"]), str(told["text"])

        try:
            yield decode, {name: str(version) for name, version in answer().items()}
        finally:
            pipe_in.close()


def peer_python() -> Path:
    """The interpreter of the peer's environment, made and filled on the first run."""
    python = PEER_FOLDER / "bin" / "python"
    complete = PEER_FOLDER / ".complete"
    if complete.is_file():
        return python
    print("installing faster-whisper into build/peers ...", file=sys.stderr)
    venv.create(PEER_FOLDER, with_pip=True, clear=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([*install, "faster-whisper"], check=True, capture_output=True, text=True, timeout=900)
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
        raise PeerMissingError(f"cannot be installed: {last[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise PeerMissingError("cannot be installed: pip took longer than 15 minutes") from error
    complete.touch()
    return python


def peer_model() -> Path:
    """The folder of its model; fetched like every other pack."""
    fetch = [sys.executable, "-m", "nearfield_models.cli", "fetch", PEER_PACK, "--quiet"]
    told = subprocess.run(fetch, capture_output=True, text=True, check=False)
    try:
        return ModelStore.default().installed(PEER_PACK).folder
    except ModelsError as error:
        raise PeerMissingError(f"its model cannot be had: {told.stderr.strip() or error}") from error


def _cut_by_vad(files: Sequence[Path], folder: Path) -> list[Path]:
    """Write what lies between the first and the last speech of each file, with a margin on either side."""
    vad = load_vad()
    cut = []
    for file in files:
        samples = _read(file)
        vad.reset()
        segmenter = SpeechSegmenter(SegmentationSettings())
        states = [
            segmenter.accept(at, vad.accept(samples[at : at + HOP_SAMPLES]))
            for at in range(0, samples.size - HOP_SAMPLES + 1, HOP_SAMPLES)
        ]
        begins = [state.began for state in states if state.began is not None]
        ends = [state.last_heard for state in states if state.last_heard is not None]
        if not begins:
            raise SystemExit(f"the VAD finds no speech in {file}: it is no order, take it out")
        cut.append(folder / f"{file.stem}.wav")
        part = samples[max(0, begins[0] - _MARGIN_SAMPLES) : ends[-1] + _MARGIN_SAMPLES]
        soundfile.write(cut[-1], part, SAMPLE_RATE_HZ, subtype="PCM_16")
    return cut


def _compared(decoders: Mapping[str, Decode], files: Sequence[Path], repeats: int) -> dict[str, Any]:
    """The figures of each recogniser over the same sounds, and how they stand to each other."""
    timed = _timed_in_turn(decoders, files, repeats)
    seconds = sum(_seconds(file) for file in files)
    figures: dict[str, Any] = {"mean_seconds": seconds / len(files)}
    for name, medians in timed.items():
        figures[name] = _summary(medians, seconds)
    if "faster_whisper" in timed:
        ratios = [slow / fast for slow, fast in zip(timed["faster_whisper"], timed["moonshine"], strict=True)]
        figures["times_faster"] = statistics.median(ratios)
        figures["times_faster_least"] = min(ratios)
    return figures


def _timed_in_turn(
    decoders: Mapping[str, Decode], files: Sequence[Path], repeats: int
) -> dict[str, list[float]]:
    """Median seconds of each file for each recogniser; the first file is decoded once more beforehand."""
    for decode in decoders.values():
        decode(files[0])
    medians: dict[str, list[float]] = {name: [] for name in decoders}
    for file in files:
        seconds: dict[str, list[float]] = {name: [] for name in decoders}
        for _ in range(repeats):
            for name, decode in decoders.items():
                seconds[name].append(decode(file)[0])
        for name, taken in seconds.items():
            medians[name].append(statistics.median(taken))
    return medians


def _summary(medians: Sequence[float], sound_seconds: float) -> dict[str, Any]:
    ordered = sorted(medians)
    return {
        "decoding_ms": {
            "p50": statistics.median(ordered) * 1000,
            "p95": ordered[int(0.95 * (len(ordered) - 1))] * 1000,
        },
        "rtf": sum(medians) / sound_seconds,
    }


def _read(file: Path) -> Samples:
    samples, rate_hz = soundfile.read(file, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ or samples.ndim != 1:
        raise SystemExit(f"{file} is not {SAMPLE_RATE_HZ} Hz mono: convert it first")
    checked: Samples = samples
    return checked


def _seconds(file: Path) -> float:
    return float(soundfile.info(file).duration)
